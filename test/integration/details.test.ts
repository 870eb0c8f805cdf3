import { afterAll, beforeAll, expect, test } from "bun:test";
import { openTestApp } from "../helpers/app.ts";
import type { TestApp } from "../helpers/app.ts";
import { audio, fixture, transcription } from "../helpers/deliveries.ts";

const TOKEN = "0123456789abcdef0123456789abcdef";
const FULL = "conv_2601kfx0demo0synthetic0002";

type Details = { newer: string | null; older: string | null; turns: unknown[]; criteria: unknown[] };

let receiver: TestApp;

const startedAt = (seconds: number) => ({ metadata: { start_time_unix_secs: seconds } });
const detailsOf = async (id: string) => (await receiver.ask<Details>(`/conversations/${id}/details`)).answer;

beforeAll(async () => {
  receiver = await openTestApp({ config: { apiTokens: [TOKEN] } });
  const bodies = [
    transcription("conv_second", startedAt(200)),
    transcription("conv_first", startedAt(100)),
    transcription("conv_second_too", startedAt(200)),
    audio("conv_recording", Buffer.from("one")),
    audio("conv_recording_too", Buffer.from("two")),
    fixture("transcription_full_twilio_outbound.json"),
  ];
  for (const body of bodies) expect((await receiver.post(body)).status).toBe(200);
});
afterAll(() => receiver.close());

test("gives the turns in full, and the verdicts", async () => {
  const { turns, criteria } = await detailsOf(FULL);
  expect(turns[3]).toMatchObject({
    turn: 3,
    is_interrupted: false,
    tools: [{ name: "find_free_slots", has_run: true, is_error: false, seconds: 0.82 }],
  });
  expect(criteria).toHaveLength(2);
});

test("a call without a transcription has no turns", async () => {
  expect(await detailsOf("conv_recording")).toMatchObject({ turns: [], charging: null, feedback: null });
});

test("neighbours stand in the order of the list", async () => {
  const { answer } = await receiver.ask<{ conversations: { conversation_id: string }[] }>("/conversations");
  const ids = answer.conversations.map(({ conversation_id }) => conversation_id);
  expect(ids).toHaveLength(6);
  const neighbours = await Promise.all(ids.map(detailsOf));
  expect(neighbours.map(({ newer, older }) => [newer, older])).toEqual(
    ids.map((_, index) => [ids[index - 1] ?? null, ids[index + 1] ?? null]),
  );
});
