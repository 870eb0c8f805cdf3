import type { Database } from "bun:sqlite";
import { existsSync } from "node:fs";
import { openSqlite, userVersion } from "../../store/sqlite/open.ts";

/** Of the tables below. */
const VERSION = 1;

// `parked` holds ids of events only: what is sent is read when it is sent. `announcements` holds the ids of erased
// conversations until each destination has confirmed, and `traces` says that some were deleted and not yet overwritten.
const SCHEMA = `
CREATE TABLE destinations (
  name TEXT NOT NULL PRIMARY KEY,
  data_id TEXT NOT NULL,
  event_id INTEGER NOT NULL,
  reprocessed_count INTEGER NOT NULL,
  generation INTEGER NOT NULL DEFAULT 0,
  stopped TEXT,
  succeeded_at INTEGER,
  failing_since INTEGER,
  removed_at INTEGER
) STRICT;
CREATE TABLE parked (
  destination TEXT NOT NULL,
  event_id INTEGER NOT NULL,
  attempts INTEGER NOT NULL,
  due_at INTEGER,
  problem TEXT,
  parked_at INTEGER NOT NULL,
  PRIMARY KEY (destination, event_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX parked_due ON parked (destination, due_at);
CREATE TABLE announcements (
  destination TEXT NOT NULL,
  conversation_id TEXT NOT NULL,
  erased_at INTEGER NOT NULL,
  attempts INTEGER NOT NULL DEFAULT 0,
  due_at INTEGER NOT NULL,
  PRIMARY KEY (destination, conversation_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX announcements_due ON announcements (destination, due_at);
CREATE TABLE traces (left INTEGER NOT NULL) STRICT;
INSERT INTO traces VALUES (0);
PRAGMA user_version = ${VERSION};
`;

/** Where it is kept how far each destination has been sent the events of a database. */
export function forwardPath(databasePath: string): string {
  return `${databasePath}.forward`;
}

/** Whether there is such a file: without one nothing was ever forwarded. */
export function hasForwardFile(databasePath: string): boolean {
  return existsSync(forwardPath(databasePath));
}

/** The file was made by a newer version of the program, or is not one of ours. */
export class ForwardFileError extends Error {
  override readonly name = "ForwardFileError";
}

/**
 * Opens the file, or creates it. Several processes may: the thread that forwards, and commands beside it.
 *
 * @throws ForwardFileError; SQLiteError
 */
export function openForwardFile(databasePath: string): Database {
  const path = forwardPath(databasePath);
  const sqlite = openSqlite(path, "forward", (file) => refuseOthers(file, path));
  try {
    sqlite
      .transaction(() => {
        if (userVersion(sqlite) === 0) sqlite.run(SCHEMA);
      })
      .immediate();
    return sqlite;
  } catch (error) {
    sqlite.close();
    throw error;
  }
}

/** Works on the file through a connection of its own. */
export function withForwardFile<T>(databasePath: string, work: (sqlite: Database) => T): T {
  const sqlite = openForwardFile(databasePath);
  try {
    return work(sqlite);
  } finally {
    sqlite.close();
  }
}

function refuseOthers(sqlite: Database, path: string): void {
  const version = userVersion(sqlite);
  if (version > VERSION) {
    throw new ForwardFileError(
      `${path} was made by a newer version of the program: run that one, or move the file away to begin at the newest event`,
    );
  }
  const tables = sqlite.query("SELECT 1 FROM sqlite_schema WHERE name = 'destinations'").get();
  const other = sqlite.query("SELECT 1 FROM sqlite_schema LIMIT 1").get();
  if (version === 0 && other !== null && tables === null) {
    throw new ForwardFileError(`${path} is the database of another program: move it away`);
  }
}
