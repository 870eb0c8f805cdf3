import { afterAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freeDiskBytes } from "../../src/platform/disk.ts";
import { transcription } from "../helpers/deliveries.ts";
import { EXECUTABLE, startReceiver } from "../helpers/receiver.ts";
import { canTraceFor, inject } from "../helpers/strace.ts";

setDefaultTimeout(60_000);

const isTraced = canTraceFor("messages about failing files");
const LINE = /^\S+Z (INFO|WARNING|ERROR) /;

const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

/** Data that a kill has left, with a log that is still to be read. */
async function killedFolder(): Promise<string> {
  const receiver = await startReceiver();
  folders.push(receiver.folder);
  await receiver.post(transcription("conv_1"));
  await receiver.stop({ signal: "SIGKILL", keepFolder: true });
  return receiver.folder;
}

/** Starts with a fault on some paths. Returns what a start that fails has said, else null. */
async function startWith(folder: string, calls: string, error: string, ...paths: string[]): Promise<string> {
  const at = paths.flatMap((path) => ["-P", path]);
  const traced = ["strace", "-D", "-f", "-o", "/dev/null", ...at, "-e", `inject=${calls}:error=${error}`];
  try {
    const receiver = await startReceiver({ folder, command: [...traced, EXECUTABLE, "serve"] });
    // What follows the first answer is said when this one is there.
    await receiver.post(transcription("conv_1"));
    await receiver.stop({ signal: "SIGKILL", keepFolder: true });
    return receiver.output();
  } catch (failure) {
    return String(failure);
  }
}

describe.skipIf(!isTraced)("a start names the file, the fault and what to do if", () => {
  const DISK = /check the disk and the kernel's log \(dmesg\)/;

  test.each([
    ["the log can't be read", "pread64", "EIO", "transcripts.sqlite-wal", "transcripts.sqlite"],
    ["the database can't be read", "pread64,read", "EIO", "transcripts.sqlite", "transcripts.sqlite"],
    ["the database can't be opened", "openat,open", "EIO", "transcripts.sqlite", "transcripts.sqlite"],
    ["the log can't be opened", "openat,open", "EIO", "transcripts.sqlite-wal", "transcripts.sqlite"],
    ["a folder can't be read", "getdents64", "EIO", "spool", "spool"],
    ["the lock can't be opened", "openat,open", "EIO", "transcripts.sqlite.lock", "transcripts.sqlite.lock"],
  ])("%s", async (_, calls, error, path, named) => {
    const folder = await killedFolder();
    const said = await startWith(folder, calls, error, join(folder, path));
    expect(said).toMatch(/ERROR +Can't start: /);
    expect(said).toContain(join(folder, named));
    expect(said).toMatch(DISK);
    // It is intact, and nobody lacks a right.
    expect(said).not.toMatch(/give this user|is not a/);
    const next = await startReceiver({ folder });
    expect(next.rows("SELECT conversation_id FROM events")).toEqual([{ conversation_id: "conv_1" }]);
    await next.stop({ keepFolder: true });
  });

  test.each([
    [
      "its user has used up the quota",
      "EDQUOT",
      /the disk quota of this user is used up \(EDQUOT\): make room/,
    ],
    ["the disk is full", "ENOSPC", /the disk is full \(ENOSPC\): make room/],
    ["the file system is read-only", "EROFS", /the file system is read-only \(EROFS\): mount it for writing/],
    ["no more files can be opened", "EMFILE", /too many files are open \(EMFILE\): raise the limit/],
  ])("%s", async (_, error, message) => {
    const folder = await killedFolder();
    rmSync(join(folder, "spool"), { recursive: true });
    const said = await startWith(folder, "mkdir,mkdirat", error, join(folder, "spool"));
    expect(said).toContain(`Can't start: ${join(folder, "spool")}: `);
    expect(said).toMatch(message);
  });

  test("a folder can't be flushed", async () => {
    const folder = await killedFolder();
    rmSync(join(folder, "transcripts.sqlite.running"));
    const said = await startWith(folder, "fsync,fdatasync", "EIO", folder);
    expect(said).toContain(`Can't start: ${folder}`);
    expect(said).toMatch(DISK);
  });
});

const FLOOR_BYTES_MAX = 2 ** 40;

test.skipIf(freeDiskBytes(tmpdir()) > FLOOR_BYTES_MAX)(
  "a start that receives nothing says so, and what to do",
  async () => {
    const receiver = await startReceiver({ environment: { MIN_FREE_DISK_BYTES: String(FLOOR_BYTES_MAX) } });
    expect((await receiver.post(transcription("conv_1"))).status).toBe(503);
    expect(receiver.output()).toMatch(
      /ERROR +NOT RECEIVING: .*make room on the disk of .*transcripts\.sqlite/,
    );
    await receiver.stop();
  },
);

describe.skipIf(!isTraced)("a stop on a failing disk", () => {
  test.each([
    [
      "unlink,unlinkat",
      /WARNING The next start looks at all files as after a kill: \S+: the disk failed \(EIO\)/,
    ],
    [
      "pread64,pwrite64",
      /ERROR +The log of the database stays, the next start reads it: \S+transcripts\.sqlite: /,
    ],
  ])("with failing %s ends in good order, with whole messages", async (calls, message) => {
    const receiver = await startReceiver();
    await receiver.post(transcription("conv_1"));
    const release = await inject(receiver.child.pid, calls, "error=EIO");
    expect(await receiver.stop({ keepFolder: true })).toBe(0);
    await release();
    expect(receiver.output()).toMatch(message);
    for (const line of receiver.output().trimEnd().split("\n")) expect(line).toMatch(LINE);

    const next = await startReceiver({ folder: receiver.folder });
    expect(next.rows("SELECT conversation_id FROM events")).toEqual([{ conversation_id: "conv_1" }]);
    await next.stop();
  });
});

describe.skipIf(!isTraced)("the socket of the reload command", () => {
  const sockets = (folder: string) => readdirSync(folder).filter((name) => name.includes(".control"));

  test("leaves nothing under its first name if it can't get its last", async () => {
    const folder = await killedFolder();
    rmSync(join(folder, "transcripts.sqlite.control"), { force: true });
    const said = await startWith(folder, "rename,renameat,renameat2", "EIO");
    expect(said).toMatch(
      /WARNING Commands such as reload can't reach this instance, SIGHUP can: .*the disk failed \(EIO\)/,
    );
    expect(sockets(folder)).toEqual([]);
  });

  test("that a kill has left under its first name goes at the next start", async () => {
    const folder = await killedFolder();
    const left = join(folder, "transcripts.sqlite.control.4711");
    // A socket that nobody listens on any more, as a kill leaves it.
    const script = `Bun.listen({ unix: ${JSON.stringify(left)}, socket: { data() {} } }); process.kill(process.pid, "SIGKILL")`;
    Bun.spawnSync([process.execPath, "-e", script]);
    expect(sockets(folder)).toContain("transcripts.sqlite.control.4711");
    const receiver = await startReceiver({ folder });
    expect(sockets(folder)).toEqual(["transcripts.sqlite.control"]);
    await receiver.stop();
  });
});
