import { afterAll, expect, test } from "bun:test";
import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { meetPredecessor } from "../../src/daemon/reload/predecessor.ts";
import { createReload } from "../../src/daemon/reload/reload.ts";
import { createLog } from "../../src/platform/log.ts";
import { runCommand } from "../helpers/command.ts";
import { SECRET } from "../helpers/deliveries.ts";
import { temporaryFolder } from "../helpers/folders.ts";
import { isRunning } from "../helpers/reload.ts";
import { freePort } from "../helpers/ports.ts";

const root = join(import.meta.dir, "../..");

// The receiver changes it, for the whole process.
const umask = process.umask();
afterAll(() => process.umask(umask));

/** An executable that does what ours does when it is started to take over, from its source. */
function executableIn(folder: string): string {
  const path = join(folder, "program");
  writeFileSync(
    path,
    `#!/bin/sh
ELEVENLABS_WEBHOOK_HANDOVER=successor setsid ${process.execPath} ${root}/src/main.ts "$@" > ${folder}/log 2>&1 &
`,
  );
  chmodSync(path, 0o755);
  return path;
}

/** The receiver in this process, on data of its own. */
async function serveHere(options: { hasExecutable?: boolean } = {}) {
  const folder = temporaryFolder();
  const port = await freePort();
  const environment: Record<string, string | undefined> = {
    PATH: process.env.PATH,
    ELEVENLABS_WEBHOOK_SECRET: SECRET,
    ELEVENLABS_WEBHOOK_HOST: "127.0.0.1",
    ELEVENLABS_WEBHOOK_PORT: String(port),
    TRANSCRIPT_STORAGE_PATH: join(folder, "transcripts.sqlite"),
    MIN_FREE_DISK_BYTES: "0",
  };
  const executable = options.hasExecutable === false ? null : executableIn(folder);
  let stop = () => {};
  let hangUp = () => {};
  const done = runCommand(["serve"], {
    environment,
    folder,
    machine: { root: "/nowhere", isRoot: false, executable },
    onStopSignal(callback) {
      stop = callback;
      return () => {};
    },
    onReloadSignal(callback) {
      hangUp = callback;
      return () => {};
    },
  });
  const url = `http://127.0.0.1:${port}/health`;
  await untilTrue(async () => (await fetch(url)).ok);
  return { url, environment, folder, done, stop: () => stop(), hangUp: () => hangUp() };
}

async function untilTrue(isTrue: () => Promise<boolean>): Promise<void> {
  while (!(await isTrue().catch(() => false))) await Bun.sleep(20);
}

async function endProcess(pid: number): Promise<void> {
  process.kill(pid, "SIGTERM");
  await untilTrue(async () => !isRunning(pid));
}

test("the reload command has the receiver start its successor, and the receiver ends", async () => {
  const receiver = await serveHere();
  const { status, stdout } = await runCommand(["reload"], receiver);
  expect([status, stdout]).toEqual([0, expect.stringMatching(/^process \d+ has taken over\n$/)]);
  const first = await receiver.done;
  expect(first.status).toBe(0);
  expect(first.stdout).toMatch(/Starting a successor[^]*Handing over to process \d+[^]*Handed over/);
  expect((await fetch(receiver.url)).status).toBe(200);
  await endProcess(Number(/\d+/.exec(stdout)));
  expect(await Bun.file(join(receiver.folder, "log")).text()).toContain("The predecessor has finished");
});

test("a successor that is called off leaves the receiver to its stop", async () => {
  const receiver = await serveHere();
  receiver.hangUp();
  await Bun.sleep(10);
  receiver.stop();
  const { status, stdout } = await receiver.done;
  expect(status).toBe(0);
  expect(stdout).toContain("this instance goes on: this instance was told to stop");
  expect(stdout).not.toContain("Handing over");
});

test("a receiver that is no executable refuses to hand over", async () => {
  const receiver = await serveHere({ hasExecutable: false });
  const { status, stderr } = await runCommand(["reload"], receiver);
  expect([status, stderr]).toEqual([1, "Not reloaded: only the built executable can: scripts/build\n"]);
  receiver.stop();
  expect((await receiver.done).status).toBe(0);
});

test.each([
  ["a file that is missing", "NAME:/nowhere", 1, /The file for the credential NAME can't be read \(ENOENT\)/],
  ["a file that need not be there", "NAME:-/nowhere", 1, /no receiver can be reached at/],
])("credentials from %s", async (_, credentials, status, why) => {
  const result = await runCommand(["reload", "--credentials", credentials], { folder: temporaryFolder() });
  expect([result.status, result.stderr]).toEqual([status, expect.stringMatching(why)]);
});

/** The other end of a handover, which says these messages after it was greeted, and ends. */
function predecessorThatSays(...messages: object[]): number {
  const script = `
    import { channelSocket, openChannel } from "${root}/src/platform/channel.ts";
    await openChannel(3, channelSocket((channel) => ({
      onMessage({ kind }) {
        if (kind === "hello") channel.send({ kind: "welcome", databasePath: "/data/t.sqlite", port: 3004 });
        if (kind !== "ready") return;
        for (const message of ${JSON.stringify(messages)}) channel.send(message);
        channel.close();
      },
      onClose: () => process.exit(0),
    })));
    setTimeout(() => process.exit(1), 20_000);`;
  const child = Bun.spawn([process.execPath, "-e", script], {
    stdio: ["ignore", "inherit", "inherit", "socket-fd"],
  });
  return Number(child.stdio[3]);
}

async function meet(descriptor: number) {
  const meeting = await meetPredecessor(descriptor);
  if (meeting.kind === "failed") throw new Error(meeting.problem);
  return meeting.predecessor;
}

test("a successor learns what it shares, when it is the one, and how its predecessor has ended", async () => {
  const descriptor = predecessorThatSays(
    { kind: "granted" },
    { kind: "said by a later version" },
    { kind: "left" },
    { kind: "ended", isClean: true },
  );
  const predecessor = await meet(descriptor);
  expect(predecessor).toMatchObject({ dataName: "/data/t.sqlite", port: 3004 });
  expect(await predecessor.ready("/data/t.sqlite")).toBe("granted");
  await predecessor.left;
  expect(await predecessor.ended).toEqual({ isClean: true });
});

test("a successor is called off, or left alone", async () => {
  const cancelled = await meet(predecessorThatSays({ kind: "cancelled" }));
  expect(await cancelled.ready("/data/t.sqlite")).toBe("cancelled");
  const alone = await meet(predecessorThatSays());
  expect(await alone.ready("/data/t.sqlite")).toBe("gone");
  expect(await alone.ended).toEqual({ isClean: false });
});

test("a descriptor that is no socket has nobody who hands over", async () => {
  expect(await meetPredecessor(0)).toMatchObject({ problem: expect.stringContaining("nobody hands over") });
});

test("what must not go on while two processes receive has ended before a successor is started, and goes on if none takes over", async () => {
  const steps: string[] = [];
  const reload = createReload({
    start() {
      steps.push("start");
      const outcome = Promise.resolve({ kind: "failed" as const, problem: "there is none" });
      return { outcome, cancel: () => {} };
    },
    hasRoom: Promise.resolve(),
    async pause() {
      await Bun.sleep(20);
      steps.push("paused");
    },
    goOn: () => steps.push("goes on"),
    log: createLog({ level: "ERROR", format: "text", write: () => {} }),
  });
  const outcome = await reload.begin({}, new Promise<void>(() => {}));
  expect(outcome).toEqual({ kind: "failed", problem: "there is none" });
  expect(steps).toEqual(["paused", "start", "goes on"]);
});

test("a reload that is called off while it waits starts no successor", async () => {
  const paused = Promise.withResolvers<void>();
  const reload = createReload({
    start() {
      throw new Error("it has started one");
    },
    hasRoom: Promise.resolve(),
    pause: () => paused.promise,
    goOn: () => {},
    log: createLog({ level: "ERROR", format: "text", write: () => {} }),
  });
  const outcome = reload.begin({}, new Promise<void>(() => {}));
  await Bun.sleep(0);
  reload.cancel("it was told to stop");
  paused.resolve();
  expect(await outcome).toEqual({ kind: "failed", problem: "it was told to stop" });
});
