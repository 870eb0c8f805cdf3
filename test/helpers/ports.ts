import { randomInt } from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer } from "node:net";

const PORT_MIN = 10_000;
const PORT_MAX = 65_535;
const TRIES_MAX = 100;

/** The kernel gives these to anyone who asks for any port, and to connections on their way out. */
const [anyMin = PORT_MAX, anyMax = PORT_MAX] = readFileSync("/proc/sys/net/ipv4/ip_local_port_range", "utf8")
  .trim()
  .split(/\s+/)
  .map(Number);
const [firstPort, lastPort] = anyMin > PORT_MIN + 1_000 ? [PORT_MIN, anyMin - 1] : [anyMax + 1, PORT_MAX];

const given = new Set<number>();

/**
 * A port that is free, and stays so until the test uses it, however long a build or a start before that takes: the kernel
 * gives it to nobody, and this to no other test.
 */
export async function freePort(): Promise<number> {
  for (let tries = 0; tries < TRIES_MAX; tries += 1) {
    const port = randomInt(firstPort, lastPort + 1);
    if (given.has(port) || !(await isFree(port))) continue;
    given.add(port);
    return port;
  }
  throw new Error(`no free port from ${firstPort} to ${lastPort}`);
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  const isListening = await new Promise<boolean>((resolve) => {
    server.once("error", () => resolve(false));
    server.listen(port, () => resolve(true));
  });
  await new Promise((resolve) => server.close(resolve));
  return isListening;
}
