import { afterEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import { isTermSql, keepLeading, leadOnce } from "../../src/store/postgres/leader.ts";
import type { Leading } from "../../src/store/postgres/leader.ts";
import { migrate } from "../../src/store/postgres/migrate.ts";
import { openPool } from "../../src/store/postgres/pool.ts";
import type { Pool } from "../../src/store/postgres/pool.ts";
import { until } from "../helpers/destination.ts";
import { hasPostgres, sharedPostgres } from "../helpers/postgres.ts";

setDefaultTimeout(60_000);

const waits = { leaseMs: 900, renewMs: 200, tryMs: 50, marginMs: 300 };
const server = sharedPostgres({ fsync: "off" });
const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});

async function database(): Promise<string> {
  const url = await (await server()).createDatabase();
  const pool = poolOf(url);
  await migrate(pool, { instanceId: "one" });
  return url;
}

function poolOf(url: string): Pool {
  const pool = openPool({ url, connectionsMax: 2 });
  ends.push(pool.close);
  return pool;
}

/** Resolves when the work is to end. */
const ended = ({ signal }: Leading) =>
  new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener("abort", () => resolve(), { once: true });
  });

/** An instance that wants to lead. */
function instance(pool: Pool) {
  const terms: number[] = [];
  const faults: unknown[] = [];
  let leads = 0;
  const work = async (leading: Leading) => {
    terms.push(leading.term);
    leads += 1;
    await ended(leading);
    leads -= 1;
  };
  const onFault = (fault: unknown) => faults.push(fault);
  const stop = keepLeading({ pool, role: "forward", waits, work, onFault });
  ends.push(stop);
  return { terms, faults, stop, leads: () => leads > 0 };
}

describe.skipIf(!hasPostgres("one instance at a time"))("one instance at a time", () => {
  test("leads, and the next one does when it stops", async () => {
    const url = await database();
    const [one, two] = [instance(poolOf(url)), instance(poolOf(url))];
    await until("one leads", () => one.leads() || two.leads());
    const [first, second] = one.leads() ? [one, two] : [two, one];
    await Bun.sleep(2 * waits.leaseMs);
    expect([first.terms, second.terms]).toEqual([[1], []]);
    await first.stop();
    await until("the other leads", second.leads);
    expect([first.terms, second.terms]).toEqual([[1], [2]]);
    expect([...first.faults, ...second.faults]).toBeEmpty();
  });

  test("of many that begin at once", async () => {
    const url = await database();
    let [leading, most, count] = [0, 0, 0];
    await Promise.all(
      Array.from({ length: 6 }, () =>
        leadOnce({ pool: poolOf(url), role: "orphans", waits, waitsForTurn: true }, async () => {
          leading += 1;
          count += 1;
          most = Math.max(most, leading);
          await Bun.sleep(20);
          leading -= 1;
        }),
      ),
    );
    expect({ most, count }).toEqual({ most: 1, count: 6 });
  });

  test("does it once, and says so if another is at it, or at something else", async () => {
    const pool = poolOf(await database());
    const inner = (role: "retention" | "orphans") => leadOnce({ pool, role, waits }, async () => role);
    const outer = await leadOnce({ pool, role: "retention", waits }, async () => [
      await inner("retention"),
      await inner("orphans"),
    ]);
    expect(outer).toEqual({ kind: "done", value: [{ kind: "busy" }, { kind: "done", value: "orphans" }] });
    expect(await inner("retention")).toEqual({ kind: "done", value: "retention" });
  });

  test("gives the lease back after a failure, and tells of it", async () => {
    const pool = poolOf(await database());
    const fails = leadOnce({ pool, role: "retention", waits }, () => Promise.reject(new Error("it fails")));
    await expect(fails).rejects.toThrow("it fails");
    expect((await leadOnce({ pool, role: "retention", waits }, async () => 1)).kind).toBe("done");
  });

  test("hears that it is cut off before another takes over, whose term refuses what it writes late", async () => {
    const url = await database();
    const pool = poolOf(url);
    let isCut = false;
    const never = new Promise<never>(() => {});
    const cut: Pool = {
      ...pool,
      query: (...asked) => (isCut ? never : pool.query(...asked)),
      transaction: (...asked) => (isCut ? never : pool.transaction(...asked)),
    };
    const first = instance(cut);
    await until("it leads", first.leads);
    isCut = true;
    const second = instance(pool);
    await until("it has heard", () => !first.leads());
    expect(second.terms).toBeEmpty();
    await until("the other leads", second.leads);
    const isTerm = (term: number) => pool.query(`SELECT ${isTermSql("forward", "$1")} AS "is"`, [term]);
    expect([await isTerm(1), await isTerm(2)]).toEqual([[{ is: false }], [{ is: true }]]);
  });

  test("takes the lease though the row is held by one that is frozen", async () => {
    const url = await database();
    await leadOnce({ pool: poolOf(url), role: "forward", waits }, async () => {});
    const frozen = poolOf(url).transaction(
      async (query) => {
        await query("UPDATE leases SET term = term");
        await Bun.sleep(30_000);
      },
      { deadlineMs: 40_000 },
    );
    void frozen.catch(() => {});
    await Bun.sleep(200);
    const other = instance(poolOf(url));
    await until("it leads", other.leads);
  });

  test("survives that all connections are ended", async () => {
    const url = await database();
    const one = instance(poolOf(url));
    await until("it leads", one.leads);
    await (await server()).terminateBackends();
    await Bun.sleep(2 * waits.leaseMs);
    await until("it leads", one.leads);
    await one.stop();
    expect(one.leads()).toBeFalse();
  });
});
