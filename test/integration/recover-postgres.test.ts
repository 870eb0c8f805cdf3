import { afterEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import { noObserver } from "../../src/daemon/recovery.ts";
import { createLog } from "../../src/platform/log.ts";
import { createRecovery, keepRecovering } from "../../src/recover/loop.ts";
import type { ByHand } from "../../src/recover/loop.ts";
import { migrate } from "../../src/store/postgres/migrate.ts";
import { openPool } from "../../src/store/postgres/pool.ts";
import { createRecoveries } from "../../src/store/postgres/recoveries.ts";
import { createTurns } from "../../src/store/postgres/turns.ts";
import { createRestClient } from "../../src/vendor/rest/client.ts";
import { standingClock } from "../helpers/clock.ts";
import { until } from "../helpers/destination.ts";
import { startFakeElevenLabs } from "../helpers/fake-elevenlabs/server.ts";
import type { FakeElevenLabs } from "../helpers/fake-elevenlabs/server.ts";
import { hasPostgres, sharedPostgres } from "../helpers/postgres.ts";
import { call, DAY, HOUR, NOW } from "../helpers/recovery.ts";

setDefaultTimeout(60_000);

// Its first answer, for which it compiles the contract, takes seconds on a busy machine: to ask again would be to fetch twice.
const QUICK = { backoffMs: 1, backoffMsMax: 2, answerMsMax: 60_000, stallMsMax: 60_000 };
const CALLS = 12;
/** As usual, but for how often another one tries. */
const waits = { leaseMs: 15_000, renewMs: 4_000, tryMs: 50, marginMs: 4_000 };
const server = sharedPostgres({ fsync: "off" });
const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});

async function arrange(): Promise<{ url: string; fake: FakeElevenLabs }> {
  const url = await (await server()).createDatabase();
  const conversations = Array.from({ length: CALLS }, (_, index) => call(`conv_${index}`, HOUR + index));
  const fake = await startFakeElevenLabs({ workspace: { conversations } });
  ends.push(fake.stop);
  return { url, fake };
}

/** One of several instances. */
async function instance({ url, fake }: { url: string; fake: FakeElevenLabs }) {
  const pool = openPool({ url, connectionsMax: 3 });
  ends.push(pool.close);
  await migrate(pool, { instanceId: crypto.randomUUID() });
  const blobs = {
    open: async () => null,
    stat: async () => null,
    remove: async () => {},
    list: async () => [],
  };
  const objects = { recordings: blobs, readMark: async () => null, writeMark: async () => {} };
  const recoveries = {
    ...createRecoveries({ pool, objects, storesRecordings: false, tidy: async () => {} }),
    ...createTurns(pool, waits),
  };
  const recovery = createRecovery({
    client: createRestClient({ key: fake.key, url: fake.url, pace: QUICK }),
    // Without recordings nothing else of the store is asked for.
    store: { recoveries, newRecordings: null, freeDiskBytes: () => 1e12, events: { hold: () => () => {} } },
    config: {
      storeTranscripts: true,
      retentionDays: null,
      audioRetentionDays: null,
      bodyBytesMax: 1e9,
      freeDiskBytesMin: 0,
    },
    observer: noObserver,
    clock: standingClock(NOW),
    log: createLog({ level: "ERROR", format: "text", write: console.log }),
  });
  const asked: ByHand = {
    agentIds: null,
    window: { startedAfter: NOW - 30 * DAY, startedBefore: null },
    conversationId: null,
    withRecordings: true,
    isDryRun: false,
    signal: new AbortController().signal,
    onProgress: () => {},
  };
  return {
    pool,
    recoveries,
    recovery,
    byHand: (more: Partial<ByHand> = {}) => recovery.byHand({ ...asked, ...more }),
  };
}

/** The conversations that were fetched, once for each time. */
const fetched = ({ requests }: FakeElevenLabs) =>
  requests.flatMap(({ path }) => /\/conversations\/(conv_\d+)$/.exec(path)?.[1] ?? []).toSorted();

describe.skipIf(!hasPostgres("recovery in two instances"))("two instances", () => {
  test("fetch nothing twice, also if both are asked, and store it once", async () => {
    const about = await arrange();
    const all = await Promise.all([instance(about), instance(about)]);
    const reports = await Promise.all([...all, ...all].map(({ byHand }) => byHand()));
    const recovered = reports.map(({ report }) => report.recovered.transcripts).toSorted((a, b) => a - b);
    expect(recovered).toEqual([0, 0, 0, CALLS]);
    expect(fetched(about.fake)).toEqual(Array.from({ length: CALLS }, (_, n) => `conv_${n}`).toSorted());
    const [stored] = (await all[0]?.pool.query("SELECT count(*) AS n FROM events")) ?? [];
    expect(stored).toEqual({ n: CALLS });
  });

  test("do not both recover by themselves, and the other one does when the first has stopped", async () => {
    const about = await arrange();
    const all = await Promise.all([instance(about), instance(about)]);
    const begun: number[] = [];
    const stops = all.map(({ recoveries, recovery }, index) =>
      recoveries.keepAlone(() => {
        begun.push(index);
        return keepRecovering(recovery, null, Promise.resolve());
      }),
    );
    await until("one has begun", () => begun.length === 1);
    await Bun.sleep(1_000);
    expect(begun).toHaveLength(1);
    const first = begun[0] ?? 0;
    await stops[first]?.();
    await until("the other has begun", () => begun.length === 2);
    expect(begun[1]).toBe(1 - first);
    await Promise.all(stops.map((stop) => stop()));
  });

  test("say that a run was ended that was waiting for its turn, and it has fetched nothing", async () => {
    const about = await arrange();
    const [one, two] = await Promise.all([instance(about), instance(about)]);
    const release = Promise.withResolvers<void>();
    const busy = one.recoveries.inTurn(new AbortController().signal, () => release.promise);
    await until("it is its turn", async () => (await one.pool.query("SELECT 1 FROM leases")).length === 1);
    const ending = new AbortController();
    const waiting = two.byHand({ signal: ending.signal });
    await Bun.sleep(200);
    ending.abort();
    expect((await waiting).stop?.reason).toBe("cancelled");
    release.resolve();
    await busy;
    expect(fetched(about.fake)).toBeEmpty();
  });
});
