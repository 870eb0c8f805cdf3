import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { openTestApp } from "../helpers/app.ts";
import type { TestApp } from "../helpers/app.ts";
import { fixture, transcription } from "../helpers/deliveries.ts";

const NESTING_LEVELS_MAX = 1000;
const GOOD_TURN = '{"role":"user","message":"Hello","time_in_call_secs":0}';
const HELLO = { turn: 0, role: "user", message: "Hello", time_in_call_secs: 0 };

let app: TestApp;

beforeEach(async () => {
  app = await openTestApp();
});

afterEach(() => app.close());

/** A transcription of `conv_1` whose data has further members, as JSON text: JSON.stringify makes no odd ones. */
function withMembers(members: string): string {
  return `{"type":"post_call_transcription","data":{"conversation_id":"conv_1",${members}}}`;
}

function otel(spans: unknown[]): string {
  const data = { conversation_id: "conv_1", otlp_traces: { resourceSpans: [{ scopeSpans: [{ spans }] }] } };
  return JSON.stringify({ type: "post_call_transcription_otel", data });
}

const turns = () => app.rows("SELECT turn, role, message, time_in_call_secs FROM turns");
const ofOddOne = () => app.rows("SELECT turn, message FROM turns WHERE conversation_id = 'conv_1'");
const nested = (levels: number) => "[".repeat(levels) + "]".repeat(levels);

describe("the turns of a conversation are read out of", () => {
  test("a transcription, as many as it has", async () => {
    await app.post(fixture("transcription_full_twilio_outbound.json"));
    const { data } = JSON.parse(fixture("transcription_full_twilio_outbound.json").toString());
    expect(turns()).toEqual(
      data.transcript.map((turn: Record<string, unknown>, index: number) => ({
        turn: index,
        role: turn.role,
        message: turn.message,
        time_in_call_secs: turn.time_in_call_secs,
      })),
    );
    expect(app.rows("SELECT turn_count FROM conversations")).toEqual([
      { turn_count: data.transcript.length },
    ]);
  });

  test("the OpenTelemetry form, with the seconds since the call began", async () => {
    await app.post(fixture("otel.json"));
    expect(turns()).toEqual([
      {
        turn: 0,
        role: "agent",
        message: "Hello Ms Okafor, do you have a minute?",
        time_in_call_secs: 0,
      },
      { turn: 1, role: "user", message: "Yes, go ahead.", time_in_call_secs: 5 },
      {
        turn: 2,
        role: "agent",
        message: "Tuesday at nine or Thursday at half past four?",
        time_in_call_secs: 7,
      },
    ]);
  });

  test("the flat form of older senders", async () => {
    await app.post(
      `{"type":"post_call_transcription","conversation_id":"conv_1","transcript":[${GOOD_TURN}]}`,
    );
    expect(turns()).toEqual([HELLO]);
  });

  test("a transcription that names its members with escapes", async () => {
    await app.post(withMembers(`"tr\\u0061nscript":[${GOOD_TURN.replace("role", "r\\u006fle")}]`));
    expect(turns()).toEqual([HELLO]);
  });

  test("the last of repeated members, as JSON.parse does", async () => {
    const event = { first: '"conversation_id":"conv_0"', last: '"conversation_id":"conv_1"' };
    const turn = '{"role":"agent","role":"user","message":1,"message":"Hello","time_in_call_secs":0}';
    await app.post(
      `{"type":"post_call_transcription","data":{${event.first}},"data":{${event.last},` +
        `"transcript":[{"role":"agent","message":"No"}],"transcript":[${turn}]}}`,
    );
    expect(turns()).toEqual([HELLO]);
  });

  test("a payload as deep as SQLite reads", async () => {
    // Two levels are the event and its data.
    const body = withMembers(`"x":${nested(NESTING_LEVELS_MAX - 2)},"transcript":[${GOOD_TURN}]`);
    expect((await app.post(body)).status).toBe(200);
    expect(turns()).toEqual([HELLO]);
  });
});

describe("an odd event does not break the turns of the others", () => {
  beforeEach(async () => {
    await app.post(transcription("conv_good"));
  });

  // Asked in ways in which SQLite could evaluate a turn's members before it has checked its type.
  afterEach(() => {
    for (const condition of ["1", "message = 'Hello'", "role LIKE 'u%' AND turn >= 0"]) {
      expect(app.rows(`SELECT conversation_id FROM turns WHERE ${condition}`)).toContainEqual({
        conversation_id: "conv_good",
      });
    }
  });

  test.each([
    ["a string", '"Hello"'],
    ["an object", '{"0":{"role":"user","message":"Hello"}}'],
    ["null", "null"],
    ["strings", '["Hello","["]'],
    ["numbers and lists", "[1,[2],true]"],
  ])("a transcript of %s has none", async (_name, transcript) => {
    expect((await app.post(withMembers(`"transcript":${transcript}`))).status).toBe(200);
    expect(ofOddOne()).toBeEmpty();
    expect(app.rows("SELECT turn_count FROM conversations WHERE conversation_id = 'conv_1'")).toEqual([
      { turn_count: null },
    ]);
  });

  test("odd members of a transcript are left out, and the others keep their place", async () => {
    await app.post(withMembers(`"transcript":["{",null,["x"],7,${GOOD_TURN}]`));
    expect(ofOddOne()).toEqual([{ turn: 4, message: "Hello" }]);
  });

  test("odd values in a turn are given as they are", async () => {
    await app.post(withMembers('"transcript":[{"role":["x"],"message":{"a":1}},{},{"message":"\\ud800"}]'));
    expect(ofOddOne()).toEqual([
      { turn: 0, message: '{"a":1}' },
      { turn: 1, message: null },
      { turn: 2, message: expect.any(String) },
    ]);
  });

  test("a body nested deeper than SQLite reads is quarantined", async () => {
    const body = withMembers(`"x":${nested(NESTING_LEVELS_MAX - 1)},"transcript":[${GOOD_TURN}]`);
    expect(await app.post(body)).toMatchObject({ status: 400, answer: { code: "invalid_payload" } });
    expect(ofOddOne()).toBeEmpty();
  });

  test("odd spans and attributes are left out", async () => {
    const text = { key: "elevenlabs.user.text", value: { stringValue: "Hello" } };
    const index = { key: "elevenlabs.turn.index", value: { intValue: "3" } };
    const name = "elevenlabs.recv.user_transcript";
    await app.post(otel(["{", null, [], { name, attributes: ["{", null, 7, text, index] }]));
    expect(ofOddOne()).toEqual([{ turn: 3, message: "Hello" }]);
  });

  test("odd resources and scopes are left out", async () => {
    const good = {
      scopeSpans: ["{", { spans: "x" }, { spans: [{ name: "elevenlabs.recv.agent_response" }] }],
    };
    const data = { conversation_id: "conv_1", otlp_traces: { resourceSpans: ["{", {}, good] } };
    await app.post(JSON.stringify({ type: "post_call_transcription_otel", data }));
    expect(ofOddOne()).toEqual([{ turn: null, message: null }]);
  });
});
