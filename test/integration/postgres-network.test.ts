import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { PostgresFault } from "../../src/store/postgres/fault.ts";
import { openPool } from "../../src/store/postgres/pool.ts";
import type { Pool } from "../../src/store/postgres/pool.ts";
import { programPath } from "../helpers/means.ts";
import { startPgbouncer } from "../helpers/pgbouncer.ts";
import { hasPostgres, sharedPostgres } from "../helpers/postgres.ts";
import { startTcpProxy } from "../helpers/tcp-proxy.ts";

setDefaultTimeout(30_000);

const isPossible = hasPostgres("Postgres behind a failing network");
const isPgbouncerHere = isPossible && programPath("pgbouncer") !== null;
if (!isPgbouncerHere) console.warn("SKIPPED: Postgres behind a pooler: no pgbouncer");
const postgres = sharedPostgres();

/** A pool that reaches a new database by a network of its own. */
async function startNetwork(options: { delayMs?: number; deadlineMs?: number } = {}) {
  const server = await postgres();
  const url = new URL(await server.createDatabase());
  const network = await startTcpProxy({ port: server.port, delayMs: options.delayMs ?? 0 });
  const direct = openPool({ url: url.href, connectionsMax: 1 });
  url.port = String(network.port);
  const pool = openPool({ url: url.href, connectionsMax: 2, deadlineMs: options.deadlineMs ?? 10_000 });
  await pool.query("CREATE TABLE numbers (number bigint PRIMARY KEY)");
  return {
    network,
    pool,
    stored: () => direct.query<{ number: number }>("SELECT number FROM numbers ORDER BY number"),
    async stop(): Promise<void> {
      await Promise.all([pool.close(), direct.close()]);
      await network.stop();
    },
  };
}

async function faultOf(work: Promise<unknown>): Promise<PostgresFault> {
  try {
    await work;
  } catch (error) {
    if (error instanceof PostgresFault) return error;
    throw error;
  }
  throw new Error("nothing failed");
}

const insert = (pool: Pool, number: number) =>
  pool.query("INSERT INTO numbers VALUES ($1::bigint)", [number]);

describe.skipIf(!isPossible)("a network that", () => {
  test("is a black hole: a query ends with its deadline, and the next one gets through when the network is back", async () => {
    const { network, pool, stored, stop } = await startNetwork({ deadlineMs: 300 });
    network.silence();
    expect((await faultOf(insert(pool, 1))).kind).toBe("connection");
    network.speak();
    await insert(pool, 2);
    expect(await stored()).toEqual([{ number: 2 }]);
    await stop();
  });

  test.each([
    ["loses a request", "before", []],
    ["loses the answer to what was committed", "after", [{ number: 1 }]],
  ] as const)("%s: it is a fault of the connection, and the next one gets through", async (_, when, rows) => {
    const { network, pool, stored, stop } = await startNetwork();
    const lost = network.loseNext("INSERT INTO numbers", when);
    expect((await faultOf(insert(pool, 1))).kind).toBe("connection");
    await lost;
    expect(await stored()).toEqual([...rows]);
    await insert(pool, 2);
    expect(await stored()).toEqual([...rows, { number: 2 }]);
    await stop();
  });

  test("cuts every connection: idle ones are not used again", async () => {
    const { network, pool, stored, stop } = await startNetwork();
    await Promise.all([insert(pool, 1), insert(pool, 2)]);
    network.cut();
    await Bun.sleep(50);
    await insert(pool, 3);
    expect(await stored()).toHaveLength(3);
    await stop();
  });
});

test.skipIf(!isPgbouncerHere)(
  "behind a pooler in transaction mode every statement gets its own answer",
  async () => {
    const server = await postgres();
    const pgbouncer = await startPgbouncer({ port: server.port, poolSize: 3 });
    const pool = openPool({ url: pgbouncer.url(await server.createDatabase()), connectionsMax: 10 });
    const numbers = Array.from({ length: 480 }, (_, index) => index);
    const answers = await Promise.all(
      numbers.map(async (number) => {
        const [row] = await pool.query(`SELECT $1::bigint AS number, ${number % 20} AS statement`, [number]);
        return row;
      }),
    );
    expect(answers).toEqual(numbers.map((number) => ({ number, statement: number % 20 })));
    await pool.transaction((query) => query("SELECT 1"), { lockMs: 100, statementMs: 100 });
    await pool.close();
    await pgbouncer.stop();
  },
);
