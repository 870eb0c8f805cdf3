import { errorCode } from "../platform/errors.ts";
import { DataLockedError } from "../store/sqlite/data-lock.ts";
import { SchemaError } from "../store/sqlite/database.ts";

/** Why something can't be backed up, checked or restored, in words for people, with what to do. */
export class BackupError extends Error {
  override readonly name = "BackupError";

  /** @param isOfUse whether what was asked for makes no sense, whatever the state of the data */
  constructor(
    message: string,
    readonly isOfUse = false,
  ) {
    super(message);
  }
}

export function diskFull(path: string): BackupError {
  return new BackupError(`the disk of ${path} is full: make room and run this again`);
}

const FULL = ["ENOSPC", "EDQUOT", "SQLITE_FULL"];
const FORBIDDEN = ["EACCES", "EPERM", "EROFS", "SQLITE_READONLY", "SQLITE_CANTOPEN", "SQLITE_PERM"];
const DAMAGED = ["SQLITE_NOTADB", "SQLITE_CORRUPT"];

/**
 * Runs a part of the work in which only this path is touched, so that what the system says of it can be explained.
 *
 * @throws BackupError if the disk is full, the path forbidden or the database damaged
 */
export async function workingOn<T>(path: string, work: () => T | Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof BackupError) throw error;
    if (error instanceof SchemaError || error instanceof DataLockedError)
      throw new BackupError(error.message);
    const code = errorCode(error);
    const isOneOf = (codes: readonly string[]) => codes.some((known) => code.startsWith(known));
    if (isOneOf(FULL)) throw diskFull(path);
    if (isOneOf(FORBIDDEN)) {
      const forbidden =
        error instanceof Error && "path" in error && typeof error.path === "string" ? error.path : path;
      throw new BackupError(
        `${forbidden} can't be read and written (${code}): run this as the user that the receiver runs as, or give that user the right`,
      );
    }
    if (isOneOf(DAMAGED))
      throw new BackupError(
        `${path} is not an intact SQLite database: see what "elevenlabs-webhook check" says, and restore a backup`,
      );
    throw new BackupError(
      `${path}: ${error instanceof Error ? error.message : code}: look at its disk and run this again`,
    );
  }
}
