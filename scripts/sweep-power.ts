// A loss of power after each flush: what was written and not flushed is gone. The tracer stops at every flush; what has
// been flushed until then is put together as the disk would have it, and a receiver is started on it.
import { execFileSync } from "node:child_process";
import {
  closeSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
  createReadStream,
} from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { copyOf, scenarios } from "./sweep-scenarios.ts";
import type { Ledger } from "./sweep-ledger.ts";
import { judgeNextStart } from "./sweep-judge.ts";
import { surroundings, workFolder } from "./sweep-program.ts";

/** What is on disk: the content of files by inode as it was when they were last flushed, and the names in folders. */
type Disk = {
  contents: Map<number, Buffer>;
  names: Map<number, Map<string, { inode: number; isFolder: boolean }>>;
};

/** Runs the life of a receiver with a stop at each flush, then starts one on every state of the disk. */
export async function losePower(): Promise<{ points: number; complaints: string[] }> {
  const life = scenarios.find(({ name }) => name === "life");
  if (life === undefined) throw new Error('there is no scenario "life"');
  const folder = join(workFolder, "run");
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder);
  const told = join(workFolder, "told");
  const go = join(workFolder, "go");
  execFileSync("mkfifo", [told, go]);

  const disk: Disk = { contents: new Map(), names: new Map() };
  const states: { folder: string; ledger: Ledger }[] = [];
  const ledger: Ledger = { sent: [], erasures: new Map() };
  const following = followFlushes(told, go, async (when, path) => {
    if (when === "after") return flush(disk, path);
    // Answers that were sent before this flush are read first.
    await Bun.sleep(5);
    const state = join(workFolder, `state-${states.length}`);
    putTogether(disk, statSync(folder).ino, state);
    states.push({ folder: state, ledger: copyOf(ledger) });
  });
  const complaints: string[] = [];
  const log = join(workFolder, "power.log");
  const tracing = { fault: null, log, more: ["-c", "s", "-f", told, "-g", go] };
  await life.run(folder, ledger, tracing, (text) => complaints.push(`power, without a loss: ${text}`));
  await following;
  for (const [index, state] of states.entries()) {
    // Under the same path: temporary files know their owner by it.
    rmSync(folder, { recursive: true, force: true });
    renameSync(state.folder, folder);
    await judgeNextStart(surroundings(folder), state.ledger, (text) =>
      complaints.push(`power lost before flush ${index + 1}: ${text}`),
    );
  }
  return { points: states.length, complaints };
}

async function followFlushes(
  told: string,
  go: string,
  meet: (when: string, path: string) => Promise<void> | void,
): Promise<void> {
  const input = createReadStream(told);
  const answer = openSync(go, "r+");
  for await (const line of createInterface({ input })) {
    const [, when = "", path = ""] = /^(\w+) (.*)$/.exec(line) ?? [];
    await meet(when, path);
    writeSync(answer, "x");
  }
  closeSync(answer);
}

/** A file or a folder has reached the disk, as it is now. */
function flush(disk: Disk, path: string): void {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined) return;
  if (!found.isDirectory()) {
    disk.contents.set(found.ino, readFileSync(path));
    return;
  }
  const names = new Map<string, { inode: number; isFolder: boolean }>();
  for (const entry of readdirSync(path, { withFileTypes: true })) {
    const inode = statSync(join(path, entry.name), { throwIfNoEntry: false })?.ino;
    if (inode !== undefined && !entry.isSocket())
      names.set(entry.name, { inode, isFolder: entry.isDirectory() });
  }
  disk.names.set(found.ino, names);
}

/** What a start after the loss would find: names that were flushed, with the content that was flushed. */
function putTogether(disk: Disk, inode: number, folder: string): void {
  mkdirSync(folder, { recursive: true });
  for (const [name, entry] of disk.names.get(inode) ?? []) {
    // It is memory that several processes share, and made again from the log.
    if (name.endsWith("-shm")) continue;
    if (entry.isFolder) putTogether(disk, entry.inode, join(folder, name));
    else writeFileSync(join(folder, name), disk.contents.get(entry.inode) ?? "");
  }
}
