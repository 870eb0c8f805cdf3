import type { Static } from "@sinclair/typebox";
import { afterEach, beforeEach, expect, spyOn, test } from "bun:test";
import type { StateModel } from "../../src/http/api/state-models.ts";
import { openTestApp } from "../helpers/app.ts";
import type { TestApp } from "../helpers/app.ts";
import { standingClock } from "../helpers/clock.ts";
import { fixture, sign, transcription } from "../helpers/deliveries.ts";

const TOKEN = "0123456789abcdef0123456789abcdef";
const clock = standingClock();
const NOW = new Date(clock.nowMs()).toISOString().replace(".000Z", "Z");

let receiver: TestApp;

beforeEach(async () => {
  receiver = await openTestApp({ config: { apiTokens: [TOKEN] }, clock });
});
afterEach(() => receiver.close());

const post = (body: string | Uint8Array) =>
  receiver.post(body, sign(body, { timestamp: Math.floor(clock.nowMs() / 1000) }));

async function stateOf(): Promise<Static<typeof StateModel>> {
  const { status, answer } = await receiver.ask<Static<typeof StateModel>>("/state");
  expect(status).toBe(200);
  return answer;
}

test("of a receiver that has just started, nothing needs anybody", async () => {
  expect(await stateOf()).toMatchObject({
    started_at: NOW,
    now: NOW,
    health: { status: "healthy", reason: null },
    problems: [],
    last_event_at: null,
    deliveries: { stored: 0, duplicates: 0, quarantined: 0, erased: 0, refused: 0, failed: 0 },
    refusals: [],
    quarantine: [],
    recovery: null,
    connection: null,
    destinations: [],
  });
});

test("counts what became of deliveries, and says why some were refused", async () => {
  const body = transcription("conv_1");
  expect((await post(body)).status).toBe(200);
  expect((await post(body)).status).toBe(200);
  expect((await receiver.post("{}", null)).status).toBe(401);
  expect((await receiver.post("{}", sign("other", { timestamp: clock.nowMs() / 1000 }))).status).toBe(401);
  const { deliveries, refusals, problems, last_event_at } = await stateOf();
  expect(deliveries).toEqual({ stored: 2, duplicates: 1, quarantined: 0, erased: 0, refused: 2, failed: 0 });
  expect(refusals.map(({ code, count, last_at }) => [code, count, last_at])).toEqual([
    ["signature_missing", 1, NOW],
    ["signature_mismatch", 1, NOW],
  ]);
  expect(problems.map(({ problem }) => problem)).toEqual(["deliveries_refused"]);
  expect(last_event_at).toBe(NOW);
});

test("groups what is quarantined by its reason", async () => {
  await post(fixture("unknown_future.json"));
  await post(JSON.stringify({ type: "another.unknown.type", data: {} }));
  await post("not JSON");
  const { quarantine, figures, problems } = await stateOf();
  expect(quarantine).toEqual([
    {
      error: "unknown_type: this version does not know the type",
      count: 2,
      last_event_id: 2,
      last_received_at: NOW,
    },
    { error: expect.stringMatching(/^invalid_json: /), count: 1, last_event_id: 3, last_received_at: NOW },
  ]);
  expect(figures.events_quarantined).toBe(3);
  expect(problems.map(({ problem }) => problem)).toEqual(["events_quarantined", "events_quarantined"]);
});

test("tells of a recording that was announced and did not come, and the list finds the call", async () => {
  await post(transcription("conv_missing", { has_audio: true }));
  await post(transcription("conv_silent", { has_audio: false }));
  clock.advanceMs(20 * 60_000);
  const { problems, figures } = await stateOf();
  expect(figures.conversations_without_recording).toBe(1);
  expect(problems.map(({ problem }) => problem)).toEqual(["recordings_missing"]);
  const { answer } = await receiver.ask<{ conversations: { conversation_id: string }[] }>(
    "/conversations?recording_missing=true",
  );
  expect(answer.conversations.map(({ conversation_id }) => conversation_id)).toEqual(["conv_missing"]);
});

test("what is known is told also if the database can't be asked", async () => {
  receiver.queries.close();
  const ask = receiver.queries.ask;
  receiver.queries.ask = () => Promise.reject(new Error("no thread"));
  try {
    expect(await stateOf()).toMatchObject({ quarantine: [], health: { status: "healthy" } });
  } finally {
    receiver.queries.ask = ask;
  }
});

test("what needs a person is known without the API too, and without the thread that reads", async () => {
  const quiet = await openTestApp({ clock });
  const ask = spyOn(quiet.queries, "ask");
  const unknown = '{"type":"unheard_of"}';
  await quiet.post(unknown, sign(unknown, { timestamp: Math.floor(clock.nowMs() / 1000) }));
  expect((await quiet.problems()).map(({ problem }) => problem)).toEqual(["events_quarantined"]);
  expect(ask).not.toHaveBeenCalled();
  await quiet.close();
});
