import { afterAll, beforeAll, expect, test } from "bun:test";
import { turnsOfPayload } from "../../src/vendor/derive.ts";
import { openTestApp } from "../helpers/app.ts";
import type { TestApp } from "../helpers/app.ts";
import { eventFixtures, fixture } from "../helpers/deliveries.ts";

type Row = { turn: number; role: string; message: string | null; time_in_call_secs: number | null };

let app: TestApp;

beforeAll(async () => {
  app = await openTestApp();
  for (const name of eventFixtures()) await app.post(fixture(name));
  expect((await app.post(JSON.stringify(oddSpans))).status).toBe(200);
});

afterAll(() => app.close());

/** An OpenTelemetry event of several resources and scopes, with members missing and of other types. */
const oddSpans = {
  type: "post_call_transcription_otel",
  data: {
    conversation_id: "conv_odd_spans",
    otlp_traces: {
      resourceSpans: [
        { scopeSpans: [{ spans: [span("elevenlabs.conversation", 0, {})] }, { spans: "none" }, null] },
        "no resource",
        {
          scopeSpans: [
            {
              spans: [
                {
                  name: "elevenlabs.recv.user_transcript",
                  attributes: [null, { key: "elevenlabs.turn.index" }],
                },
                span("elevenlabs.recv.user_transcript", 2, {
                  "elevenlabs.turn.index": { intValue: "1" },
                  "elevenlabs.user.text": { stringValue: "Hello" },
                }),
                span("elevenlabs.tool.find_free_slots", 3, { "elevenlabs.turn.index": { intValue: 9 } }),
                null,
                { name: ["elevenlabs.recv.user_transcript"] },
              ],
            },
            {
              spans: [
                span("elevenlabs.recv.agent_response", 61, {
                  "elevenlabs.agent.text": { stringValue: "Good evening" },
                  "elevenlabs.turn.index": { intValue: 2 },
                }),
              ],
            },
          ],
        },
      ],
    },
  },
};

function span(name: string, second: number, values: Record<string, unknown>) {
  const attributes = Object.entries(values).map(([key, value]) => ({ key, value }));
  return { name, startTimeUnixNano: `${1_793_620_800 + second}000000000`, attributes };
}

test("the turns that the API reads are those of the view, for every documented event and odd spans", () => {
  const conversations = app.rows<{ conversation_id: string; started_at: number | null; payload: string }>(
    "SELECT conversation_id, started_at, payload FROM conversations JOIN events USING (conversation_id) WHERE events.id = event_id",
  );
  expect(conversations.length).toBeGreaterThan(7);
  for (const { conversation_id: id, started_at: startedAt, payload } of conversations) {
    const ofView = app.rows<Row>(
      "SELECT turn, role, message, time_in_call_secs FROM turns WHERE conversation_id = ? ORDER BY turn",
      id,
    );
    const read = turnsOfPayload(payload, startedAt).map(({ turn, role, message, timeInCallSecs }) => ({
      turn,
      role,
      message,
      time_in_call_secs: timeInCallSecs,
    }));
    expect(read).toEqual(ofView as typeof read);
    if (id === "conv_odd_spans") expect(read).toHaveLength(3);
  }
});

test("what an agent did is part of its turn", () => {
  const turns = turnsOfPayload(fixture("transcription_full_twilio_outbound.json").toString(), null);
  expect(turns[3]?.toolCalls).toMatchObject([{ tool_name: "find_free_slots" }]);
  expect(turns[4]?.toolResults).toMatchObject([{ tool_name: "find_free_slots", is_error: false }]);
});
