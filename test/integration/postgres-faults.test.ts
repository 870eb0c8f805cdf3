import { describe, expect, test } from "bun:test";
import type { StoreOutcome } from "../../src/model/event.ts";
import { LOCK_CLASS, locks } from "../../src/store/postgres/locks.ts";
import { openPool } from "../../src/store/postgres/pool.ts";
import { hasPostgres, sharedPostgres } from "../helpers/postgres.ts";
import { openPostgresWriter } from "../helpers/postgres-writer.ts";
import { startTcpProxy } from "../helpers/tcp-proxy.ts";
import type { TcpProxy } from "../helpers/tcp-proxy.ts";
import { recordOf, transcription } from "../store-conformance/store.ts";

const server = sharedPostgres();
const isHere = hasPostgres("writing to a Postgres that fails");
/** So that a busy machine makes no test fail. */
const PATIENT = { repeatedMs: 30_000, sentOnceMs: 30_000 };

type Writing = Awaited<ReturnType<typeof openPostgresWriter>>;

/** A writer behind a network that the test holds, and the address without it. */
async function behindNetwork(
  work: (writing: Writing, network: TcpProxy, url: string) => Promise<void>,
  options: { waits?: typeof PATIENT; connectionsMax?: number } = {},
): Promise<void> {
  const { port, createDatabase } = await server();
  const url = await createDatabase();
  const network = await startTcpProxy({ port });
  const through = new URL(url);
  through.port = String(network.port);
  const writing = await openPostgresWriter(through.href, { waits: PATIENT, ...options });
  try {
    await work(writing, network, url);
  } finally {
    await writing.end();
    await network.stop();
  }
}

const events = (count: number, first = 0) =>
  Array.from({ length: count }, (_, id) => transcription(`conv_${first + id}`, { status: "done" }));
const store = ({ writer }: Writing, records: ReturnType<typeof events>): Promise<StoreOutcome[]> =>
  Promise.all(records.map((record) => writer.store(record)));
const stored = { isDuplicate: false, error: null };

/** As many events and conversations as were stored, and none twice. */
async function expectStored(url: string, outcomes: readonly StoreOutcome[]): Promise<void> {
  expect(outcomes.filter((outcome) => outcome !== "erased" && !outcome.isDuplicate)).toHaveLength(
    outcomes.length,
  );
  const pool = openPool({ url, connectionsMax: 1 });
  const [count] = await pool.query(
    `SELECT count(*) AS events, count(DISTINCT body_sha256) AS bodies,
       (SELECT count(*) FROM conversations WHERE status = 'done') AS conversations FROM events`,
  );
  await pool.close();
  expect(count).toEqual({ events: outcomes.length, bodies: outcomes.length, conversations: outcomes.length });
}

describe.skipIf(!isHere)("nothing is lost, and nothing stored twice, if", () => {
  test("all connections are ended, again and again", async () => {
    await behindNetwork(async (writing, _, url) => {
      const outcomes: Promise<StoreOutcome[]>[] = [];
      for (let round = 0; round < 6; round += 1) {
        outcomes.push(store(writing, events(100, 100 * round)));
        await (await server()).terminateBackends();
      }
      await expectStored(url, (await Promise.all(outcomes)).flat());
    });
  });

  test("the postmaster is killed, and comes back", async () => {
    await behindNetwork(async (writing, _, url) => {
      const { kill, start } = await server();
      const first = store(writing, events(300));
      await kill();
      const second = store(writing, events(300, 300));
      await start();
      await expectStored(url, [...(await first), ...(await second)]);
    });
  });

  test.each(["before", "after"] as const)(
    "the connection is lost %s the server has committed",
    async (when) => {
      await behindNetwork(async (writing, network, url) => {
        const lost = network.loseNext("INSERT INTO events", when);
        const outcomes = await store(writing, events(20));
        await lost;
        expect(outcomes[0]).toMatchObject(stored);
        await expectStored(url, outcomes);
      });
    },
  );

  test("nothing gets through for a while, and no connection breaks", async () => {
    await behindNetwork(async (writing, network, url) => {
      await store(writing, events(1));
      network.silence();
      const outcomes = store(writing, events(50, 1));
      await Bun.sleep(3500);
      network.speak();
      await expectStored(url, [{ ...stored, type: null }, ...(await outcomes)]);
    });
  }, 60_000);

  test.each(["before its end", "in its middle"] as const)(
    "a connection goes silent in a message, %s: other receivers go on, and this one on another connection",
    async (where) => {
      const silent = async (frozen: Writing, network: TcpProxy, url: string): Promise<void> => {
        const one = await openPostgresWriter(url, { instanceId: "b", waits: PATIENT });
        const isFrozen = network.freezeNext("INSERT INTO events", where);
        const later = store(frozen, events(10));
        await isFrozen;
        const outcomes = await store(one, events(10, 10));
        await expectStored(url, [...outcomes, ...(await later)]);
        await one.end();
      };
      await behindNetwork(silent, { connectionsMax: 1 });
    },
  );

  test("this process itself is frozen for longer than the sender may wait", async () => {
    const waits = { repeatedMs: 3200, sentOnceMs: 3200 };
    const freeze = async (writing: Writing, network: TcpProxy, url: string): Promise<void> => {
      const lost = network.loseNext("INSERT INTO events", "before");
      const outcomes = store(writing, events(5));
      await lost;
      Bun.sleepSync(4000);
      await expectStored(url, await outcomes);
    };
    await behindNetwork(freeze, { waits });
  });

  test("a process that holds the lock is stopped: it loses the lock", async () => {
    const { psql } = await server();
    await behindNetwork(async (writing, _, url) => {
      const holder = psql(url);
      holder.stdin.write(
        `BEGIN; SELECT pg_advisory_xact_lock(${LOCK_CLASS}, ${locks.writes});\n\\echo held\n`,
      );
      await holder.stdin.flush();
      for await (const bytes of holder.stdout) if (Buffer.from(bytes).includes("held")) break;
      process.kill(holder.pid, "SIGSTOP");
      await expectStored(url, await store(writing, events(5)));
      holder.kill("SIGKILL");
      await holder.exited;
    });
  });
});

describe.skipIf(!isHere)("a Postgres that stays away", () => {
  test("is waited for as long as the sender may, longer if it sends once; and it is not healthy", async () => {
    const { stop, start } = await server();
    await behindNetwork(
      async (writing) => {
        expect(writing.health.isHealthy()).toBe(true);
        await stop();
        const audio = recordOf({ type: "post_call_audio", data: { conversation_id: "conv_1" } });
        const once = writing.writer.store(audio);
        const refused = writing.writer.store(transcription("conv_2"));
        expect(refused).rejects.toMatchObject({ name: "PostgresFault", kind: "connection" });
        await refused.catch(() => null);
        expect(writing.health.isHealthy()).toBe(false);
        await start();
        expect(await once).toMatchObject(stored);
        expect(writing.health.isHealthy()).toBe(true);
        // It was given up, and is no duplicate when it is sent again.
        expect(await writing.writer.store(transcription("conv_2"))).toMatchObject(stored);
      },
      { waits: { repeatedMs: 300, sentOnceMs: 60_000 } },
    );
  });

  test("is written to no more once a newer version has changed the tables so that this one may not", async () => {
    await behindNetwork(async ({ writer, health, pool }) => {
      await pool.query("UPDATE schema_version SET version = 9, oldest_writer = 9");
      while (health.isHealthy()) await Bun.sleep(100);
      expect(health.fault()?.what).toEndWith("a newer version of the program has changed the tables");
      expect(writer.store(transcription("conv_1"))).rejects.toThrow("end this instance");
      expect(await pool.query("SELECT 1 FROM events")).toEqual([]);
    });
  });

  test("is not healthy while it takes no writes, and is asked again", async () => {
    await behindNetwork(
      async ({ writer, health }, _, url) => {
        const { query } = await server();
        const name = new URL(url).pathname.slice(1);
        await query(`ALTER DATABASE ${name} SET default_transaction_read_only = on`);
        await (await server()).terminateBackends();
        const refused = writer.store(transcription("conv_1"));
        expect(refused).rejects.toMatchObject({ code: "25006" });
        await refused.catch(() => null);
        expect(health.isHealthy()).toBe(false);
        await query(`ALTER DATABASE ${name} RESET default_transaction_read_only`);
        await (await server()).terminateBackends();
        while (!health.isHealthy()) await Bun.sleep(100);
      },
      { waits: { repeatedMs: 1000, sentOnceMs: 1000 } },
    );
  });
});
