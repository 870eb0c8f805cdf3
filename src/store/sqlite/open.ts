import { Database } from "bun:sqlite";
import { realpathSync } from "node:fs";
import { onFile } from "../../platform/faults.ts";
import { fileBytes } from "../../platform/files.ts";

/** What a connection is for. */
type Role =
  /** Stores what is delivered. */
  | "receiver"
  /** Changes a database beside the receiver: short transactions, and not for long in each other's way. */
  | "eraser"
  /** Answers queries beside the receiver. */
  | "reader"
  /** Changes a database that was just copied, and that nobody else knows: it is copied again if this is interrupted. */
  | "copy"
  /** Looks at a database that may come from anybody. */
  | "inspector"
  /** The search index, which can be made again. */
  | "index"
  /** What is forwarded: written beside what is stored, and repeated after a power failure. */
  | "forward"
  /** Holds a lock, and nothing else. */
  | "lock"
  /** In memory. */
  | "scratch";

/** How a pragma is set, and what SQLite must answer when asked for it afterwards: it does not refuse what it can't do. */
type Pragma = readonly [name: string, set: string, readBack?: string | number];

/** SQLite's defaults differ. */
const durable: readonly Pragma[] = [
  ["journal_mode", "WAL", "wal"],
  // A commit has reached the disk when it returns.
  ["synchronous", "FULL", 2],
  ["foreign_keys", "ON", 1],
  // What is erased is overwritten, as far as SQLite does it: see scrub.ts.
  ["secure_delete", "ON", 1],
];

const existing = { readwrite: true, create: false, strict: true };
const created = { readwrite: true, create: true, strict: true };

const roles: Record<
  Role,
  { options: typeof created | { readonly: true; strict: true }; pragmas: readonly Pragma[] }
> = {
  receiver: {
    options: created,
    pragmas: [
      // Of an existing file it is what that was created with, which only costs speed: not read back.
      ["page_size", "8192"],
      ...durable,
      ["busy_timeout", "5000", 5000],
      // Pages of 8 KiB: the log is copied back at 4 MiB, and does not keep more than 64 MiB of disk afterwards.
      ["wal_autocheckpoint", "500", 500],
      ["journal_size_limit", "67108864", 67_108_864],
    ],
  },
  eraser: { options: existing, pragmas: [["busy_timeout", "1000"], ...durable] },
  copy: {
    options: existing,
    // No file beside it that could be taken for the log of the next copy.
    pragmas: [
      ["journal_mode", "MEMORY", "memory"],
      ["synchronous", "EXTRA", 3],
      ["secure_delete", "ON", 1],
      ["trusted_schema", "OFF"],
    ],
  },
  // Opened for writing, which SQLite needs to read a log that nobody else has open.
  reader: {
    options: existing,
    pragmas: [
      ["busy_timeout", "5000"],
      ["query_only", "ON"],
    ],
  },
  inspector: {
    options: { readonly: true, strict: true },
    pragmas: [
      ["busy_timeout", "5000"],
      // A database from elsewhere must not have us call functions from its views and indexes.
      ["trusted_schema", "OFF"],
    ],
  },
  index: {
    options: created,
    pragmas: [
      ["journal_mode", "WAL"],
      // What a power failure takes away is indexed again.
      ["synchronous", "NORMAL"],
      // Another process holds it for some tens of milliseconds at a time.
      ["busy_timeout", "1000"],
      ["journal_size_limit", "67108864"],
      // Whatever is deleted is overwritten, and nothing is spilled into other files.
      ["secure_delete", "ON"],
      ["temp_store", "MEMORY"],
      ["cache_size", "-8192"],
    ],
  },
  forward: {
    options: created,
    pragmas: [
      ["journal_mode", "WAL", "wal"],
      // What a power failure takes away is sent once more.
      ["synchronous", "NORMAL"],
      ["busy_timeout", "5000", 5000],
      ["journal_size_limit", "1048576"],
      ["secure_delete", "ON", 1],
      ["temp_store", "MEMORY"],
      ["cache_size", "-1024"],
    ],
  },
  lock: { options: created, pragmas: [["locking_mode", "EXCLUSIVE"]] },
  scratch: { options: created, pragmas: [] },
};

/**
 * Opens a database the way that its use needs.
 *
 * @param inspect looks at it before anything is set, which may change the file
 * @throws what `inspect` throws; SQLiteError
 */
export function openSqlite(
  path: string,
  role: Role,
  inspect: (sqlite: Database) => void = () => {},
): Database {
  const { options, pragmas } = roles[role];
  const sqlite = new Database(path, options);
  try {
    inspect(sqlite);
    for (const pragma of pragmas) apply(sqlite, pragma);
    return sqlite;
  } catch (error) {
    sqlite.close();
    throw error;
  }
}

function apply(sqlite: Database, [name, set, readBack]: Pragma): void {
  sqlite.run(`PRAGMA ${name} = ${set}`);
  if (readBack === undefined) return;
  const value = sqlite.query(`PRAGMA ${name}`).values()[0]?.[0];
  if (value !== readBack) throw new Error(`SQLite answers ${String(value)} to PRAGMA ${name} = ${set}`);
}

/**
 * Works on a database through a connection of its own: the one that receives then sees from the changes of this one that
 * the pages it has in memory are old.
 *
 * @param path of a database of any of our schemas
 * @throws FileFault if SQLite or the system fails
 */
export function withDatabase<T>(path: string, work: (sqlite: Database) => T | Promise<T>): Promise<T> {
  return onFile(path, async () => {
    const sqlite = openSqlite(path, "eraser");
    try {
      return await work(sqlite);
    } finally {
      sqlite.close();
    }
  });
}

/** Bytes of a database's write-ahead log; null if there is none. */
export function logBytes(path: string): number | null {
  // SQLite keeps it beside the file that a symlink leads to.
  return fileBytes(`${realpathSync(path)}-wal`);
}

/** The version of SQLite that is compiled in. */
export function sqliteVersion(): string {
  const sqlite = openSqlite(":memory:", "scratch");
  try {
    return String(sqlite.query("SELECT sqlite_version()").values()[0]?.[0]);
  } finally {
    sqlite.close();
  }
}

/** The schema that a database has; 0 if it has none of ours. */
export function userVersion(sqlite: Database): number {
  return Number(sqlite.query("PRAGMA user_version").values()[0]?.[0]);
}
