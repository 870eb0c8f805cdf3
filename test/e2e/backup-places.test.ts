import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { chmodSync, closeSync, cpSync, mkdirSync, openSync, readFileSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import { verifyBackup } from "../../src/backup/verify.ts";
import {
  contentOf,
  deliveriesOf,
  everyFile,
  newFolder,
  recordingsIn,
  settingsFor,
} from "../helpers/backups.ts";
import { EXECUTABLE, runExecutable, startReceiver } from "../helpers/receiver.ts";
import type { Receiver } from "../helpers/receiver.ts";

setDefaultTimeout(60_000);

const root = newFolder();
const disk = join(root, "disk");
mkdirSync(disk);
// A small disk needs a right that only some machines give.
const isMounted = Bun.spawnSync(["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", disk]).success;
if (!isMounted) console.warn("SKIPPED: backups on a full disk: no right to mount");
const canBeNobody = process.getuid?.() === 0 && Bun.which("setpriv") !== null;
if (!canBeNobody) console.warn("SKIPPED: backups without rights: this is not root, or setpriv is missing");

let receiver: Receiver;
beforeAll(async () => {
  receiver = await startReceiver();
  for (const body of deliveriesOf("first")) await receiver.post(body);
});
afterAll(async () => {
  await receiver.stop();
  if (isMounted) Bun.spawnSync(["umount", "--lazy", disk]);
  rmSync(root, { recursive: true, force: true });
});

const run = (data: string, ...args: string[]) => runExecutable(args, settingsFor(data), root);

describe.skipIf(!isMounted)("on a full disk", () => {
  const folder = join(disk, "backup");

  test("a backup fails, says so, leaves the one before and none of its own, and works once there is room", async () => {
    expect((await run(receiver.folder, "backup", folder)).status).toBe(0);
    const before = everyFile(folder).map((path) => [path, readFileSync(path)]);
    for (const body of deliveriesOf("second")) await receiver.post(body);
    for (const freeBytes of [4096, 65_536, 400_000]) {
      const release = fill(freeBytes);
      const { status, stdout, stderr } = await run(receiver.folder, "backup", folder);
      release();
      expect([status, stdout, stderr]).toEqual([
        1,
        "",
        `the disk of ${folder} is full: make room and run this again\n`,
      ]);
      const stored = new Set(everyFile(folder));
      for (const [path] of before) expect(stored).toContain(String(path));
      expect([...stored].filter((path) => path.includes("unfinished"))).toEqual([]);
      expect((await verifyBackup(folder)).faults.count).toBe(0);
    }
    expect((await run(receiver.folder, "backup", folder)).status).toBe(0);
    expect((await verifyBackup(folder)).header.events).toBe(16);
    rmSync(folder, { recursive: true });
  });

  test("a restore fails, says so, and goes on once there is room", async () => {
    const backup = join(root, "backup");
    expect((await run(receiver.folder, "backup", backup)).status).toBe(0);
    const place = join(disk, "place");
    for (const freeBytes of [300_000, 1_500_000]) {
      const release = fill(freeBytes);
      const { status, stdout, stderr } = await run(place, "restore", backup);
      release();
      expect([status, stdout]).toEqual([1, ""]);
      expect(stderr).toMatch(/^the disk of \S+\/place\S* is full: make room and run this again\n$/);
    }
    expect(await run(place, "restore", backup)).toMatchObject({ status: 0, stderr: "" });
    expect(contentOf(place)).toEqual(contentOf(receiver.folder));
  });
});

describe.skipIf(!canBeNobody)("without rights", () => {
  function runAsNobody(data: string, ...args: string[]) {
    const nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", EXECUTABLE];
    const options = { cwd: "/", env: { PATH: process.env.PATH ?? "", ...settingsFor(data) } };
    const { exitCode, stdout, stderr } = Bun.spawnSync([...nobody, ...args], options);
    return { status: exitCode, stdout: String(stdout), stderr: String(stderr) };
  }
  const refusal = (path: string) =>
    expect.stringMatching(new RegExp(`^${path}\\S* can't be read and written .*run this as the user`));

  test("to the data or to the folder, each command says so and what to do", async () => {
    const backup = join(root, "guarded");
    expect((await run(receiver.folder, "backup", backup)).status).toBe(0);
    chmodSync(root, 0o755);
    expect(runAsNobody(receiver.folder, "backup", join(root, "new"))).toEqual({
      status: 1,
      stdout: "",
      stderr: refusal(receiver.folder),
    });
    const own = join(root, "of-nobody");
    // The socket of the running receiver is no file to copy.
    cpSync(receiver.folder, own, { recursive: true, filter: (path) => !path.endsWith(".control") });
    expect(Bun.spawnSync(["chown", "-R", "65534", own]).exitCode).toBe(0);
    // Readable data with one file that is not: all but that is backed up.
    const guarded = recordingsIn(join(own, "audio"))[0] ?? "";
    chmodSync(guarded, 0);
    const writable = join(root, "writable");
    mkdirSync(writable);
    chmodSync(writable, 0o777);
    const { status, stdout, stderr } = runAsNobody(own, "backup", join(writable, "backup"));
    expect([status, stdout, stderr]).toEqual([
      1,
      expect.stringMatching(/^Backed up to .*[1-9] recordings/),
      expect.stringContaining(`  audio/${guarded.slice(own.length + "/audio/".length)}\n`),
    ]);

    for (const args of [
      ["backup", join(root, "new")],
      ["backup", backup],
      ["backup", "verify", backup],
      ["restore", backup, "--audio-storage-path", join(own, "none")],
    ]) {
      expect([args, runAsNobody(own, ...args)]).toEqual([
        args,
        { status: 1, stdout: "", stderr: refusal(root) },
      ]);
    }
  });
});

/** Takes all of the disk but so much; returns what gives it back. */
function fill(freeBytes: number): () => void {
  const path = join(disk, "filler");
  const file = openSync(path, "w");
  const sizes: number[] = [];
  try {
    for (;;) sizes.push(writeSync(file, new Uint8Array(4096)));
  } catch {
    // Full.
  } finally {
    closeSync(file);
  }
  Bun.spawnSync(["truncate", "-s", `-${freeBytes}`, path]);
  return () => rmSync(path);
}
