import type { Migration } from "../sqlite/database.ts";
import { lockSql } from "./locks.ts";
import type { Pool, Query, QueryOptions } from "./pool.ts";
import initial from "./migrations/0001-initial.sql" with { type: "text" };
import search from "./migrations/0002-search.sql" with { type: "text" };
import forward from "./migrations/0003-forward.sql" with { type: "text" };

/** In order; `schema_version` counts those applied. What "go on" and "stop" mean: see sqlite/database.ts. */
const schemaMigrations: readonly Migration[] = [
  { sql: initial, olderPrograms: "stop" },
  { sql: search, olderPrograms: "go on" },
  { sql: forward, olderPrograms: "go on" },
];

export const schemaVersion = schemaMigrations.length;

/** The least version of the server: the first one that compresses by lz4. */
export const SERVER_VERSION_MIN = 140_000;
/** As long as a start may wait for others that change the schema, and change it. */
const MIGRATION_MS_MAX = 600_000;
/** How long after its last heartbeat an instance counts as running. */
export const INSTANCE_MS_MAX = 30_000;

/** A database that this program must not touch. */
export class PostgresSchemaError extends Error {
  override readonly name = "SchemaError";
}

/** The server's clock, in Unix ms: those of the instances may differ. */
const NOW_MS = "(extract(epoch FROM clock_timestamp()) * 1000)::bigint";

/**
 * Brings the schema up to date, one instance at a time, and enters this one among those that run.
 *
 * @param migrations others in tests
 * @throws PostgresSchemaError; PostgresFault
 */
export async function migrate(
  pool: Pool,
  { instanceId, migrations = schemaMigrations }: { instanceId: string; migrations?: readonly Migration[] },
): Promise<void> {
  await pool.transaction(
    async (query) => {
      await query(lockSql("migrations"));
      const schema = await versionOf(query, pool.where);
      const { version, oldestWriter } = schema;
      const known = migrations.length;
      if (oldestWriter > known) {
        throw new PostgresSchemaError(
          `${pool.where}: it has schema ${version}, this version of the program knows ${known}: run the newer version`,
        );
      }
      const missing = migrations.slice(version);
      if (version > 0 && missing.some(({ olderPrograms }) => olderPrograms === "stop"))
        await refuseBeside(query, pool.where, known);
      for (const { sql } of missing) await query(sql);
      const oldest = 1 + migrations.findLastIndex(({ olderPrograms }) => olderPrograms === "stop");
      if (missing.length > 0)
        await query("UPDATE schema_version SET version = $1, oldest_writer = $2", [known, oldest]);
      await query(
        `INSERT INTO instances (id, schema, started_at, seen_at) VALUES ($1, $2, ${NOW_MS}, ${NOW_MS})
         ON CONFLICT (id) DO UPDATE SET schema = excluded.schema, seen_at = excluded.seen_at`,
        [instanceId, known],
      );
      await query(`DELETE FROM instances WHERE seen_at < ${NOW_MS} - 86400000`);
    },
    { deadlineMs: MIGRATION_MS_MAX },
  );
}

/**
 * Says that this instance runs, which is a write as well.
 *
 * @returns whether it may go on to write: false if a newer version has changed the schema in a way that it does not know
 */
export async function beat(query: Query, instanceId: string, options: QueryOptions): Promise<boolean> {
  const known = schemaMigrations.length;
  const rows = await query<{ oldest: number }>(
    `WITH beat AS (
       INSERT INTO instances (id, schema, started_at, seen_at) VALUES ($1, $2::bigint, ${NOW_MS}, ${NOW_MS})
       ON CONFLICT (id) DO UPDATE SET seen_at = excluded.seen_at
     )
     SELECT oldest_writer AS oldest FROM schema_version`,
    [instanceId, known],
    options,
  );
  return (rows[0]?.oldest ?? 0) <= known;
}

/** This instance stops. */
export async function leave(query: Query, instanceId: string): Promise<void> {
  await query("DELETE FROM instances WHERE id = $1", [instanceId]);
}

async function versionOf(query: Query, where: string): Promise<{ version: number; oldestWriter: number }> {
  const [server] = await query<{ number: string; hasOurs: boolean; hasOthers: boolean }>(
    `SELECT current_setting('server_version_num') AS number, to_regclass('schema_version') IS NOT NULL AS "hasOurs",
       to_regclass('events') IS NOT NULL OR to_regclass('conversations') IS NOT NULL AS "hasOthers"`,
  );
  if (Number(server?.number) < SERVER_VERSION_MIN)
    throw new PostgresSchemaError(`${where}: this program needs Postgres 14 or later: upgrade the server`);
  if (server?.hasOurs !== true && server?.hasOthers === true)
    throw new PostgresSchemaError(`${where}: it holds tables of another program: name another database`);
  if (server?.hasOurs !== true) {
    await query(`
      CREATE TABLE schema_version (version bigint NOT NULL, oldest_writer bigint NOT NULL);
      INSERT INTO schema_version VALUES (0, 0);
      CREATE TABLE instances (
        id text PRIMARY KEY,
        schema bigint NOT NULL,
        started_at bigint NOT NULL,
        seen_at bigint NOT NULL
      )`);
  }
  const [row] = await query<{ version: number; oldestWriter: number }>(
    `SELECT version, oldest_writer AS "oldestWriter" FROM schema_version`,
  );
  return row ?? { version: 0, oldestWriter: 0 };
}

/** @throws PostgresSchemaError while older versions run, which could not go on */
async function refuseBeside(query: Query, where: string, known: number): Promise<void> {
  const [older] = await query<{ count: number }>(
    `SELECT count(*) AS count FROM instances WHERE schema < $1::bigint AND seen_at > ${NOW_MS} - ${INSTANCE_MS_MAX}`,
    [known],
  );
  if ((older?.count ?? 0) === 0) return;
  throw new PostgresSchemaError(
    `${where}: schema ${known} can't be used by an older version, and ${older?.count} instances of one are at work: ` +
      "stop them, wait half a minute, and start again",
  );
}
