// Redlock over three keyspaces: its scripts set, extend and remove a lock by the holder's token.
import assert from "node:assert/strict";
import { test } from "node:test";
import Redis from "ioredis";
import Redlock from "redlock";
import { everyDriver, sleep } from "./server.js";

everyDriver("Redlock", (server) => {
  const connect = (db) => {
    const client = new Redis({ port: server.port, db });
    return server.opened(client, () => client.disconnect());
  };
  const lockOver = (options = {}) => new Redlock([connect(0), connect(1), connect(2)], { driftFactor: 0.01, ...options });

  test("lets one in at a time", async () => {
    const counter = connect(5);
    await counter.set("count", 0);
    let inside = 0;
    const work = async () => {
      const locks = lockOver({ retryCount: -1, retryDelay: 5, retryJitter: 5 });
      for (let i = 0; i < 5; i++) {
        const lock = await locks.lock("the:lock", 60_000);
        assert.equal(++inside, 1);
        const count = Number(await counter.get("count"));
        await sleep(1);
        await counter.set("count", count + 1);
        inside--;
        await lock.unlock();
      }
    };
    await Promise.all(Array.from({ length: 6 }, work));
    assert.equal(await counter.get("count"), "30");
  });

  test("keeps a lock that is extended, and gives it up when its time is over", async () => {
    const [mine, other] = [lockOver({ retryCount: 0 }), lockOver({ retryCount: -1, retryDelay: 10 })];
    const held = await mine.lock("resource", 60_000);
    await assert.rejects(lockOver({ retryCount: 0 }).lock("resource", 60_000), /LockError/);
    const begun = Date.now();
    const longer = await held.extend(1500);
    assert.equal(longer.value, held.value);
    const next = await other.lock("resource", 60_000);
    assert.ok(Date.now() - begun >= 1490, "it came after the end of the first");
    assert.notEqual(next.value, held.value);
    await assert.rejects(longer.unlock(), /LockError/);
    await next.unlock();
  });

  test("needs most of its servers, and holds several resources at once", async () => {
    const [first, second] = [connect(0), connect(1)];
    await first.set("taken", "somebody");
    const locks = lockOver({ retryCount: 0 });
    const lock = await locks.lock("taken", 60_000);
    await lock.unlock();
    assert.deepEqual([await first.get("taken"), await second.get("taken")], ["somebody", null], "it removes its own only");
    await second.set("taken", "somebody");
    await assert.rejects(locks.lock("taken", 60_000), /LockError/);
    const both = await locks.lock(["a", "b"], 60_000);
    await assert.rejects(locks.lock("b", 60_000), /LockError/);
    await both.unlock();
    await (await locks.lock("b", 60_000)).unlock();
  });
});
