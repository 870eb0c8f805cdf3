import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { findAzurite, startAzurite } from "../helpers/azurite.ts";
import type { Azurite } from "../helpers/azurite.ts";
import { startInstance, TOKEN } from "../helpers/cloud/instance.ts";
import type { Instance } from "../helpers/cloud/instance.ts";
import { sign, transcription } from "../helpers/deliveries.ts";
import { createDestinations, FORWARD_SECRET, forwardConfig, until } from "../helpers/destination.ts";
import type { TestDestination } from "../helpers/destination.ts";
import { fakeConversation } from "../helpers/fake-elevenlabs/conversation.ts";
import { startFakeElevenLabs } from "../helpers/fake-elevenlabs/server.ts";
import { temporaryFolder } from "../helpers/folders.ts";
import { startPgbouncer } from "../helpers/pgbouncer.ts";
import { hasPostgres, startPostgres } from "../helpers/postgres.ts";
import type { PostgresServer } from "../helpers/postgres.ts";
import { EXECUTABLE } from "../helpers/receiver.ts";

setDefaultTimeout(300_000);

/** As promised: the next instance forwards so long after the one that did. */
const TAKEN_OVER_MS_MAX = 30_000;
/** New events and repeats that may be under way at a kill: PAGE_EVENTS_MAX and PAGE_REPEATS_MAX of src/forward/line.ts. */
const PAGE = 64 + 32;
const EVENTS_A_ROUND = 200;
const RECOVERED = 20;

const azurite = await findAzurite("forwarding in two receivers");
const isPossible = hasPostgres("forwarding in two receivers") && azurite !== null;

describe.skipIf(!isPossible)("two receivers behind a pooler", () => {
  const { start: destination, stop: stopDestinations } = createDestinations();
  let postgres: PostgresServer;
  let bucket: Azurite;
  let pooler: Awaited<ReturnType<typeof startPgbouncer>>;
  let settings: Record<string, string>;
  const instances: Instance[] = [];

  beforeAll(async () => {
    [postgres, bucket] = await Promise.all([startPostgres(), startAzurite(azurite ?? "")]);
    pooler = await startPgbouncer({ port: postgres.port });
    const url = new URL(await postgres.createDatabase());
    url.port = String(pooler.port);
    settings = { DATABASE_URL: url.href, AUDIO_STORAGE_PATH: await bucket.createContainer("calls") };
  });
  afterAll(async () => {
    await Promise.all(instances.map((instance) => instance.stop()));
    stopDestinations();
    await pooler.stop();
    await Promise.all([postgres.end(), bucket.stop()]);
  });

  async function post({ url }: Instance, body: string): Promise<void> {
    const headers = { "elevenlabs-signature": sign(body) };
    const answer = await fetch(`${url}/webhook`, { method: "POST", headers, body });
    expect(await answer.json()).toEqual({ status: "received" });
  }

  let count = 0;
  async function deliver(to: Instance): Promise<void> {
    const bodies = Array.from({ length: EVENTS_A_ROUND }, () => transcription(`conv_${(count += 1)}`));
    for (let from = 0; from < bodies.length; from += 20)
      await Promise.all(bodies.slice(from, from + 20).map((body) => post(to, body)));
  }

  const idsOf = ({ requests }: TestDestination) =>
    new Set(requests.map(({ body }) => JSON.parse(body).data.conversation_id));

  test("forward each event to each destination, and the other one takes over after a kill, a freeze and a stop", async () => {
    const full = destination();
    const slim = destination();
    const refusing = destination((_, n) => new Response(null, { status: n % 3 === 0 ? 503 : 204 }));
    const all = [
      { name: "full", url: full.url, conversation_erased: true },
      { name: "slim", url: slim.url, payload: "slim" },
      { name: "refusing", url: refusing.url },
    ];
    const folder = temporaryFolder();
    settings.FORWARD_CONFIG = forwardConfig(
      all.map((one) => Object.assign(one, { secret: FORWARD_SECRET })),
      join(folder, "forward.json"),
    );
    const started = await startInstance(settings);
    instances.push(started);
    await deliver(started);
    await until("all are sent", () => full.taken.size === EVENTS_A_ROUND);
    const other = await startInstance(settings);
    instances.push(other);

    const faults = [
      { fault: "kill", from: started, to: other },
      { fault: "freeze", from: other, to: started },
      { fault: "stop", from: started, to: other },
    ] as const;
    for (const { fault, from, to } of faults) {
      if (fault === "kill") await from.kill();
      else from.signal(fault === "freeze" ? "SIGSTOP" : "SIGTERM");
      await deliver(to);
      await until(`it is taken over after a ${fault}`, () => full.taken.size === count, TAKEN_OVER_MS_MAX);
      if (fault === "freeze") from.signal("SIGCONT");
      else {
        await from.exited();
        await from.restart();
      }
    }

    const rows = await postgres.query<{ term: number }>(
      "SELECT term FROM leases WHERE role = 'forward'",
      "test_1",
    );
    expect(Number(rows[0]?.term)).toBe(4);
    await until("the others have all too", async () => {
      await postgres.query("UPDATE forward_parked SET due_at = 0, attempts = 1", "test_1");
      return slim.taken.size === count && refusing.taken.size === count;
    });
    for (const one of [full, slim, refusing]) {
      expect(idsOf(one).size).toBe(count);
      expect(one.faults).toBeEmpty();
      const repeated = [...one.taken.values()].reduce((sum, times) => sum + times - 1, 0);
      expect(repeated).toBeLessThanOrEqual(3 * PAGE);
    }

    // Of two that run, one forwards, and both know how far it is.
    for (const instance of [started, other])
      await until("it is shown", async () =>
        (await (await instance.ask("/state")).text()).includes(`"full"`),
      );
    const status = Bun.spawnSync([EXECUTABLE, "forward", "status"], {
      cwd: folder,
      env: { ...settings, SPOOL_PATH: join(folder, "spool") },
    });
    expect(status.stdout.toString()).toContain(`full      ok  at event`);

    // The body of this one is in the bucket.
    const large = JSON.stringify({ type: "agent_qa", data: { text: "x".repeat(17 * 1024 * 1024) } });
    await post(started, large);
    await until("it is sent", () => full.requests.some(({ body }) => body === large));
    expect(full.faults).toBeEmpty();

    const headers = { authorization: `Bearer ${TOKEN}` };
    const erased = await fetch(`${other.url}/conversations/conv_7`, { method: "DELETE", headers });
    expect(await erased.json()).toEqual({ status: "erased", announcing: 1 });
    await until("it is announced", () =>
      full.requests.some(({ body }) => body.includes("conversation_erased")),
    );
    await until("its id is in no table", async () => !(await tablesHold("conv_7")));
    rmSync(folder, { recursive: true });
  });

  test("recover what did not arrive, of which they fetch nothing twice", async () => {
    const startedAt = Math.floor(Date.now() / 1000) - 3600;
    const ids = Array.from({ length: RECOVERED }, (_, index) => `conv_recovered_${index}`);
    const fake = await startFakeElevenLabs({
      workspace: { conversations: ids.map((id) => fakeConversation({ id, startedAt })) },
    });
    const { FORWARD_CONFIG: _, ...own } = settings;
    const url = new URL(await postgres.createDatabase());
    url.port = String(pooler.port);
    const api = { RECOVER: "all", ELEVENLABS_API_URL: fake.url, ELEVENLABS_API_KEY: fake.key };
    const container = await bucket.createContainer("recovered");
    const of = { ...own, ...api, DATABASE_URL: url.href, AUDIO_STORAGE_PATH: container };
    try {
      const both = await Promise.all([startInstance(of), startInstance(of)]);
      instances.push(...both);
      // The first one by itself; and all of them once more, as two people ask for it at once.
      const ask = () => Bun.spawn([EXECUTABLE, "recover", "--json"], { cwd: "/", env: of, stdout: "pipe" });
      const asked = await Promise.all([ask(), ask()].map(({ stdout }) => stdout.json()));
      expect(asked.map(({ stopped }) => stopped)).toEqual([null, null]);
      const paths = () => fake.requests.map(({ path }) => path);
      const isList = (path: string) => path.endsWith("/conversations");
      await until("one of them has looked by itself", () => paths().filter(isList).length === 3, 60_000);
      await Bun.sleep(10_000);
      expect(paths().filter(isList).length).toBe(3);
      const fetched = paths().flatMap((path) => /conversations\/(\w+)$/.exec(path)?.[1] ?? []);
      expect(fetched.toSorted()).toEqual(ids.toSorted());
    } finally {
      await fake.stop();
    }
  });

  /** Whether any table has a text in any of its rows. */
  async function tablesHold(text: string): Promise<boolean> {
    const tables = await postgres.query<{ name: string }>(
      "SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public'",
      "test_1",
    );
    for (const { name } of tables) {
      const found = await postgres.query(
        `SELECT 1 FROM "${name}" AS row WHERE row::text LIKE '%"${text}"%' OR row::text ~ '[(,]${text}[,)]' LIMIT 1`,
        "test_1",
      );
      if (found.length > 0) return true;
    }
    return false;
  }
});
