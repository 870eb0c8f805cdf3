import { describe, expect, test } from "bun:test";
import { callFailureColumns } from "../../src/model/call-failure.ts";
import type { Column, Columns } from "../../src/model/columns.ts";
import { conversationColumns } from "../../src/model/conversation.ts";
import { eventColumns } from "../../src/model/event.ts";
import { lockSql } from "../../src/store/postgres/locks.ts";
import { migrate } from "../../src/store/postgres/migrate.ts";
import { PostgresFault } from "../../src/store/postgres/fault.ts";
import { openPool } from "../../src/store/postgres/pool.ts";
import type { Pool } from "../../src/store/postgres/pool.ts";
import { hasPostgres, sharedPostgres } from "../helpers/postgres.ts";

const server = sharedPostgres();

async function withPool<T>(url: string, work: (pool: Pool) => Promise<T>): Promise<T> {
  const pool = openPool({ url, connectionsMax: 3 });
  try {
    return await work(pool);
  } finally {
    await pool.close();
  }
}

const fresh = async () => (await server()).createDatabase();
const faultOf = async (work: Promise<unknown>): Promise<PostgresFault> => {
  const error = await work.then(
    () => null,
    (caught: unknown) => caught,
  );
  if (!(error instanceof PostgresFault)) throw new Error(`no fault of Postgres: ${String(error)}`);
  return error;
};

describe.skipIf(!hasPostgres("the connections to Postgres"))("connections", () => {
  test("give int8 as numbers, and bytes as they are", async () => {
    await withPool(await fresh(), async (pool) => {
      const bytes = new Uint8Array([0, 255, 128, 10]);
      const [row] = await pool.query<{ big: number; bytes: Uint8Array; none: null }>(
        "SELECT $1::bigint AS big, $2::bytea AS bytes, $3::text AS none",
        [2 ** 40, bytes, null],
      );
      expect(row).toEqual({ big: 2 ** 40, bytes: Buffer.from(bytes), none: null });
    });
  });

  test("say what a fault is, and where, without the password", async () => {
    await withPool(await fresh(), async ({ query, where }) => {
      const value = await faultOf(query("SELECT $1::text::bigint", ["ten"]));
      expect(value).toMatchObject({ kind: "event", code: "22P02" });
      expect(value.message).toStartWith(where);
      expect(await faultOf(query("SELECT * FROM nowhere"))).toMatchObject({ kind: "ours", code: "42P01" });
    });
    const { port } = await server();
    await withPool(`postgres://postgres:geheim@127.0.0.1:${port}/nowhere`, async ({ query }) => {
      const fault = await faultOf(query("SELECT 1"));
      expect(fault).toMatchObject({ kind: "ours", code: "3D000" });
      expect(fault.message).toContain("create it");
      expect(fault.message).not.toContain("geheim");
    });
    await withPool("postgres://postgres@127.0.0.1:1/none", async ({ query }) => {
      expect((await faultOf(query("SELECT 1"))).kind).toBe("connection");
    });
  });

  test("outlive that the server ends them", async () => {
    await withPool(await fresh(), async ({ query }) => {
      await query("SELECT 1");
      await (await server()).terminateBackends();
      // Each of those that were ended may tell so to one query.
      for (let lost = 0; lost < 3; lost += 1) await query("SELECT 1").catch(() => null);
      expect(await query<{ one: number }>("SELECT 1 AS one")).toEqual([{ one: 1 }]);
    });
  });

  test("give up a query that is not answered, and go on with others", async () => {
    await withPool(await fresh(), async ({ query }) => {
      const fault = await faultOf(query("SELECT pg_sleep(30)", [], { deadlineMs: 50 }));
      expect(fault).toMatchObject({ kind: "connection", code: "DEADLINE" });
      expect(await query<{ one: number }>("SELECT 1 AS one")).toEqual([{ one: 1 }]);
    });
  });

  test("undo a transaction that fails, and do not wait for a lock for ever", async () => {
    await withPool(await fresh(), async (pool) => {
      await pool.query("CREATE TABLE t (n bigint)");
      const failed = pool.transaction(async (query) => {
        await query("INSERT INTO t VALUES (1)");
        throw Object.assign(new RangeError("no"), { code: "ENOENT" });
      });
      expect(failed).rejects.toThrow(RangeError);
      await failed.catch(() => null);
      expect(await pool.query("SELECT * FROM t")).toEqual([]);
      await pool.transaction(async (query) => {
        await query(lockSql("writes"));
        const other = pool.transaction((waiting) => waiting(lockSql("writes")), { lockMs: 50 });
        expect(await faultOf(other)).toMatchObject({ kind: "connection", code: "55P03" });
      });
    });
  });
});

describe.skipIf(!hasPostgres("the schema in Postgres"))("the schema", () => {
  test("is made once by six that start at once", async () => {
    const url = await fresh();
    const ids = ["a", "b", "c", "d", "e", "f"];
    await Promise.all(ids.map((instanceId) => withPool(url, (pool) => migrate(pool, { instanceId }))));
    await withPool(url, async ({ query }) => {
      expect(await query("SELECT version, oldest_writer FROM schema_version")).toEqual([
        { version: expect.any(Number), oldest_writer: 1 },
      ]);
      expect(await query("SELECT id FROM instances ORDER BY id")).toEqual(ids.map((id) => ({ id })));
    });
  });

  test("has the columns that the program has", async () => {
    const sqlTypes: Record<Column["kind"], string> = {
      text: "text",
      json: "text",
      integer: "bigint",
      real: "double precision",
      flag: "integer",
      seconds: "bigint",
      milliseconds: "bigint",
    };
    await withPool(await fresh(), async (pool) => {
      await migrate(pool, { instanceId: "a" });
      for (const [table, columns, others] of [
        ["conversations", conversationColumns, ["row_id", "fold_order"]],
        ["call_failures", callFailureColumns, []],
        ["events", eventColumns, ["payload", "payload_path", "turns_payload"]],
      ] satisfies [string, Columns, string[]][]) {
        const made = await pool.query<{ name: string; type: string }>(
          `SELECT column_name AS name, data_type AS type FROM information_schema.columns
           WHERE table_name = $1 ORDER BY ordinal_position`,
          [table],
        );
        const ours = Object.values<Column>(columns).map(({ name, kind }) => ({ name, type: sqlTypes[kind] }));
        expect(made.filter(({ name }) => !others.some((other) => other === name))).toEqual(ours);
      }
    });
  });

  test("that is newer is used if it says go on, and refused if it says stop", async () => {
    const steps = (...rules: ("go on" | "stop")[]) =>
      rules.map((olderPrograms, index) => ({ sql: `CREATE TABLE step_${index} (n bigint)`, olderPrograms }));
    await withPool(await fresh(), async (pool) => {
      await migrate(pool, { instanceId: "old", migrations: steps("stop") });
      await migrate(pool, { instanceId: "new", migrations: steps("stop", "go on") });
      await migrate(pool, { instanceId: "old", migrations: steps("stop") });
      const stop = () => migrate(pool, { instanceId: "newest", migrations: steps("stop", "go on", "stop") });
      expect(stop()).rejects.toThrow("2 instances of one are at work");
      await stop().catch(() => null);
      await pool.query("UPDATE instances SET seen_at = 0");
      await stop();
      const back = migrate(pool, { instanceId: "old", migrations: steps("stop") });
      expect(back).rejects.toThrow("run the newer version");
      await back.catch(() => null);
    });
  });

  test("is not made among the tables of another program", async () => {
    await withPool(await fresh(), async (pool) => {
      await pool.query("CREATE TABLE events (n bigint)");
      expect(migrate(pool, { instanceId: "a" })).rejects.toThrow("tables of another program");
    });
  });
});
