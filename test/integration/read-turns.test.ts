import { afterAll, beforeAll, expect, test } from "bun:test";
import { turnsOf } from "../../src/query/turns.ts";
import { openTestApp } from "../helpers/app.ts";
import type { TestApp } from "../helpers/app.ts";
import { eventFixtures, fixture } from "../helpers/deliveries.ts";

type Row = { turn: number; role: string; message: string | null; time_in_call_secs: number | null };

let app: TestApp;

beforeAll(async () => {
  app = await openTestApp();
  for (const name of eventFixtures()) await app.post(fixture(name));
});

afterAll(() => app.close());

test("the turns that the API reads are those of the view, for every documented event", () => {
  const conversations = app.rows<{ conversation_id: string; started_at: number | null; payload: string }>(
    "SELECT conversation_id, started_at, payload FROM conversations JOIN events USING (conversation_id) WHERE events.id = event_id",
  );
  expect(conversations.length).toBeGreaterThan(7);
  for (const { conversation_id: id, started_at: startedAt, payload } of conversations) {
    const ofView = app.rows<Row>(
      "SELECT turn, role, message, time_in_call_secs FROM turns WHERE conversation_id = ? ORDER BY turn",
      id,
    );
    const read = turnsOf(payload, startedAt).map(({ turn, role, message, timeInCallSecs }) => ({
      turn,
      role,
      message,
      time_in_call_secs: timeInCallSecs,
    }));
    expect(read).toEqual(ofView as typeof read);
  }
});

test("what an agent did is part of its turn", () => {
  const turns = turnsOf(fixture("transcription_full_twilio_outbound.json").toString(), null);
  expect(turns[3]?.toolCalls).toMatchObject([{ tool_name: "find_free_slots" }]);
  expect(turns[4]?.toolResults).toMatchObject([{ tool_name: "find_free_slots", is_error: false }]);
});
