import { Database } from "bun:sqlite";
import { afterEach, beforeEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { announceErased } from "../../src/forward/sqlite/announcements.ts";
import { parseForwardConfig } from "../../src/forward/config.ts";
import { readCursor, replayFrom, resumeDestination } from "../../src/forward/sqlite/cursors.ts";
import { forwardPath, hasForwardFile, withForwardFile } from "../../src/forward/sqlite/file.ts";
import { startForwarder } from "../../src/forward/forwarder.ts";
import type { Forwarder } from "../../src/forward/forwarder.ts";
import type { ForwardData } from "../../src/forward/port.ts";
import { openForwardData } from "../../src/forward/sqlite/data.ts";
import { countParked } from "../../src/forward/sqlite/parked.ts";
import { prepareForwarding } from "../../src/forward/sqlite/prepare.ts";
import { createLog } from "../../src/platform/log.ts";
import { openTestApp } from "../helpers/app.ts";
import type { TestApp } from "../helpers/app.ts";
import { standingClock } from "../helpers/clock.ts";
import { audio, fixture, transcription } from "../helpers/deliveries.ts";
import { FORWARD_SECRET, createDestinations, until } from "../helpers/destination.ts";
import type { TestDestination } from "../helpers/destination.ts";
import { quarantineAsBefore } from "../helpers/quarantine.ts";

setDefaultTimeout(60_000);

const TOKEN = "0123456789abcdef0123456789abcdef";
const ROUND_MS = 50;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

let app: TestApp;
let clock: ReturnType<typeof standingClock>;
let data: ForwardData | null;
let forwarder: Forwarder | null;
let told: string[];
const { start: destination, stop } = createDestinations();

beforeEach(async () => {
  clock = standingClock();
  app = await openTestApp({ config: { apiTokens: [TOKEN] } });
  data = null;
  forwarder = null;
  told = [];
});
afterEach(async () => {
  await stopForwarding();
  stop();
  await app.close();
});

function configured(all: readonly Record<string, unknown>[]) {
  const text = JSON.stringify({ destinations: all.map((one) => ({ secret: FORWARD_SECRET, ...one })) });
  const read = parseForwardConfig(text);
  if (!read.ok) throw new Error(read.problem.join("; "));
  return read.value;
}

/** Takes up the configuration and begins to forward, as the daemon does. */
async function forward(
  all: readonly Record<string, unknown>[],
  { publicUrl = null }: { publicUrl?: string | null } = {},
): Promise<void> {
  const { databasePath } = app.config;
  const destinations = configured(all);
  const log = createLog({ level: "DEBUG", format: "text", write: (line) => told.push(line) });
  await prepareForwarding({ databasePath, destinations, clock, log });
  if (destinations.length === 0) return;
  data = openForwardData(databasePath);
  forwarder = await startForwarder({
    data,
    destinations,
    publicUrl,
    clock,
    random: () => 0.5,
    environment: {},
    roundMs: ROUND_MS,
    tell: (_, line) => told.push(line),
    show: () => {},
  });
}

async function stopForwarding(): Promise<void> {
  await forwarder?.stop();
  await data?.close();
  forwarder = null;
  data = null;
}

const inFile = <T>(work: (sqlite: Database) => T): T => withForwardFile(app.config.databasePath, work);
const cursor = () => inFile((sqlite) => readCursor(sqlite, "crm"));
const parked = () => inFile((sqlite) => countParked(sqlite, "crm"));
const attemptsOf = (eventId: number) =>
  inFile((sqlite) => sqlite.query("SELECT attempts FROM parked WHERE event_id = ?").values(eventId)[0]?.[0]);
const sent = (count: number, { requests }: TestDestination) =>
  until(`${count} requests`, () => requests.length >= count);

describe("what is sent", () => {
  test("is what was stored, in the order of its arrival, and nothing from before the configuration", async () => {
    const crm = destination();
    await app.post(transcription("conv_before"));
    await forward([{ name: "crm", url: crm.url }]);
    const bodies = [1, 2, 3].map((number) => transcription(`conv_${number}`));
    for (const body of bodies) {
      await app.post(body);
      await until("it is sent", () => crm.requests.at(-1)?.body === body);
    }
    expect(crm.requests.map(({ body }) => body)).toEqual(bodies);
    expect(crm.faults).toBeEmpty();
    await until("the cursor follows", () => cursor()?.eventId === 4);
  });

  test("is chosen by type and agent, and a quarantined event is not sent", async () => {
    const [typed, agents, all] = [destination(), destination(), destination()];
    await forward([
      { name: "typed", url: typed.url, types: ["call_initiation_failure"] },
      { name: "agents", url: agents.url, agents: ["agent_2"] },
      { name: "all", url: all.url },
    ]);
    await app.post("{not json");
    await app.post(transcription("conv_1"));
    await app.post(transcription("conv_2", { agent_id: "agent_2" }));
    await app.post(fixture("call_initiation_failure_twilio_busy.json"));
    await sent(3, all);
    await sent(1, typed);
    await sent(1, agents);
    await Bun.sleep(4 * ROUND_MS);
    const types = ({ requests }: TestDestination) => requests.map(({ body }) => JSON.parse(body).type);
    expect(types(typed)).toEqual(["call_initiation_failure"]);
    expect(agents.requests.map(({ body }) => JSON.parse(body).data.conversation_id)).toEqual(["conv_2"]);
    expect(all.requests.length).toBe(3);
  });

  test("is in short, if that is asked for, and always of a recording", async () => {
    const [slim, full] = [destination(), destination()];
    await forward(
      [
        { name: "slim", url: slim.url, payload: "slim" },
        { name: "full", url: full.url },
      ],
      { publicUrl: "https://calls.example.com" },
    );
    const analysis = {
      call_successful: "success",
      call_summary_title: "A title",
      transcript_summary: "Private",
    };
    await app.post(transcription("conv_1", { analysis, status: "done" }));
    await sent(1, slim);
    await app.post(audio("conv_1", new Uint8Array([1, 2, 3])));
    await sent(2, slim);
    await sent(2, full);
    const [first, second] = slim.requests.map(({ body }) => JSON.parse(body));
    expect(first).toMatchObject({
      type: "post_call_transcription",
      timestamp: "2026-11-02T12:01:30.000Z",
      data: {
        event_id: 1,
        conversation_id: "conv_1",
        title: "A title",
        call_successful: "success",
        event_url: "https://calls.example.com/events/1/payload",
        transcript_url: "https://calls.example.com/conversations/conv_1/transcript",
        recording_url: null,
      },
    });
    expect(JSON.stringify(first)).not.toContain("Private");
    expect(second.data.recording_url).toBe("https://calls.example.com/conversations/conv_1/audio");
    expect(full.requests[1]?.body).toBe(slim.requests[1]?.body ?? "");
    for (const { faults } of [slim, full]) expect(faults).toBeEmpty();
  });

  test("is the traces alone, for an endpoint of OTLP, digit for digit", async () => {
    const collector = destination();
    const headers = { "x-key": "private" };
    await forward([{ name: "traces", url: collector.url, payload: "otlp", headers }]);
    await app.post(transcription("conv_1"));
    const event = JSON.parse(fixture("otel.json").toString());
    const text = JSON.stringify(event).replace('"1793620800000000000"', "1793620800000000001");
    await app.post(text);
    await sent(1, collector);
    const [request] = collector.requests;
    expect(request?.body).toContain(":1793620800000000001");
    expect(JSON.parse(request?.body ?? "")).toMatchObject({ resourceSpans: [{ scopeSpans: [{}] }] });
    expect(request?.headers.get("x-key")).toBe("private");
    expect(request?.headers.get("content-type")).toBe("application/json");
    await Bun.sleep(4 * ROUND_MS);
    expect(collector.requests.length).toBe(1);
  });

  test("is a body that is too large for its row, from its file", async () => {
    const crm = destination();
    await forward([{ name: "crm", url: crm.url }]);
    const body = JSON.stringify({ type: "agent_qa", data: { text: "x".repeat(17 * 1024 * 1024) } });
    await app.post(body);
    expect(app.rows("SELECT payload_path IS NOT NULL AS isFile FROM events")).toEqual([{ isFile: 1 }]);
    await sent(1, crm);
    expect(crm.requests[0]?.body === body).toBeTrue();
    expect(crm.faults).toBeEmpty();
  });

  test("is the event in short if its payload was not stored", async () => {
    await app.close();
    app = await openTestApp({ config: { storeTranscripts: false } });
    const crm = destination();
    await forward([{ name: "crm", url: crm.url }]);
    await app.post(transcription("conv_1"));
    await sent(1, crm);
    expect(JSON.parse(crm.requests[0]?.body ?? "")).toMatchObject({
      data: { event_id: 1, conversation_id: "conv_1" },
    });
  });

  test("includes an event that is reprocessed, though its id was passed", async () => {
    const crm = destination();
    await app.post(transcription("conv_0"));
    await forward([{ name: "crm", url: crm.url }]);
    const body = transcription("conv_1");
    const id = quarantineAsBefore(app.config.databasePath, body);
    await app.post(transcription("conv_2"));
    await sent(1, crm);
    await until("the cursor has passed it", () => (cursor()?.eventId ?? 0) > id);
    await app.command(`/events/${id}/reprocess`);
    await sent(2, crm);
    expect(crm.requests[1]?.body).toBe(body);
    await until("it is no longer parked", () => parked().waiting === 0);
  });
});

describe("a destination that does not take an event", () => {
  test("is sent it again with the same id, while the next ones go on", async () => {
    const crm = destination((_, count) => new Response(null, { status: count === 1 ? 503 : 204 }));
    await forward([{ name: "crm", url: crm.url }]);
    await app.post(transcription("conv_1"));
    await until("it is parked", () => parked().waiting === 1);
    await app.post(transcription("conv_2"));
    await sent(2, crm);
    expect(crm.requests.map(({ body }) => JSON.parse(body).data.conversation_id)).toEqual([
      "conv_1",
      "conv_2",
    ]);
    clock.advanceMs(5000);
    await sent(3, crm);
    expect(crm.requests[2]?.id).toBe(crm.requests[0]?.id ?? "");
    await until("nothing is parked", () => parked().waiting === 0);
    expect(crm.faults).toBeEmpty();
  });

  test("has it dead after the last repeat, and not before", async () => {
    const crm = destination(() => new Response(null, { status: 400 }));
    await forward([{ name: "crm", url: crm.url }]);
    await app.post(transcription("conv_1"));
    for (let attempts = 1; attempts <= 8; attempts += 1) {
      await until(`attempt ${attempts}`, () => crm.requests.length === attempts);
      await until("it is written down", () => attemptsOf(1) === attempts);
      clock.advanceMs(10 * HOUR_MS);
    }
    expect(parked()).toEqual({ waiting: 0, dead: 1 });
    expect(told.join("\n")).toContain("forward replay");
    await Bun.sleep(4 * ROUND_MS);
    expect(crm.requests.length).toBe(8);
  });

  test("is stopped if it answers 410, loses nothing, and goes on when it is resumed", async () => {
    let status = 410;
    const crm = destination(() => new Response(null, { status }));
    await forward([{ name: "crm", url: crm.url }]);
    await app.post(transcription("conv_1"));
    await until("it is stopped", () => cursor()?.stopped === "gone");
    await app.post(transcription("conv_2"));
    await Bun.sleep(4 * ROUND_MS);
    expect(crm.requests.length).toBe(1);
    status = 200;
    inFile((sqlite) => resumeDestination(sqlite, "crm"));
    await until("both are sent", () => crm.taken.size === 2);
  });

  test("is stopped after five days without one success, and not before", async () => {
    const crm = destination(() => new Response(null, { status: 500 }));
    await forward([{ name: "crm", url: crm.url }]);
    await app.post(transcription("conv_1"));
    await until("it has failed", () => cursor()?.failingSinceMs !== null);
    clock.advanceMs(5 * DAY_MS - 1);
    await app.post(transcription("conv_2"));
    await until("both are parked again", () => crm.requests.length === 3 && parked().waiting === 2);
    expect(cursor()?.stopped).toBeNull();
    clock.advanceMs(1);
    await app.post(transcription("conv_3"));
    await until("it is stopped", () => cursor()?.stopped === "failing");
    expect(told.join("\n")).toContain("five days");
  });
});

test("an answer of 410 to an announcement stops the destination too, and is logged", async () => {
  const crm = destination(() => new Response(null, { status: 410 }));
  await forward([{ name: "crm", url: crm.url, conversation_erased: true }]);
  const erased = { conversationIds: ["conv_1"], names: ["crm"], nowMs: clock.nowMs() };
  announceErased(app.config.databasePath, erased);
  await until("it is stopped", () => cursor()?.stopped === "gone");
  await until("it says so", () => told.join("\n").includes("410"));
});

test("one destination does not wait for another", async () => {
  const stuck = destination(() => Bun.sleep(60_000).then(() => new Response()));
  const healthy = destination();
  await forward([
    { name: "stuck", url: stuck.url, conversation_erased: true },
    { name: "healthy", url: healthy.url },
  ]);
  const conversationIds = Array.from({ length: 20 }, (_, index) => `conv_erased_${index}`);
  announceErased(app.config.databasePath, { conversationIds, names: ["stuck"], nowMs: clock.nowMs() });
  await Promise.all(Array.from({ length: 300 }, (_, index) => app.post(transcription(`conv_${index}`))));
  await until("all are sent", () => healthy.taken.size === 300);
  // So many at once, and no more.
  expect(stuck.requests.length).toBe(8);
});

describe("what was erased", () => {
  test("is not sent any more, also not what was parked", async () => {
    const crm = destination(() => new Response(null, { status: 503 }));
    await forward([{ name: "crm", url: crm.url }]);
    await app.post(transcription("conv_erased"));
    await until("it is parked", () => parked().waiting === 1);
    await app.erase.eraseOne("conv_erased");
    clock.advanceMs(DAY_MS);
    await until("nothing is parked", () => parked().waiting === 0);
    expect(crm.requests.length).toBe(1);
  });

  test("is no longer counted among those that were given up", async () => {
    const crm = destination();
    await forward([{ name: "crm", url: crm.url }]);
    await app.post(transcription("conv_1"));
    await app.post(transcription("conv_2"));
    await sent(2, crm);
    await stopForwarding();
    inFile((sqlite) =>
      sqlite.run(
        "INSERT INTO parked VALUES ('crm', 1, 8, NULL, 'HTTP 500', 0), ('crm', 2, 8, NULL, 'HTTP 500', 0)",
      ),
    );
    await app.erase.eraseOne("conv_1");
    await forward([{ name: "crm", url: crm.url }]);
    await until("the one that is there stays", () => parked().dead === 1);
  });

  test("is told to those that asked, and then its id is in no file", async () => {
    let status = 503;
    const crm = destination(
      ({ body }) => new Response(null, { status: body.includes("erased") ? status : 200 }),
    );
    const other = destination();
    const asks = { conversation_erased: true };
    await forward([
      { name: "crm", url: crm.url, ...asks },
      { name: "other", url: other.url, ...asks },
    ]);
    const { databasePath } = app.config;
    const erased = { conversationIds: ["conv_erased"], names: ["crm", "other"], nowMs: clock.nowMs() };
    announceErased(databasePath, erased);
    await sent(1, other);
    await sent(1, crm);
    expect(JSON.parse(other.requests[0]?.body ?? "")).toEqual({
      type: "conversation_erased",
      timestamp: "2026-11-02T12:00:00.000Z",
      data: { conversation_id: "conv_erased" },
    });
    const attempts = () =>
      inFile((sqlite) => sqlite.query("SELECT attempts FROM announcements").values()[0]?.[0]);
    await until("it is written down", () => attempts() === 1);
    status = 200;
    clock.advanceMs(5000);
    await sent(2, crm);
    expect(crm.requests[1]?.id).toBe(crm.requests[0]?.id ?? "");
    for (const { faults } of [crm, other]) expect(faults).toBeEmpty();
    const isLeft = () =>
      readdirSync(app.folder).some(
        (name) => name.includes(".forward") && readFileSync(join(app.folder, name)).includes("conv_erased"),
      );
    await until("its id is gone", () => !isLeft());
  });

  test("is forgotten though no destination is configured any more", async () => {
    await forward([{ name: "crm", url: "https://crm.invalid/", conversation_erased: true }]);
    await stopForwarding();
    const { databasePath } = app.config;
    announceErased(databasePath, { conversationIds: ["conv_erased"], names: ["crm"], nowMs: clock.nowMs() });
    await forward([]);
    expect(readFileSync(forwardPath(databasePath)).includes("conv_erased")).toBeFalse();
    expect(cursor()).toMatchObject({ removedAtMs: clock.nowMs() });
    clock.advanceMs(31 * DAY_MS);
    await forward([]);
    expect(hasForwardFile(databasePath)).toBeFalse();
  });
});

describe("a cursor of other data", () => {
  test("stops the destination after a restore, until it is told where to go on", async () => {
    const crm = destination();
    await forward([{ name: "crm", url: crm.url }]);
    await app.post(transcription("conv_1"));
    await sent(1, crm);
    const database = new Database(app.config.databasePath);
    const dataId = "ab".repeat(16);
    database.query("UPDATE state SET value = ? || ':0 ' || value WHERE name = 'data_id'").run(dataId);
    database.close();
    await until("it is stopped", () => cursor()?.stopped === "data_replaced");
    await app.post(transcription("conv_2"));
    expect(told.join("\n")).toContain("forward replay NAME --since");
    inFile((sqlite) => replayFrom(sqlite, "crm", { dataId, eventId: 0, reprocessedCount: 0 }));
    await sent(3, crm);
    // The first one again, with the id that it had.
    expect(crm.taken.size).toBe(2);
  });

  test("stops the destination if it lies beyond the newest event", async () => {
    await forward([{ name: "crm", url: "https://crm.invalid/" }]);
    const { dataId = "", reprocessedCount = 0 } = cursor() ?? {};
    inFile((sqlite) => replayFrom(sqlite, "crm", { dataId, eventId: 7, reprocessedCount }));
    await until("it is stopped", () => cursor()?.stopped === "ahead_of_data");
  });
});

test("goes on where it was stopped", async () => {
  const crm = destination();
  await forward([{ name: "crm", url: crm.url }]);
  await app.post(transcription("conv_1"));
  await sent(1, crm);
  await stopForwarding();
  await app.post(transcription("conv_2"));
  await forward([{ name: "crm", url: crm.url }]);
  await sent(2, crm);
  await Bun.sleep(4 * ROUND_MS);
  expect(crm.requests.map(({ body }) => JSON.parse(body).data.conversation_id)).toEqual(["conv_1", "conv_2"]);
});
