// ioredis with its defaults: pipelines, transactions, scan streams, publish/subscribe, blocking pops, consumer groups.
import assert from "node:assert/strict";
import { test } from "node:test";
import Redis from "ioredis";
import { eventually, everyDriver, isRedis } from "./server.js";

everyDriver("ioredis", (server) => {
  const connect = (options = {}) => {
    const client = new Redis({ port: server.port, ...options });
    return server.opened(client, () => client.disconnect());
  };

  test("connects and says what it is", async () => {
    const client = connect({ connectionName: "suite", db: 3 });
    assert.equal(await client.ping(), "PONG");
    assert.match(await client.client("INFO"), isRedis ? /name=suite .*db=3 / : /name=suite .*db=3 .*lib-name=ioredis/);
    assert.match(await client.info("server"), /redis_version:\d+\.\d+\.\d+/);
  });

  test("keeps values of every kind", async () => {
    const client = connect();
    await client.set("text", "grüße", "EX", 100);
    assert.equal(await client.get("text"), "grüße");
    const bytes = Buffer.from([0, 255, 13, 10, 128]);
    await client.set("bytes", bytes);
    assert.deepEqual(await client.getBuffer("bytes"), bytes);
    await client.hset("h", { a: 1, b: "two" });
    assert.deepEqual(await client.hgetall("h"), { a: "1", b: "two" });
    await client.zadd("z", 1.5, "m", 2, "n");
    assert.deepEqual(await client.zrange("z", 0, -1, "WITHSCORES"), ["m", "1.5", "n", "2"]);
    await assert.rejects(client.lpush("h", 1), /^ReplyError: WRONGTYPE /);
    await assert.rejects(client.call("NOSUCH"), /unknown command/);
  });

  test("pipelines in order, with errors in their places", async () => {
    const client = connect();
    const pipeline = client.pipeline();
    for (let i = 0; i < 1000; i++) pipeline.set(`k${i}`, i).get(`k${i}`);
    pipeline.lpush("k1", "x");
    const replies = await pipeline.exec();
    for (let i = 0; i < 1000; i++) assert.deepEqual(replies[2 * i + 1], [null, String(i)]);
    assert.match(replies[2000][0].message, /^WRONGTYPE /);
    const automatic = connect({ enableAutoPipelining: true });
    assert.deepEqual(await Promise.all(Array.from({ length: 300 }, (_, i) => automatic.get(`k${i}`))), Array.from({ length: 300 }, (_, i) => `${i}`));
  });

  test("transactions, with WATCH", async () => {
    const [client, other] = [connect(), connect()];
    assert.deepEqual(await client.multi().set("n", 1).incr("n").exec(), [[null, "OK"], [null, 2]]);
    await client.watch("n");
    await other.set("n", 10);
    assert.equal(await client.multi().incr("n").exec(), null);
    assert.equal(await client.get("n"), "10");
    await assert.rejects(client.multi().set("a", 1).call("NOSUCH").exec(), /EXECABORT/);
    assert.equal(await client.exists("a"), 0);
  });

  test("scan streams find every key", async () => {
    const client = connect({ keyPrefix: "" });
    await client.mset(Object.fromEntries(Array.from({ length: 1000 }, (_, i) => [`user:${i}`, i])));
    await client.sadd("set", ...Array.from({ length: 1000 }, (_, i) => i));
    const found = new Set();
    for await (const page of client.scanStream({ match: "user:*", count: 50 })) page.forEach((key) => found.add(key));
    assert.equal(found.size, 1000);
    const members = new Set();
    for await (const page of client.sscanStream("set")) page.forEach((member) => members.add(member));
    assert.equal(members.size, 1000);
  });

  test("publish and subscribe", async () => {
    const [subscriber, publisher] = [connect(), connect()];
    const heard = [];
    subscriber.on("message", (channel, message) => heard.push([channel, message]));
    subscriber.on("pmessage", (pattern, channel, message) => heard.push([pattern, channel, message]));
    assert.equal(await subscriber.subscribe("news", "weather"), 2);
    assert.equal(await subscriber.psubscribe("n*"), 3);
    assert.equal(await publisher.publish("weather", "rain"), 1);
    assert.equal(await publisher.publish("news", "hello"), 2);
    await eventually(() => heard.length === 3);
    assert.deepEqual(heard.sort((a, b) => a.length - b.length || (a < b ? -1 : 1)), [["news", "hello"], ["weather", "rain"], ["n*", "news", "hello"]]);
    await assert.rejects(subscriber.get("k"), /subscriber mode/);
    await subscriber.unsubscribe("news", "weather");
    await subscriber.punsubscribe("n*");
    assert.equal(await subscriber.get("k"), null);
  });

  test("blocking pops wait for a push", async () => {
    const [client, other] = [connect(), connect()];
    const popped = client.blpop("empty", "queue", 10);
    await eventually(async () => /blocked_clients:1\r/.test(await other.info("clients")));
    await other.rpush("queue", "job");
    assert.deepEqual(await popped, ["queue", "job"]);
    assert.equal(await client.brpop("empty", 0.1), null);
    await other.zadd("z", 1.5, "m");
    assert.deepEqual(await client.bzpopmin("z", 10), ["z", "m", "1.5"]);
  });

  test("consumer groups share a stream", async () => {
    const [client, other] = [connect(), connect()];
    await client.xgroup("CREATE", "s", "g", "$", "MKSTREAM");
    const waiting = client.xreadgroup("GROUP", "g", "alice", "COUNT", 10, "BLOCK", 10_000, "STREAMS", "s", ">");
    await eventually(async () => /blocked_clients:1\r/.test(await other.info("clients")));
    const id = await other.xadd("s", "*", "n", "1");
    assert.deepEqual(await waiting, [["s", [[id, ["n", "1"]]]]]);
    assert.deepEqual(await other.xpending("s", "g"), [1, id, id, [["alice", "1"]]]);
    const [cursor, claimed] = await other.xautoclaim("s", "g", "bob", 0, "0");
    assert.deepEqual([cursor, claimed], ["0-0", [[id, ["n", "1"]]]]);
    assert.equal(await client.xack("s", "g", id), 1);
  });

  test("comes back after its connection was killed", async () => {
    const [client, other] = [connect({ retryStrategy: () => 10 }), connect()];
    client.on("error", () => {});
    await client.set("k", "v");
    assert.equal(await other.client("KILL", "ID", await client.client("ID")), 1);
    assert.equal(await client.get("k"), "v");
  });
});
