import { existsSync, lstatSync, realpathSync } from "node:fs";
import { join } from "node:path";
import { atFault, onFileNow } from "../../platform/faults.ts";
import { openSqlite } from "./open.ts";

/**
 * Instances that may be at work on the same data: one receives, the others are its predecessors, which finish what was in
 * flight when they handed over.
 */
const INSTANCES_MAX = 4;

/** Another process holds the data. */
export class DataLockedError extends Error {
  override readonly name = "DataLockedError";
}

/** What a refusal says. */
type Words = { inUse: string; tooMany: string };

/**
 * Takes the data for this process, by each of its names: that of a database that a symlink leads to is the one by which
 * others may open it. There is a lock for each instance that may be at work at once, so that an instance and
 * its successor never have to let go of one for the other to take it.
 *
 * @param isShared a predecessor is handing over to this process: any of the locks will do. Otherwise all have to be free.
 * @returns a function that frees it
 * @throws DataLockedError if another instance has it
 */
export function lockData(databasePath: string, { isShared = false } = {}): () => void {
  const words = {
    inUse: `another instance is running on ${databasePath}: stop it, or give this one a TRANSCRIPT_STORAGE_PATH of its own`,
    tooMany: `${INSTANCES_MAX} instances are still at work on ${databasePath}: wait until one of them has finished`,
  };
  const unlocks: (() => void)[] = [];
  const unlock = () => unlocks.forEach((one) => one());
  try {
    for (const path of new Set([databasePath, realPath(databasePath)]))
      unlocks.push(lockOneOf(`${path}.lock`, isShared, words));
  } catch (error) {
    unlock();
    throw error;
  }
  return unlock;
}

/** The name without a symlink at its end. */
function realPath(path: string): string {
  const isLink = lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true;
  return isLink && existsSync(path) ? realpathSync(path) : path;
}

/** The same for the folder of the recordings, which a copy of the database may name too. */
export function lockRecordings(folder: string, { isShared = false } = {}): () => void {
  return lockOneOf(join(folder, ".owner.lock"), isShared, {
    inUse: `another receiver is at work on the recordings in ${folder}: stop it, or give this one an AUDIO_STORAGE_PATH of its own`,
    tooMany: `${INSTANCES_MAX} instances are still at work on the recordings in ${folder}: wait until one of them has finished`,
  });
}

function lockOneOf(first: string, isShared: boolean, { inUse, tooMany }: Words): () => void {
  const paths = Array.from(
    { length: INSTANCES_MAX },
    (_, index) => `${first}${index === 0 ? "" : index + 1}`,
  );
  if (isShared) return lockAny(paths, tooMany);

  const [own = "", ...others] = paths;
  const unlock = takeLock(own);
  if (unlock !== null && others.every(isFree)) return unlock;
  unlock?.();
  throw new DataLockedError(inUse);
}

function lockAny(paths: readonly string[], tooMany: string): () => void {
  for (const path of paths) {
    const unlock = takeLock(path);
    if (unlock !== null) return unlock;
  }
  throw new DataLockedError(tooMany);
}

function isFree(path: string): boolean {
  if (!existsSync(path)) return true;
  const unlock = takeLock(path);
  unlock?.();
  return unlock !== null;
}

/**
 * Takes a lock, making its file if there is none. SQLite's own file lock serves: the system frees it when the process
 * ends, however it ends, and nothing has to be guessed from a stale file.
 *
 * @returns a function that frees it; null if another process has it
 */
export function takeLock(path: string): (() => void) | null {
  const lock = onFileNow(path, () => openSqlite(path, "lock"));
  try {
    lock.run("BEGIN EXCLUSIVE");
  } catch (error) {
    lock.close();
    if (error instanceof Error && "code" in error && String(error.code).startsWith("SQLITE_BUSY"))
      return null;
    throw atFault(path, error);
  }
  return () => lock.close();
}
