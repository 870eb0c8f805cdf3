import type { Database } from "bun:sqlite";
import { closeSync, fsyncSync, openSync, renameSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import { drizzle } from "drizzle-orm/bun-sqlite";
import type { BunSQLiteDatabase } from "drizzle-orm/bun-sqlite";
import { openSqlite, userVersion } from "./open.ts";
import initial from "./migrations/0001-initial.sql" with { type: "text" };
import erasures from "./migrations/0002-erasures.sql" with { type: "text" };
import eventIndexes from "./migrations/0003-events.sql" with { type: "text" };
import conversationsByStart from "./migrations/0004-conversations-by-start.sql" with { type: "text" };
import state from "./migrations/0005-state.sql" with { type: "text" };
import recovery from "./migrations/0006-recovery.sql" with { type: "text" };

/** One step of the schema. */
export type Migration = {
  sql: string;
  /**
   * What becomes of a program that does not know this step. "go on": it may write beside and after it, as is so when
   * tables, indexes and columns that may be NULL or have a default are added and nothing else. "stop": it must not, so that an upgrade
   * first lets it finish, and a way back needs the copy made before.
   */
  olderPrograms: "go on" | "stop";
};

/** In order; `user_version` counts those applied. */
const schemaMigrations: readonly Migration[] = [
  { sql: initial, olderPrograms: "stop" },
  // One that does not know it would bring back what was erased.
  { sql: erasures, olderPrograms: "stop" },
  // One that does not know it leaves out which conversations wait for their recording.
  { sql: eventIndexes, olderPrograms: "stop" },
  { sql: conversationsByStart, olderPrograms: "go on" },
  { sql: state, olderPrograms: "go on" },
  // What one that does not know it stores was delivered, as the column says then.
  { sql: recovery, olderPrograms: "go on" },
];

/** The schema of this version of the program. */
export const schemaVersion = schemaMigrations.length;

export type OpenOptions = { isShared?: boolean; migrations?: readonly Migration[] };

export type Orm = BunSQLiteDatabase;

/** A database that this program must not touch: made by a newer version, or not ours at all. */
export class SchemaError extends Error {
  override readonly name = "SchemaError";
}

/** The schema has to change in a way that the instance which is still at work on the data can't go on beside. */
export class PredecessorInTheWayError extends Error {
  override readonly name = "PredecessorInTheWayError";
}

/**
 * Opens or creates the database and brings its schema up to date, after a copy of what is there.
 *
 * @param isShared a predecessor of perhaps an older version is still writing to it
 * @param migrations others in tests
 * @throws SchemaError if the database is newer than this program and it may not write there;
 *   PredecessorInTheWayError; SQLiteError if it can't be opened or written
 */
export function openDatabase(
  path: string,
  { isShared = false, migrations = schemaMigrations }: OpenOptions = {},
): { sqlite: Database; orm: Orm } {
  const refuseForeign = (sqlite: Database): void => {
    const schema = userVersion(sqlite);
    if (schema > migrations.length && oldestWriter(sqlite, schema) > migrations.length) {
      throw new SchemaError(
        `${path} has schema ${schema}, this version of the program knows ${migrations.length}: ` +
          `run the newer version, or restore the copy made before the upgrade, ${copyPath(path, schema)}`,
      );
    }
    if (schema === 0 && hasTables(sqlite)) {
      throw new SchemaError(`${path} is the database of another program: name another file`);
    }
    if (isShared && migrations.slice(schema).some(({ olderPrograms }) => olderPrograms === "stop")) {
      throw new PredecessorInTheWayError(`schema ${migrations.length} can't be used by an older version`);
    }
  };
  const sqlite = openSqlite(path, "receiver", refuseForeign);
  try {
    const schema = userVersion(sqlite);
    if (schema > 0 && schema < migrations.length) copyDatabase(sqlite, copyPath(path, migrations.length));
    migrate(sqlite, migrations, schema);
  } catch (error) {
    sqlite.close();
    throw error;
  }
  return { sqlite, orm: drizzle({ client: sqlite }) };
}

/** Where the database is copied to before it gets a schema. */
function copyPath(path: string, schema: number): string {
  return `${path}.before-schema-${schema}`;
}

/** Copies a database; the copy is complete and on disk when it has its name. */
function copyDatabase(sqlite: Database, path: string): void {
  const unfinished = `${path}.tmp`;
  rmSync(unfinished, { force: true });
  try {
    sqlite.query("VACUUM INTO ?").run(unfinished);
    syncNow(unfinished);
    renameSync(unfinished, path);
    syncNow(dirname(path));
  } finally {
    rmSync(unfinished, { force: true });
  }
}

function syncNow(path: string): void {
  const descriptor = openSync(path, "r");
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** Gives an empty database one of the schemas that this program knows. */
export function migrateEmpty(sqlite: Database, schema: number): void {
  migrate(sqlite, schemaMigrations.slice(0, schema), 0);
}

function migrate(sqlite: Database, migrations: readonly Migration[], from: number): void {
  // Newer than this program, and made so that it may write all the same.
  if (from >= migrations.length) return;
  sqlite
    .transaction(() => {
      for (const { sql } of migrations.slice(from)) sqlite.run(sql);
      sqlite.run(`PRAGMA user_version = ${migrations.length}`);
      writeOldestWriter(sqlite, migrations);
    })
    .immediate();
}

/** The least schema that a program has to know to write here, if that is not the newest: see `oldestWriter`. */
function writeOldestWriter(sqlite: Database, migrations: readonly Migration[]): void {
  const oldest = 1 + migrations.findLastIndex(({ olderPrograms }) => olderPrograms === "stop");
  sqlite.run("DROP TABLE IF EXISTS schema_compatibility");
  if (oldest === migrations.length) return;
  sqlite.run("CREATE TABLE schema_compatibility (oldest_writer INTEGER NOT NULL) STRICT");
  sqlite.query("INSERT INTO schema_compatibility VALUES (?)").run(oldest);
}

/**
 * The least schema that a program has to know to write to a database: what an older one reads before it refuses to.
 *
 * @param schema of the database, which counts if it says nothing else
 */
export function oldestWriter(sqlite: Database, schema: number): number {
  const isTold =
    sqlite.query("SELECT 1 FROM sqlite_schema WHERE name = 'schema_compatibility'").get() !== null;
  if (!isTold) return schema;
  return Number(sqlite.query("SELECT oldest_writer FROM schema_compatibility").values()[0]?.[0] ?? schema);
}

function hasTables(sqlite: Database): boolean {
  return sqlite.query("SELECT 1 FROM sqlite_schema LIMIT 1").values().length > 0;
}
