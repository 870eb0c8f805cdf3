import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { openTestApp } from "../helpers/app.ts";
import type { TestApp } from "../helpers/app.ts";
import { standingClock } from "../helpers/clock.ts";
import { audio, fixture, sign, transcription } from "../helpers/deliveries.ts";

const TOKEN = "0123456789abcdef0123456789abcdef";
const HUGE = "9".repeat(10_240);

type Page = {
  events: ({ id: number } & Record<string, unknown>)[];
  next_cursor: string | null;
  next_after: number | null;
  data_id: string | null;
};

let receiver: TestApp;
const clock = standingClock();

const list = (query = "") => receiver.ask<Page>(`/events${query}`);
const idsOf = async (query = "") => (await list(query)).answer.events.map(({ id }) => id);
const headers = { authorization: `Bearer ${TOKEN}` };
const payloadOf = (id: string | number) => receiver.handle(`/events/${id}/payload`, { headers });

/** Delivers a body, a minute after the one before. */
async function deliver(body: string | Uint8Array): Promise<void> {
  clock.advanceMs(60_000);
  await receiver.post(body, sign(body, { timestamp: clock.nowMs() / 1000 }));
}

const bodies = {
  1: transcription("conv_1"),
  2: audio("conv_1", Buffer.from("recording")),
  3: fixture("call_initiation_failure_sip_486.json"),
  4: '{"type": "new_thing", "data": {"conversation_id": "conv_1"}}',
  5: "not JSON",
  6: Buffer.from([0x7b, 0xff, 0x00, 0x7d]),
  7: "x".repeat(1_100_000),
  8: transcription("conv_2", { filler: "ü".repeat(1_500_000) }),
};

beforeAll(async () => {
  receiver = await openTestApp({ config: { apiTokens: [TOKEN] }, clock });
  for (const body of Object.values(bodies)) await deliver(body);
});
afterAll(() => receiver.close());

describe("GET /events", () => {
  test("lists what arrived, the newest first", async () => {
    const { answer } = await list();
    expect(answer.events.map(({ id }) => id)).toEqual([8, 7, 6, 5, 4, 3, 2, 1]);
    expect(answer).toMatchObject({ next_cursor: null, next_after: null, data_id: null });
    expect(answer.events[4]).toMatchObject({
      id: 4,
      type: "new_thing",
      conversation_id: "conv_1",
      status: "quarantined",
      error: "unknown_type: this version does not know the type",
    });
    expect(answer.events.at(-1)).toEqual({
      id: 1,
      type: "post_call_transcription",
      conversation_id: "conv_1",
      agent_id: "agent_1",
      event_timestamp: "2026-11-02T12:01:30Z",
      received_at: "2026-11-02T12:01:00Z",
      status: "processed",
      error: null,
      body_sha256: new Bun.CryptoHasher("sha256").update(bodies[1]).digest("hex"),
      body_bytes: bodies[1].length,
      source: "webhook",
    });
  });

  test("goes through pages without a gap, whatever arrives in between", async () => {
    const seen: number[] = [];
    let cursor: string | null = null;
    do {
      const { answer }: { answer: Page } = await list(
        `?limit=3${cursor === null ? "" : `&cursor=${cursor}`}`,
      );
      seen.push(...answer.events.map(({ id }) => id));
      cursor = answer.next_cursor;
    } while (cursor !== null);
    expect(seen).toEqual([8, 7, 6, 5, 4, 3, 2, 1]);
  });

  test("takes only those of a type, a status, a conversation and a range of time", async () => {
    expect(await idsOf("?type=post_call_audio")).toEqual([2]);
    expect(await idsOf("?status=quarantined")).toEqual([7, 6, 5, 4]);
    expect(await idsOf("?status=processed&conversation_id=conv_1")).toEqual([2, 1]);
    expect(await idsOf("?since=2026-11-02T12:03:00Z&until=2026-11-02T13:05:00%2B01:00")).toEqual([4, 3]);
    expect(await idsOf("?type=new_thing&status=processed")).toEqual([]);
  });

  test("is a feed: in the order of storing, from any id on", async () => {
    const first = await list("?after=0&limit=5");
    expect(first.answer.events.map(({ id }) => id)).toEqual([1, 2, 3, 4, 5]);
    expect(first.answer).toMatchObject({ next_cursor: null, next_after: 5 });
    expect(await idsOf("?after=5")).toEqual([6, 7, 8]);
    const { answer } = await list("?after=8");
    const dataId = first.answer.data_id;
    expect(dataId).toMatch(/^[0-9a-f]{32}$/);
    expect(answer).toEqual({ events: [], next_cursor: null, next_after: 8, data_id: dataId });
    expect((await list(`?after=8&data_id=${dataId}`)).answer).toEqual(answer);
  });

  test("is a feed of a type, a status or a conversation too", async () => {
    expect(await idsOf("?after=0&type=post_call_transcription")).toEqual([1, 8]);
    expect(await idsOf("?after=4&status=quarantined")).toEqual([5, 6, 7]);
    expect(await idsOf("?after=0&status=processed")).toEqual([1, 2, 3, 8]);
    expect(await idsOf("?after=1&conversation_id=conv_1")).toEqual([2, 4]);
    expect(await idsOf("?after=0&conversation_id=conv_1&type=new_thing")).toEqual([4]);
  });

  test.each([
    ["limit=0", "limit must be a whole number from 1 to 200"],
    ["limit=-1", "limit must be a whole number from 1 to 200"],
    [`limit=${HUGE}`, "limit must be a whole number from 1 to 200"],
    ["after=-1", "after must be a whole number"],
    [`after=${HUGE}`, "after must be a whole number"],
    ["since=2026-11-02T12:00:00", "since must be a time with its zone"],
    ["until=yesterday", "until must be a time with its zone"],
    ["status=lost", "status must be one of processed, quarantined"],
    ["after=1&since=0", "after goes with neither since, until nor cursor"],
    ["after=1&cursor=x", "after goes with neither since, until nor cursor"],
    ["cursor=x", "cursor is not of this list"],
    [`cursor=${HUGE}`, "cursor must be"],
    ["conversation_id=", "conversation_id must be a text"],
  ])("refuses %p", async (query, problem) => {
    const { status, answer } = await receiver.ask(`/events?${query}`);
    expect([status, answer.code]).toEqual([400, "invalid_parameter"]);
    expect(answer.error).toStartWith(`Invalid parameter: ${problem}`);
  });

  test("refuses a cursor of another list", async () => {
    const { answer } = await list("?limit=1");
    expect((await list(`?type=x&cursor=${answer.next_cursor}`)).status).toBe(400);
    const others = await receiver.ask<Page>("/call-failures?limit=1");
    expect((await list(`?cursor=${others.answer.next_cursor ?? "null"}`)).status).toBe(400);
  });
});

describe("GET /events/{id}", () => {
  test("shows one event", async () => {
    expect(await receiver.ask("/events/5")).toMatchObject({
      status: 200,
      answer: { id: 5, type: null, status: "quarantined", error: "invalid_json: not JSON" },
    });
  });

  test.each(["0", "-1", "9", "x", "1x", "1%2F2", "%00", "%zz", "1.5", "0x1", HUGE, "..%2Fevents"])(
    "says that there is no event %p",
    async (id) => {
      for (const path of [`/events/${id}`, `/events/${id}/payload`]) {
        expect(await receiver.ask(path)).toMatchObject({ status: 404, answer: { code: "not_found" } });
      }
    },
  );
});

describe("GET /events/{id}/payload", () => {
  test.each([
    ["a transcription", 1, bodies[1], "application/json"],
    ["a call failure", 3, bodies[3], "application/json"],
    ["an event of an unknown type", 4, bodies[4], "application/json"],
    ["a quarantined text", 5, bodies[5], "application/octet-stream"],
    ["quarantined bytes", 6, bodies[6], "application/octet-stream"],
    ["a quarantined body in a file", 7, bodies[7], "application/octet-stream"],
    ["one that goes out in pieces", 8, bodies[8], "application/json"],
  ])("gives the bytes of %s", async (_, id, body, type) => {
    const response = await payloadOf(id);
    expect(response.status).toBe(200);
    expect(Buffer.from(await response.arrayBuffer()).equals(Buffer.from(body))).toBe(true);
    expect(response.headers.get("content-type")).toBe(type);
    expect(response.headers.get("content-disposition")).toStartWith(`attachment; filename="event-${id}.`);
    expect(response.headers.get("x-content-type-options")).toBe("nosniff");
  });

  test("gives the JSON of a recording without the recording", async () => {
    expect(await (await payloadOf(2)).json()).toMatchObject({ data: { full_audio: "" } });
  });

  test("says and logs it when a file is gone", async () => {
    const other = await openTestApp({ config: { apiTokens: [TOKEN] } });
    await other.post(bodies[7]);
    rmSync(join(other.folder, "quarantine"), { recursive: true });
    expect(await other.ask("/events/1/payload")).toMatchObject({
      status: 404,
      answer: { code: "payload_missing" },
    });
    expect(other.logLines.at(-1)).toContain("A body is missing");
    await other.close();
  });

  test("says it when the content was not kept", async () => {
    const other = await openTestApp({ config: { apiTokens: [TOKEN], storeTranscripts: false } });
    await other.post(bodies[1]);
    expect(await other.ask("/events/1/payload")).toMatchObject({
      status: 404,
      answer: { code: "payload_not_kept" },
    });
    await other.close();
  });
});

describe.each(["/events", "/events/1", "/events/1/payload"])("%s", (path) => {
  test("answers other methods with 405", async () => {
    const response = await receiver.handle(path, { method: "DELETE", headers });
    expect([response.status, response.headers.get("allow")]).toEqual([405, "GET, HEAD"]);
  });

  test("asks for the token, and is not there without one", async () => {
    expect((await receiver.ask(path, null)).status).toBe(401);
    expect((await receiver.ask(path, "x".repeat(32))).status).toBe(401);
    expect((await receiver.handle(path, { method: "DELETE" })).status).toBe(401);
    const closed = await openTestApp();
    expect((await closed.ask(path, TOKEN)).status).toBe(404);
    await closed.close();
  });
});
