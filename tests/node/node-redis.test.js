// node-redis with its defaults, two of its generations, in both dialects: what ioredis.test.js does, and its own cache.
import assert from "node:assert/strict";
import { test } from "node:test";
import { eventually, everyDriver, isRedis } from "./server.js";

const generations = [
  { name: "redis", major: 18, dialects: [{}, { RESP: 3 }] },
  { name: "redis-next", major: 20, dialects: [{}, { RESP: 2 }] },
];

for (const { name, major, dialects } of generations) {
  if (Number(process.versions.node.split(".")[0]) < major) {
    test(name, { skip: `it needs Node ${major}` });
    continue;
  }
  const library = await import(name);
  for (const options of dialects) {
    everyDriver(`${name} with ${JSON.stringify(options)}`, (server) => suite(server, library, options));
  }
  everyDriver(`the cache of ${name}`, (server) => cacheSuite(server, library));
}

async function connect(server, library, options) {
  const client = library.createClient({ socket: { port: server.port }, ...options });
  server.opened(client, () => client.isOpen && client.destroy());
  client.on("error", () => {});
  await client.connect();
  return client;
}

function suite(server, library, options) {
  const open = (more = {}) => connect(server, library, { ...options, ...more });
  const blocked = (client) => eventually(async () => /blocked_clients:1\r/.test(await client.info("clients")));

  test("connects and says what it is", async () => {
    const client = await open({ name: "suite", database: 3 });
    assert.equal(await client.ping(), "PONG");
    const info = await client.sendCommand(["CLIENT", "INFO"]);
    assert.match(info, /name=suite .*db=3 /);
    if (!isRedis) assert.match(info, /lib-name=node-redis/);
    if (options.RESP) assert.match(info, isRedis ? / resp=|$/ : new RegExp(` resp=${options.RESP}`));
  });

  test("keeps values of every kind", async () => {
    const client = await open();
    await client.set("text", "grüße", { expiration: { type: "EX", value: 100 } });
    assert.equal(await client.get("text"), "grüße");
    await client.hSet("h", { a: 1, b: "two" });
    assert.deepEqual({ ...(await client.hGetAll("h")) }, { a: "1", b: "two" });
    await client.zAdd("z", [{ score: 1.5, value: "m" }, { score: 2, value: "n" }]);
    assert.deepEqual((await client.zRangeWithScores("z", 0, -1)).map(({ value, score }) => [value, score]), [["m", 1.5], ["n", 2]]);
    await client.sAdd("s", ["a", "b"]);
    assert.deepEqual([...(await client.sMembers("s"))].sort(), ["a", "b"]);
    assert.equal(await client.zScore("z", "m"), 1.5);
    await assert.rejects(client.lPush("h", "1"), /^(Simple)?Error: WRONGTYPE /);
  });

  test("pipelines what is asked at once", async () => {
    const client = await open();
    const asked = Array.from({ length: 1000 }, (_, i) => [client.set(`k${i}`, i), client.get(`k${i}`)]).flat();
    const replies = await Promise.all(asked);
    for (let i = 0; i < 1000; i++) assert.deepEqual(replies.slice(2 * i, 2 * i + 2), ["OK", String(i)]);
    assert.deepEqual(await client.multi().get("k1").get("absent").execAsPipeline(), ["1", null]);
  });

  test("transactions, with WATCH", async () => {
    const [client, other] = [await open(), await open()];
    assert.deepEqual(await client.multi().set("n", 1).incr("n").exec(), ["OK", 2]);
    await client.watch("n");
    await other.set("n", 10);
    await assert.rejects(client.multi().incr("n").exec(), library.WatchError);
    assert.equal(await client.get("n"), "10");
    await assert.rejects(client.multi().set("a", 1).addCommand(["NOSUCH"]).exec());
    assert.equal(await client.exists("a"), 0);
  });

  test("iterators find everything", async () => {
    const client = await open();
    await client.mSet(Object.fromEntries(Array.from({ length: 1000 }, (_, i) => [`user:${i}`, String(i)])));
    await client.hSet("hash", Object.fromEntries(Array.from({ length: 600 }, (_, i) => [`f${i}`, i])));
    const found = new Set();
    for await (const keys of client.scanIterator({ MATCH: "user:*", COUNT: 50 })) keys.forEach((key) => found.add(key));
    assert.equal(found.size, 1000);
    const fields = new Map();
    for await (const page of client.hScanIterator("hash")) page.forEach(({ field, value }) => fields.set(field, value));
    assert.equal(fields.size, 600);
    assert.equal(fields.get("f599"), "599");
  });

  test("publish and subscribe", async () => {
    const [subscriber, publisher] = [await open(), await open()];
    const heard = [];
    const listen = (message, channel) => heard.push(`${channel} ${message}`);
    await subscriber.subscribe("news", listen);
    await subscriber.pSubscribe("n*", listen);
    await subscriber.sSubscribe("shard", listen);
    assert.equal(await publisher.publish("news", "hello"), 2);
    assert.equal(await publisher.sPublish("shard", "near"), 1);
    await eventually(() => heard.length === 3);
    assert.deepEqual(heard.sort(), ["news hello", "news hello", "shard near"]);
    await subscriber.unsubscribe("news");
    await subscriber.pUnsubscribe("n*");
    await subscriber.sUnsubscribe("shard");
    assert.equal(await publisher.publish("news", "nobody"), 0);
    assert.equal(await subscriber.get("k"), null);
  });

  test("blocking pops wait for a push", async () => {
    const [client, other] = [await open(), await open()];
    const popped = client.blPop(["empty", "queue"], 10);
    await blocked(other);
    await other.rPush("queue", "job");
    assert.deepEqual({ ...(await popped) }, { key: "queue", element: "job" });
    assert.equal(await client.brPop("empty", 0.1), null);
    const lowest = client.bzPopMin("z", 10);
    await blocked(other);
    await other.zAdd("z", { score: 1.5, value: "m" });
    assert.deepEqual({ ...(await lowest) }, { key: "z", value: "m", score: 1.5 });
  });

  test("consumer groups share a stream", async () => {
    const [client, other] = [await open(), await open()];
    await client.xGroupCreate("s", "g", "$", { MKSTREAM: true });
    const waiting = client.xReadGroup("g", "alice", [{ key: "s", id: ">" }], { COUNT: 10, BLOCK: 10_000 });
    await blocked(other);
    const id = await other.xAdd("s", "*", { n: "1" });
    assert.deepEqual(entries(await waiting), [[id, "1"]]);
    const pending = await other.xPending("s", "g");
    assert.deepEqual([pending.pending, pending.firstId, pending.lastId], [1, id, id]);
    const claimed = await other.xAutoClaim("s", "g", "bob", 0, "0");
    assert.deepEqual([claimed.nextId, claimed.messages.map((entry) => entry.id)], ["0-0", [id]]);
    assert.equal(await client.xAck("s", "g", id), 1);
    assert.equal((await client.xInfoGroups("s"))[0].pending, 0);
  });

  test("fields of a hash expire", { skip: isRedis && "the reference is older" }, async () => {
    const client = await open();
    await client.hSet("h", { soon: 1, later: 2 });
    assert.deepEqual([...(await client.hpExpire("h", "soon", 30))], [1]);
    assert.deepEqual([...(await client.hExpire("h", ["later", "absent"], 100))], [1, -2]);
    await eventually(async () => (await client.hLen("h")) === 1);
    assert.deepEqual([...(await client.hTTL("h", "later"))], [100]);
  });
}

/** Ids and field n of the entries of stream s; the fifth generation leaves RESP3's map as it came. */
function entries(reply) {
  if (!Array.isArray(reply)) return reply.s.map(([id, fields]) => [id, fields[1]]);
  assert.equal(reply[0].name, "s");
  return reply[0].messages.map(({ id, message }) => [id, message.n]);
}

function cacheSuite(server, library) {
  test("a cached reply goes when its key changes", async () => {
    const other = await connect(server, library, {});
    const clientSideCache = new library.BasicClientSideCache({ ttl: 0, maxEntries: 0, evictPolicy: "LRU" });
    const client = await connect(server, library, { RESP: 3, clientSideCache });
    await other.set("k", "old");
    for (let i = 0; i < 10; i++) assert.equal(await client.get("k"), "old");
    assert.deepEqual([clientSideCache.stats().missCount, clientSideCache.stats().hitCount], [1, 9]);
    await other.set("k", "new");
    await eventually(async () => (await client.get("k")) === "new");
    await other.flushAll();
    await eventually(async () => (await client.get("k")) === null);
  });
}
