import { expect, test } from "bun:test";
import { openSync, statSync } from "node:fs";
import { join } from "node:path";
import { isJournal, openNotify, watchdogMs } from "../../../src/platform/systemd.ts";
import { temporaryFolder } from "../../helpers/folders.ts";
import { notifySocket } from "../../helpers/notify-socket.ts";

test.each([{ isAbstract: false }, { isAbstract: true }])(
  "sends each message as one datagram, %j",
  async (options) => {
    const socket = notifySocket(options);
    const notify = await openNotify(socket.name);
    notify("READY=1\nSTATUS=Grüße");
    notify("STOPPING=1");
    expect([socket.read(), socket.read(), socket.read()]).toEqual([
      "READY=1\nSTATUS=Grüße",
      "STOPPING=1",
      null,
    ]);
  },
);

test("sends nothing without a manager", async () => {
  for (const name of [undefined, ""]) (await openNotify(name))("READY=1");
});

test.each(["relative", "@", "/", "vsock:2:1234", `/${"x".repeat(107)}`])(
  "refuses %p as the name of a socket",
  async (name) => {
    await expect(openNotify(name)).rejects.toThrow("neither a path nor an abstract name");
  },
);

test("goes on where nobody listens", async () => {
  const notify = await openNotify(join(temporaryFolder(), "gone.sock"));
  for (let count = 0; count < 200; count += 1) notify("WATCHDOG=1");
});

test("sends later, in order, what a busy manager does not take at once", async () => {
  const socket = notifySocket();
  const notify = await openNotify(socket.name);
  let sent = 0;
  // The kernel queues no more than net.unix.max_dgram_qlen of them.
  while (sent < 40) notify(`STATUS=${(sent += 1)}`);
  // There is room again: who comes now must not overtake those that wait.
  const first = socket.read();
  notify("STATUS=41");
  const messages = [first, ...(await socket.until("STATUS=41"))];
  expect(messages).toEqual(Array.from({ length: 41 }, (_, index) => `STATUS=${index + 1}`));
});

test.each([
  ["30000000", undefined, 30_000],
  ["30000000", "7", 30_000],
  ["30000000", "8", null],
  [undefined, undefined, null],
  ["0", undefined, null],
  ["soon", undefined, null],
] as const)("WATCHDOG_USEC=%p and WATCHDOG_PID=%p are %p ms for process 7", (micros, pid, ms) => {
  expect(watchdogMs({ WATCHDOG_USEC: micros, WATCHDOG_PID: pid }, 7)).toBe(ms);
});

test("a descriptor is the journal's where JOURNAL_STREAM names its device and inode", () => {
  const path = join(temporaryFolder(), "stream");
  const descriptor = openSync(path, "w");
  const { dev, ino } = statSync(path, { bigint: true });
  expect(isJournal(`${dev}:${ino}`, descriptor)).toBe(true);
  expect(isJournal(`${dev}:${ino + 1n}`, descriptor)).toBe(false);
  expect(isJournal(undefined, descriptor)).toBe(false);
});
