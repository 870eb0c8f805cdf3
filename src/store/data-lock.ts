import { Database } from "bun:sqlite";

/** Another process holds the data. */
export class DataLockedError extends Error {
  override readonly name = "DataLockedError";
}

/**
 * Takes the data for this process.
 *
 * @returns a function that frees it
 * @throws DataLockedError where another instance has it
 */
export function lockData(databasePath: string): () => void {
  const unlock = takeLock(`${databasePath}.lock`);
  if (unlock !== null) return unlock;
  throw new DataLockedError(
    `another instance is running on ${databasePath}: stop it, or give this one a TRANSCRIPT_STORAGE_PATH of its own`,
  );
}

/**
 * Takes a lock, making its file where there is none. SQLite's own file lock serves: the system frees it when the process
 * ends, however it ends, and nothing has to be guessed from a stale file.
 *
 * @returns a function that frees it; null where another process has it
 */
export function takeLock(path: string): (() => void) | null {
  const lock = new Database(path, { create: true, readwrite: true });
  try {
    lock.run("PRAGMA locking_mode = EXCLUSIVE");
    lock.run("BEGIN EXCLUSIVE");
  } catch (error) {
    lock.close();
    if (error instanceof Error && "code" in error && String(error.code).startsWith("SQLITE_BUSY"))
      return null;
    throw error;
  }
  return () => lock.close();
}
