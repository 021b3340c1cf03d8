// Servers for the Node suite: one for each driver of sockets, on a free loopback port, empty before every test.
import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import net from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, afterEach, before, beforeEach, describe } from "node:test";
import { fileURLToPath } from "node:url";

const root = path.dirname(path.dirname(path.dirname(fileURLToPath(import.meta.url))));
const binary = process.env.REDOXCACHE_BIN ?? path.join(root, "target/ci/redoxcache");
// The suite also runs against the reference, to find out what a client does there.
export const isRedis = path.basename(binary).startsWith("redis-server");

export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Waits until `holds()` is true, which another connection brings about. */
export async function eventually(holds) {
  const end = Date.now() + 10_000;
  while (!(await holds())) {
    if (Date.now() > end) throw new Error(`not true after 10 s: ${holds}`);
    await sleep(10);
  }
}

const freePort = () =>
  new Promise((resolve, reject) => {
    const probe = net.createServer().on("error", reject);
    probe.listen(0, "127.0.0.1", () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });

const accepts = (port) =>
  new Promise((resolve) => {
    const socket = net.connect(port, "127.0.0.1");
    socket.on("connect", () => resolve(true)).on("error", () => resolve(false)).on("connect", () => socket.destroy());
  });

/** Sends one command without arguments and waits for its answer. */
const bare = (port, command) =>
  new Promise((resolve, reject) => {
    const socket = net.connect(port, "127.0.0.1", () => socket.write(`${command}\r\n`));
    socket.on("data", (data) => (socket.destroy(), resolve(String(data)))).on("error", reject);
  });

async function start(flags) {
  const dir = await mkdtemp(path.join(tmpdir(), "redoxcache-node-"));
  const port = await freePort();
  const own = isRedis ? [] : ["--threads", "2"];
  const child = spawn(binary, ["--port", port, "--save", "", "--dir", dir, ...own, ...flags], { stdio: ["ignore", "pipe", "inherit"] });
  child.stdout.resume();
  const ended = new Promise((resolve) => child.once("exit", resolve));
  const stop = async () => {
    child.kill("SIGKILL");
    await ended;
    await rm(dir, { recursive: true, force: true });
  };
  await eventually(() => child.exitCode !== null || accepts(port));
  if (child.exitCode !== null) throw new Error(`the server did not start: exit code ${child.exitCode}`);
  return { port, stop };
}

/**
 * Describes tests once on each kernel interface for sockets. They get an object with the server's `port`, and `opened`, to which
 * they hand what is to be ended after a test, passed or failed.
 */
export function everyDriver(name, tests) {
  for (const driver of isRedis ? ["redis"] : ["auto", "epoll"]) {
    describe(`${name}, ${driver}`, { timeout: 120_000 }, () => {
      const server = {};
      let ends = [];
      server.opened = (client, end) => (ends.push(end), client);
      before(async () => Object.assign(server, await start(isRedis ? [] : ["--io-driver", driver])));
      beforeEach(() => bare(server.port, "FLUSHALL"));
      afterEach(async () => {
        for (const end of ends.splice(0)) await end();
      });
      after(() => server.stop?.());
      tests(server);
    });
  }
}
