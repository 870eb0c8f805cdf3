import { errorCode, errorPath } from "./errors.ts";

const CHECK_DISK = "check the disk and the kernel's log (dmesg)";
const DAMAGED = `${CHECK_DISK} first: after a failed read the database may well be intact. If the disk is well, restore a backup, or move the database away together with its -wal file to start with an empty one`;

/** What a code means and what to do about it. A code of SQLite stands for all that begin with it. */
const meanings: readonly (readonly [codes: readonly string[], meaning: string, remedy: string])[] = [
  [["ENOSPC", "SQLITE_FULL"], "the disk is full", "make room"],
  [["EDQUOT"], "the disk quota of this user is used up", "make room, or raise the quota"],
  [
    ["EROFS"],
    "the file system is read-only",
    `mount it for writing; if it became so by itself, ${CHECK_DISK}`,
  ],
  [["EIO", "SQLITE_IOERR"], "the disk failed", `${CHECK_DISK}, then start or deliver again`],
  [
    ["EMFILE", "ENFILE"],
    "too many files are open",
    "raise the limit (LimitNOFILE= in the unit, or ulimit -n)",
  ],
  [
    ["EACCES", "EPERM", "SQLITE_READONLY", "SQLITE_PERM", "SQLITE_AUTH"],
    "this user may not do that",
    "give this user the right to write there, or name another path",
  ],
  [
    ["ENOENT", "ENOTDIR"],
    "it is missing",
    "give this user the right to write there, mount its disk, or name another path",
  ],
  [["EISDIR"], "it is a folder", "name a file in it, or move it away"],
  [["ENOMEM", "SQLITE_NOMEM"], "there is not enough memory", "free some, or raise the limit (MemoryMax=)"],
  [
    ["SQLITE_CANTOPEN"],
    "it can't be opened",
    `${CHECK_DISK}, that this user may write there, and how many files may be open`,
  ],
  [["SQLITE_BUSY", "SQLITE_LOCKED"], "another process holds it", "end the other process that writes to it"],
  [["LATE_FILES"], "too many files wait for it to take their rows", CHECK_DISK],
  [["SQLITE_CORRUPT", "SQLITE_NOTADB"], "it does not read as an intact SQLite database", DAMAGED],
];

/** A file or folder that the system or SQLite failed on. It keeps the code of what failed. */
export class FileFault extends Error {
  override readonly name = "FileFault";
  readonly code: string;

  constructor(
    readonly path: string,
    cause: unknown,
  ) {
    super(sentence(path, cause), { cause });
    this.code = errorCode(cause);
  }
}

/**
 * A service that what is stored depends on, such as a database server or a bucket, and that failed. Its texts are ours:
 * they name the service, say what is wrong and what to do, and hold no secret.
 */
export class RemoteFault extends Error {
  override readonly name: string = "RemoteFault";

  /**
   * @param what names the service, and what is wrong
   * @param code what the service or the system calls it
   * @param isTransient whether it may pass by itself
   */
  constructor(
    readonly what: string,
    readonly remedy: string,
    readonly code: string,
    readonly isTransient: boolean,
    options?: ErrorOptions,
  ) {
    super(`${what}: ${remedy}`, options);
  }
}

/** Does something with a file. @throws FileFault for whatever fails, which names the file */
export async function onFile<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw atFault(path, error);
  }
}

/** The same for what does not wait. */
export function onFileNow<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw atFault(path, error);
  }
}

/** A sentence on what failed: the path, the fault, and what to do. Never quotes a message, which may hold a payload. */
export function faultText(error: unknown): string {
  // All are texts of ours.
  if (error instanceof FileFault || error instanceof RemoteFault) return error.message;
  if (error instanceof Error && error.name === "UnsafePathError") return error.message;
  return isFault(error) ? sentence(errorPath(error), error) : errorCode(error);
}

/** What failed, with the file that it failed on; what neither the system nor SQLite says stays as it is. */
export function atFault(path: string, error: unknown): unknown {
  if (error instanceof FileFault || error instanceof RemoteFault || !isFault(error)) return error;
  return new FileFault(errorPath(error) ?? path, error);
}

/** Only what the system or SQLite says is put into our words. */
function isFault(error: unknown): boolean {
  return (
    error instanceof Error &&
    "code" in error &&
    /^(E[A-Z0-9]+|SQLITE_\w+|LATE_FILES)$/.test(String(error.code))
  );
}

/** What to do about a fault, as a sentence. */
export function remedyFor(error: unknown): string {
  const { remedy } = meaningOf(error);
  return `${remedy.charAt(0).toUpperCase()}${remedy.slice(1)}.`;
}

function sentence(path: string | null, error: unknown): string {
  const { meaning, remedy } = meaningOf(error);
  return `${path === null ? "" : `${path}: `}${meaning} (${errorCode(error)}): ${remedy}`;
}

function meaningOf(error: unknown): { meaning: string; remedy: string } {
  const code = errorCode(error);
  const known = meanings.find(([codes]) =>
    codes.some((one) => code === one || (one.startsWith("SQLITE_") && code.startsWith(one))),
  );
  const [, meaning, remedy] = known ?? [[], "the system refused it", CHECK_DISK];
  return { meaning, remedy };
}
