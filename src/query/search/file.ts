import type { Database } from "bun:sqlite";
import { existsSync, unlinkSync } from "node:fs";
import { errorCode } from "../../platform/errors.ts";
import { openSqlite } from "../../store/sqlite/open.ts";
import { TOKENIZER } from "./text.ts";

/** Of the tables below: a file of another version is rebuilt. */
const VERSION = 2;

const DAMAGE_CODES = ["SQLITE_CORRUPT", "SQLITE_NOTADB"];

// A document's id grows with the time of its conversation's start (see documents.ts): FTS5 walks through ids in order,
// newest first, and reads nothing but what a page shows. `texts` has its own `secure-delete` since the pragma leaves
// words in its tables.
const SCHEMA = `
CREATE TABLE state (
  event_id INTEGER NOT NULL, event_sha256 TEXT, reprocessed_count INTEGER NOT NULL
) STRICT;
INSERT INTO state VALUES (0, NULL, 0);
CREATE TABLE documents (
  id INTEGER PRIMARY KEY, conversation_id TEXT NOT NULL UNIQUE, digest TEXT NOT NULL, started_at INTEGER
) STRICT;
CREATE VIRTUAL TABLE texts USING fts5 (
  title, summary, turns, facets, ${TOKENIZER}, prefix = '2 3'
);
INSERT INTO texts (texts, rank) VALUES ('secure-delete', 1);
PRAGMA user_version = ${VERSION};
`;

/** Where the index of a database is. */
export function indexPath(databasePath: string): string {
  return `${databasePath}.search`;
}

/**
 * Opens the file of the index, or rebuilds it if it is missing, damaged, or of another version.
 *
 * @param belongs whether it was made from the database beside it
 */
export function openIndexFile(
  path: string,
  belongs: (sqlite: Database) => boolean,
): { sqlite: Database; isNew: boolean } {
  const existing = openIntact(path, belongs);
  if (existing !== null) return { sqlite: existing, isNew: false };
  removeIndexFile(path);
  const sqlite = openSqlite(path, "index");
  sqlite.transaction(() => sqlite.run(SCHEMA)).immediate();
  return { sqlite, isNew: true };
}

/** All that is in it can be read again out of the events. */
export function removeIndexFile(path: string): void {
  for (const ending of ["", "-wal", "-shm"]) {
    // Not by `rmSync`, which the runtime has report EIO and ENOSPC as EFAULT.
    if (existsSync(path + ending)) unlinkSync(path + ending);
  }
}

/** True if SQLite says that the file is not an intact database. */
export function isDamaged(error: unknown): boolean {
  return DAMAGE_CODES.some((code) => errorCode(error).startsWith(code));
}

/** True if another process has not let go of the file in time. */
export function isBusy(error: unknown): boolean {
  return errorCode(error).startsWith("SQLITE_BUSY");
}

function openIntact(path: string, belongs: (sqlite: Database) => boolean): Database | null {
  let sqlite: Database | null = null;
  try {
    sqlite = openSqlite(path, "index");
    const version = Number(sqlite.query("PRAGMA user_version").values()[0]?.[0]);
    sqlite.query("SELECT rowid FROM texts LIMIT 1").values();
    if (version === VERSION && belongs(sqlite)) return sqlite;
  } catch (error) {
    // Tables that are missing are a plain error.
    if (!isDamaged(error) && errorCode(error) !== "SQLITE_ERROR") throw error;
  }
  sqlite?.close();
  return null;
}
