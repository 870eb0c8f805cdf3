import {
  chmodSync,
  closeSync,
  existsSync,
  fsyncSync,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";

const FOLDER_MODE = 0o755;

/** A file as it is to be. */
export type WantedFile = { path: string; mode: number; bytes: Uint8Array };

/** A file, and what has to be done for it. */
export type PlannedFile = WantedFile & { change: "new" | "changed" | "rights" | "same" };

/** Compares files with those that are there, below a root folder. @throws if one can't be read */
export function compareFiles(root: string, files: readonly WantedFile[]): PlannedFile[] {
  return files.map((file) => ({ ...file, change: changeFor(join(root, file.path), file) }));
}

function changeFor(path: string, { bytes, mode }: WantedFile): PlannedFile["change"] {
  if (!existsSync(path)) return "new";
  const { size, mode: found } = statSync(path);
  if (size !== bytes.byteLength || !readFileSync(path).equals(bytes)) return "changed";
  return (found & 0o777) === mode ? "same" : "rights";
}

/**
 * Writes all files that differ, each beside its place and then moved there, or none: whatever fails, all is as it was.
 *
 * @returns `undo`, which brings back what was there before, and `keep`, which forgets it; one of them has to be called
 * @throws what the system says
 */
export function replaceFiles(root: string, files: readonly PlannedFile[]) {
  const steps = files.filter(({ change }) => change !== "same").map((file) => stepFor(root, file));
  const made: string[] = [];
  const staged: typeof steps = [];
  const moved: typeof steps = [];

  function undo(): void {
    for (const { path, before } of moved.toReversed()) {
      if (isThere(before)) renameSync(before, path);
      else rmSync(path, { force: true });
    }
    for (const { next, before } of staged) for (const path of [next, before]) rmSync(path, { force: true });
    for (const folder of made.toReversed()) rmdirSync(folder);
  }

  try {
    for (const step of steps) {
      made.push(...makeFolders(dirname(step.path)));
      staged.push(step);
      writeNew(step.next, step);
    }
    for (const step of steps) {
      if (isThere(step.path)) linkSync(step.path, step.before);
      moved.push(step);
      renameSync(step.next, step.path);
    }
  } catch (error) {
    undo();
    throw error;
  }
  return { undo, keep: () => removeLeftFiles(root, files) };
}

/**
 * Removes what an install has left beside the files: one that was killed, or this one at its end. What can't be removed
 * is left to the next install: the files themselves are in their places.
 */
export function removeLeftFiles(root: string, files: readonly WantedFile[]): void {
  for (const { next, before } of files.map((file) => stepFor(root, file))) {
    for (const left of [next, before]) {
      try {
        rmSync(left, { force: true });
      } catch {
        // The file that is written there next says what is wrong.
      }
    }
  }
}

function stepFor(root: string, { path: inRoot, mode, bytes }: WantedFile) {
  const path = join(root, inRoot);
  return { path, next: `${path}.new`, before: `${path}.before`, mode, bytes };
}

function isThere(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}

/** Makes the folders that are missing and returns them, outermost first. Whatever the umask, all may look into them. */
function makeFolders(path: string): string[] {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory() === true) return [];
  const above = makeFolders(dirname(path));
  mkdirSync(path);
  chmodSync(path, FOLDER_MODE);
  return [...above, path];
}

/** Never readable to more people than `mode` says, not even for a moment. */
function writeNew(path: string, { bytes, mode }: { bytes: Uint8Array; mode: number }): void {
  const file = openSync(path, "wx", 0o600);
  try {
    writeFileSync(file, bytes);
    fsyncSync(file);
    chmodSync(path, mode);
  } finally {
    closeSync(file);
  }
}
