import { afterEach, beforeEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import { join } from "node:path";
import { forwardThread } from "../../src/app.ts";
import { parseForwardConfig } from "../../src/forward/config.ts";
import type { Forwarder } from "../../src/forward/forwarder.ts";
import { createForwarding } from "../../src/forward/forwarding.ts";
import { prepareSharedForwarding } from "../../src/forward/postgres/prepare.ts";
import { runShared } from "../../src/forward/postgres/run.ts";
import { announceErased } from "../../src/forward/postgres/state.ts";
import type { DestinationFigures } from "../../src/forward/thread-messages.ts";
import type { EventRecord } from "../../src/model/event.ts";
import { createLog } from "../../src/platform/log.ts";
import { inWriteLock } from "../../src/store/postgres/lock-holder.ts";
import { migrate } from "../../src/store/postgres/migrate.ts";
import { openPool } from "../../src/store/postgres/pool.ts";
import type { Pool } from "../../src/store/postgres/pool.ts";
import { insertAll } from "../../src/store/postgres/rows.ts";
import { standingClock } from "../helpers/clock.ts";
import { createDestinations, FORWARD_SECRET, until } from "../helpers/destination.ts";
import type { TestDestination } from "../helpers/destination.ts";
import { fixture } from "../helpers/deliveries.ts";
import { hasPostgres, sharedPostgres } from "../helpers/postgres.ts";
import { recordOf, transcription } from "../store-conformance/store.ts";

setDefaultTimeout(120_000);

const waits = { leaseMs: 2_000, renewMs: 400, tryMs: 100, marginMs: 800 };
const ROUND_MS = 50;
const DAY_MS = 86_400_000;

const server = sharedPostgres({ fsync: "off" });
const { start: destination, stop: stopDestinations } = createDestinations();
let url: string;
let pool: Pool;
let clock: ReturnType<typeof standingClock>;
let forwarder: Forwarder | null;
let figures: readonly DestinationFigures[];
const processes: Bun.Subprocess[] = [];

type Configured = { name: string; url: string } & Record<string, unknown>;
const textOf = (all: readonly Configured[]) =>
  JSON.stringify({ destinations: all.map((one) => ({ secret: FORWARD_SECRET, ...one })) });

function destinationsOf(all: readonly Configured[]) {
  const read = parseForwardConfig(textOf(all));
  if (!read.ok) throw new Error(read.problem.join("; "));
  return read.value;
}

/** Takes the destinations up, as an instance does that starts. */
async function prepare(all: readonly Configured[]): Promise<void> {
  const log = createLog({ level: "WARNING", format: "text", write: (line) => expect(line).toBe("") });
  await prepareSharedForwarding({ pool, destinations: destinationsOf(all), clock, log });
}

/** Forwards in this process, by leases of the usual length. */
async function forward(all: readonly Configured[]): Promise<void> {
  await prepare(all);
  forwarder = runShared(url, {
    destinations: destinationsOf(all),
    bodies: { open: async () => null },
    publicUrl: "https://calls.example.com",
    clock,
    random: () => 0.5,
    environment: {},
    roundMs: ROUND_MS,
    tell: () => {},
    show: (shown) => (figures = shown),
  });
}

/** Forwards in a process of its own. */
function startInstance(all: readonly Configured[]) {
  const program = join(import.meta.dir, "../helpers/forward-instance.ts");
  const child = Bun.spawn([process.execPath, program, url, textOf(all), JSON.stringify(waits)], {
    stdout: "ignore",
    stderr: "inherit",
  });
  processes.push(child);
  return child;
}

const add = (records: readonly EventRecord[]) =>
  inWriteLock(pool, (query) => insertAll(query, records)).then(() => undefined);
const numberOf = async (text: string): Promise<number> => (await pool.query<{ n: number }>(text))[0]?.n ?? 0;
const term = () => numberOf("SELECT term AS n FROM leases WHERE role = 'forward'");
const sent = (count: number, { requests }: TestDestination) =>
  until(`${count} requests`, () => requests.length >= count);
const conversationsOf = ({ requests }: TestDestination) =>
  requests.map(({ body }) => JSON.parse(body).data.conversation_id);

describe.skipIf(!hasPostgres("forwarding from Postgres"))("from Postgres", () => {
  beforeEach(async () => {
    url = await (await server()).createDatabase();
    pool = openPool({ url, connectionsMax: 3 });
    await migrate(pool, { instanceId: "one" });
    clock = standingClock();
    forwarder = null;
    figures = [];
  });
  afterEach(async () => {
    await forwarder?.stop();
    for (const child of processes.splice(0)) {
      child.kill("SIGKILL");
      await child.exited;
    }
    stopDestinations();
    await pool.close();
  });

  test("is what was stored, to the byte, in its order, and nothing from before the configuration", async () => {
    const crm = destination();
    await add([transcription("conv_before")]);
    await forward([{ name: "crm", url: crm.url }]);
    const records = [1, 2, 3].map((number) => transcription(`conv_${number}`, { note: "Grüße\u0000\ud83d" }));
    for (const [index, record] of records.entries()) {
      await add([record]);
      await sent(index + 1, crm);
    }
    expect(crm.requests.map(({ body }) => body)).toEqual(
      records.map(({ payload }) => Buffer.from(payload ?? "").toString()),
    );
    expect(crm.faults).toBeEmpty();
    await until("the figures say so", () => figures[0]?.delivered === 0 && figures[0].eventId === 4);
    expect(figures).toMatchObject([{ name: "crm", lastEventId: 4, parked: 0, dead: 0, stopped: null }]);
  });

  test("is in short, if that is asked for, or the traces alone, digit for digit", async () => {
    const [slim, collector] = [destination(), destination()];
    await forward([
      { name: "slim", url: slim.url, payload: "slim" },
      { name: "traces", url: collector.url, payload: "otlp" },
    ]);
    const analysis = { call_successful: "success", call_summary_title: "A title" };
    await add([transcription("conv_1", { analysis, status: "done" })]);
    await sent(1, slim);
    const text = fixture("otel.json").toString().replace('"1793620800000000000"', "1793620800000000001");
    await add([{ ...recordOf(JSON.parse(text)), payload: Buffer.from(text) }]);
    await sent(1, collector);
    expect(collector.requests[0]?.body).toContain("1793620800000000001");
    expect(JSON.parse(collector.requests[0]?.body ?? "")).toMatchObject({
      resourceSpans: [{ scopeSpans: [{}] }],
    });
    await sent(2, slim);
    expect(JSON.parse(slim.requests[0]?.body ?? "").data).toMatchObject({
      conversation_id: "conv_1",
      title: "A title",
      call_successful: "success",
      event_url: "https://calls.example.com/events/1/payload",
    });
  });

  test("is not what was erased, also not what was parked; it is announced, and then its id is in no table", async () => {
    let status = 503;
    const crm = destination(() => new Response(null, { status }));
    await forward([{ name: "crm", url: crm.url, conversation_erased: true }]);
    await add([transcription("conv_erased")]);
    await until(
      "it is parked",
      async () => (await numberOf("SELECT count(*) AS n FROM forward_parked")) === 1,
    );
    await pool.query("DELETE FROM events; DELETE FROM conversations");
    await announceErased(pool.query, {
      conversationIds: ["conv_erased"],
      names: ["crm"],
      nowMs: clock.nowMs(),
    });
    status = 200;
    clock.advanceMs(DAY_MS);
    await until("it has confirmed", () => crm.taken.size === 1);
    expect(JSON.parse(crm.requests.at(-1)?.body ?? "")).toMatchObject({
      type: "conversation_erased",
      data: { conversation_id: "conv_erased" },
    });
    await until("nothing is left", async () => {
      const left = await pool.query("SELECT * FROM forward_announcements");
      return left.length + (await numberOf("SELECT count(*) AS n FROM forward_parked")) === 0;
    });
    expect(conversationsOf(crm).filter((id) => id === "conv_erased").length).toBe(crm.requests.length);
    expect(crm.requests.filter(({ body }) => body.includes("post_call")).length).toBe(1);
  });

  test("includes an event that is reprocessed, though its id was passed", async () => {
    const crm = destination();
    await forward([{ name: "crm", url: crm.url }]);
    await add([
      { ...transcription("conv_1"), status: "quarantined", error: "unknown" },
      transcription("conv_2"),
    ]);
    await sent(1, crm);
    await until(
      "the cursor has passed it",
      async () => (await numberOf("SELECT event_id AS n FROM forward_cursors")) === 2,
    );
    await pool.query(
      "UPDATE events SET status = 'processed', error = NULL WHERE id = 1; INSERT INTO state VALUES ('reprocessed', '1 1')",
    );
    await sent(2, crm);
    expect(conversationsOf(crm)).toEqual(["conv_2", "conv_1"]);
  });

  test("goes on when all connections were ended, and when the server was away", async () => {
    const crm = destination();
    await forward([{ name: "crm", url: crm.url }]);
    await add([transcription("conv_1")]);
    await sent(1, crm);
    await (await server()).terminateBackends();
    await until("it is stored", () =>
      add([transcription("conv_2")]).then(
        () => true,
        () => false,
      ),
    );
    await sent(2, crm);
    await (await server()).stop("immediate");
    await Bun.sleep(500);
    await (await server()).start();
    await until("it is stored", () =>
      add([transcription("conv_3")]).then(
        () => true,
        () => false,
      ),
    );
    await until("it is sent", () => crm.taken.size === 3);
  });

  test("once, though the server was away when it was taken", async () => {
    const ended = Promise.withResolvers<void>();
    const crm = destination(async () => {
      await ended.promise;
      return new Response(null, { status: 204 });
    });
    await forward([{ name: "crm", url: crm.url }]);
    await add([transcription("conv_1")]);
    await sent(1, crm);
    await (await server()).stop("immediate");
    ended.resolve();
    await Bun.sleep(500);
    await (await server()).start();
    await until("its place is written down", async () => {
      const rows = await pool.query("SELECT 1 FROM forward_cursors WHERE event_id = 1").catch(() => []);
      return rows.length === 1;
    });
    expect(crm.requests.length).toBe(1);
  });

  test("in a thread of the receiver", async () => {
    const crm = destination();
    const all = [{ name: "crm", url: crm.url }];
    await prepare(all);
    // No body is in a bucket here, so that it is not asked.
    const objects = {
      kind: "azure",
      containerUrl: "https://account.blob.core.windows.net/none",
      sas: "sig=none",
    } as const;
    const lines: string[] = [];
    const forwarding = createForwarding({
      place: { kind: "shared", databaseUrl: url, objects },
      destinations: destinationsOf(all),
      publicUrl: null,
      thread: forwardThread,
      log: createLog({ level: "INFO", format: "text", write: (line) => lines.push(line) }),
    });
    forwarding.start();
    await add([transcription("conv_1")]);
    await until("it is sent", () => crm.taken.size === 1);
    await until("the figures say so", () => forwarding.figures()[0]?.delivered === 1);
    await forwarding.stop();
    expect(lines).toBeEmpty();
    // The next instance need not wait for the end of its lease.
    expect(await numberOf("SELECT expires_at AS n FROM leases WHERE role = 'forward'")).toBe(0);
  });

  test("of an instance that does not forward, the destinations are shown too", async () => {
    const crm = destination();
    const all = [{ name: "crm", url: crm.url }];
    startInstance(all);
    await until("it forwards", async () => (await term()) === 1);
    await forward(all);
    await until("they are shown", () => figures.length === 1);
    expect(figures).toMatchObject([{ name: "crm", stopped: null, delivered: 0 }]);
    expect(await term()).toBe(1);
  });
});
