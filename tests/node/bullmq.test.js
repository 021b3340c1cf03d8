// BullMQ, whose every step is a Lua script: jobs with results, failures and priorities, delayed, rate-limited and scheduled ones, flows of parents
// and children.
import assert from "node:assert/strict";
import { test } from "node:test";
import { FlowProducer, Queue, QueueEvents, Worker } from "bullmq";
import Redis from "ioredis";
import { eventually, everyDriver } from "./server.js";

everyDriver("BullMQ", (server) => {
  const connection = () => ({ port: server.port, maxRetriesPerRequest: null });
  const opened = (part) => {
    part.on("error", (error) => console.error(error));
    return server.opened(part, () => part.close());
  };
  const queueOf = (name) => opened(new Queue(name, { connection: connection() }));
  const workerOf = (name, work, options = {}) => opened(new Worker(name, work, { connection: connection(), ...options }));
  const eventsOf = async (name) => {
    const events = opened(new QueueEvents(name, { connection: connection() }));
    await events.waitUntilReady();
    return events;
  };
  const ended = (queue, count) => eventually(async () => {
    const counts = await queue.getJobCounts("completed", "failed");
    return counts.completed + counts.failed === count;
  });

  test("hands every job to one of several workers and returns its result", async () => {
    const queue = queueOf("sums");
    const events = await eventsOf("sums");
    const seen = [];
    const add = async (job) => (seen.push(job.id), job.data.a + job.data.b);
    for (let i = 0; i < 3; i++) workerOf("sums", add, { concurrency: 4 });
    const jobs = await queue.addBulk(Array.from({ length: 60 }, (_, i) => ({ name: "sum", data: { a: i, b: 1000 } })));
    const results = await Promise.all(jobs.map((job) => job.waitUntilFinished(events)));
    assert.deepEqual(results, jobs.map((_, i) => i + 1000));
    assert.equal(new Set(seen).size, 60);
    assert.equal(seen.length, 60, "no job ran twice");
    assert.deepEqual(await queue.getJobCounts("wait", "active", "completed", "failed"), { wait: 0, active: 0, completed: 60, failed: 0 });
  });

  test("tries a job again until it succeeds or has failed too often", async () => {
    const queue = queueOf("tries");
    const tried = {};
    const work = async (job) => {
      tried[job.name] = (tried[job.name] ?? 0) + 1;
      if (job.name === "never" || job.attemptsMade < 2) throw new Error(`attempt ${job.attemptsMade}`);
      return "at last";
    };
    workerOf("tries", work);
    const backoff = { type: "fixed", delay: 20 };
    const [third, never] = await queue.addBulk(["third", "never"].map((name) => ({ name, data: {}, opts: { attempts: 3, backoff } })));
    await ended(queue, 2);
    assert.deepEqual(tried, { third: 3, never: 3 });
    assert.equal(await third.getState(), "completed");
    assert.equal((await queue.getJob(third.id)).returnvalue, "at last");
    assert.equal((await queue.getJob(never.id)).failedReason, "attempt 2");
    await (await queue.getJob(never.id)).retry();
    await ended(queue, 2);
    assert.equal((await queue.getJob(never.id)).attemptsMade, 4);
  });

  test("keeps priorities, and what is added while the queue is paused", async () => {
    const queue = queueOf("order");
    await queue.pause();
    for (const [name, opts] of [["low", { priority: 9 }], ["high", { priority: 1 }], ["plain", {}], ["first", { lifo: true }]]) {
      await queue.add(name, {}, opts);
    }
    assert.deepEqual(await queue.getCountsPerPriority([1, 9]), { 1: 1, 9: 1 });
    const order = [];
    workerOf("order", async (job) => order.push(job.name));
    await queue.resume();
    await ended(queue, 4);
    assert.deepEqual(order, ["first", "plain", "high", "low"]);
  });

  test("holds delayed jobs back until their time, promoted ones not", async () => {
    const queue = queueOf("delayed");
    workerOf("delayed", async () => {});
    const late = await queue.add("late", {}, { delay: 400 });
    const soon = await queue.add("soon", {}, { delay: 150 });
    const never = await queue.add("never", {}, { delay: 3_600_000 });
    assert.equal(await never.getState(), "delayed");
    await ended(queue, 2);
    assert.equal(await never.getState(), "delayed");
    await never.promote();
    await ended(queue, 3);
    for (const job of [late, soon]) {
      const done = await queue.getJob(job.id);
      assert.ok(done.finishedOn - done.timestamp >= job.delay - 1, `${job.name}: ${done.finishedOn - done.timestamp} ms`);
    }
  });

  test("starts no more jobs than the limit allows", async () => {
    const queue = queueOf("limited");
    const limiter = { max: 2, duration: 200 };
    await queue.addBulk(Array.from({ length: 8 }, (_, i) => ({ name: `job-${i}`, data: {} })));
    for (let i = 0; i < 2; i++) workerOf("limited", async () => {}, { limiter, concurrency: 5 });
    await ended(queue, 8);
    const jobs = await queue.getJobs(["completed"]);
    const took = Math.max(...jobs.map((job) => job.finishedOn)) - Math.min(...jobs.map((job) => job.processedOn));
    // Four times two jobs: the fourth pair starts after three whole durations.
    assert.ok(took >= 3 * limiter.duration - 2, `${took} ms`);
  });

  test("runs parents after their children, with their results", async () => {
    const flow = opened(new FlowProducer({ connection: connection() }));
    const queue = queueOf("parents");
    const children = queueOf("children");
    const events = await eventsOf("parents");
    const child = (n, inner = []) => ({ name: "child", queueName: "children", data: { n }, children: inner });
    const tree = await flow.add({ name: "parent", queueName: "parents", data: {}, children: [child(1), child(2, [child(3)])] });
    assert.equal(await tree.job.getState(), "waiting-children");
    const values = async (job) => Object.values(await job.getChildrenValues()).reduce((a, b) => a + b, 0);
    workerOf("parents", values);
    workerOf("children", async (job) => job.data.n * 10 + (await values(job)), { concurrency: 2 });
    assert.equal(await tree.job.waitUntilFinished(events), 60);
    await ended(children, 3);
    const dependencies = await tree.job.getDependencies();
    assert.deepEqual(Object.values(dependencies.processed).sort(), [10, 50]);
  });

  test("fails a parent whose child has failed for good", async () => {
    const flow = opened(new FlowProducer({ connection: connection() }));
    const queue = queueOf("strict");
    const tree = await flow.add({
      name: "parent", queueName: "strict", data: {},
      children: [{ name: "bad", queueName: "strict-children", data: {}, opts: { failParentOnFailure: true } }],
    });
    workerOf("strict-children", async () => Promise.reject(new Error("no")));
    workerOf("strict", async () => "never");
    await ended(queue, 1);
    assert.equal(await tree.job.getState(), "failed");
  });

  test("repeats scheduled jobs", async () => {
    const queue = queueOf("ticks");
    workerOf("ticks", async () => {});
    await queue.upsertJobScheduler("tick", { every: 60, limit: 3 }, { name: "tick" });
    await ended(queue, 3);
    await queue.removeJobScheduler("tick");
    assert.equal((await queue.getJobSchedulers()).length, 0);
  });

  test("cleans, drains and obliterates", async () => {
    const queue = queueOf("cleaned");
    workerOf("cleaned", async () => {});
    await queue.addBulk(Array.from({ length: 20 }, (_, i) => ({ name: `job-${i}`, data: {} })));
    await ended(queue, 20);
    assert.equal((await queue.clean(0, 5, "completed")).length, 5);
    await queue.pause();
    await queue.addBulk(Array.from({ length: 10 }, (_, i) => ({ name: `more-${i}`, data: {}, opts: i % 2 ? { delay: 100_000 } : {} })));
    await queue.drain();
    assert.equal((await queue.getJobCounts("delayed")).delayed, 5);
    await queue.drain(true);
    await queue.obliterate({ force: true });
    const client = new Redis({ port: server.port });
    server.opened(client, () => client.disconnect());
    assert.deepEqual(await client.keys("bull:cleaned:*"), []);
  });
});
