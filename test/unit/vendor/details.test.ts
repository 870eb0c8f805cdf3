import { FormatRegistry } from "@sinclair/typebox";
import { TypeCompiler } from "@sinclair/typebox/compiler";
import { expect, test } from "bun:test";
import { DetailsModel, shownDetails } from "../../../src/http/api/details-models.ts";
import { isObject } from "../../../src/vendor/json-value.ts";
import type { JsonObject } from "../../../src/vendor/json-value.ts";
import { detailsOfPayload } from "../../../src/vendor/derive.ts";
import { eventFixtures, fixture } from "../../helpers/deliveries.ts";

FormatRegistry.Set("date-time", () => true);
const model = TypeCompiler.Compile(DetailsModel);

const detailsOf = (event: unknown) => detailsOfPayload(JSON.stringify(event), 1_793_620_800);
const read = (name: string): JsonObject => JSON.parse(fixture(name).toString());
const answerTo = (event: unknown) =>
  shownDetails("conv", { newer: null, older: null, details: detailsOf(event) });
const withTurns = (...transcript: unknown[]) => ({
  type: "post_call_transcription",
  data: { conversation_id: "conv_1", transcript },
});

test("a transcription's turns, tools, verdicts and price", () => {
  const details = detailsOf(read("transcription_full_twilio_outbound.json"));
  expect(details.turns[0]).toEqual({
    turn: 0,
    role: "agent",
    message: "Hello Ms Okafor, this is the dental practice at the river. Do you have a minute?",
    originalMessage: null,
    isInterrupted: false,
    isBackchannel: false,
    timeInCallSecs: 0,
    medium: null,
    agentId: "agent_2601kfx0demo0synthetic0aaaa",
    languageModel: "gemini-2.5-flash",
    feedback: null,
    metrics: [
      { name: "convai_llm_service_ttfb", seconds: 0.38 },
      { name: "convai_llm_service_ttf_sentence", seconds: 0.55 },
      { name: "convai_tts_service_ttfb", seconds: 0.12 },
    ],
    tools: [],
    retrieval: null,
    files: [],
  });
  expect(details.turns[1]).toMatchObject({ role: "user", feedback: "like", medium: "audio" });
  expect(details.turns[2]).toMatchObject({ message: "mhm", isBackchannel: true });
  expect(details.turns[5]).toMatchObject({
    isInterrupted: true,
    originalMessage:
      "I can offer Tuesday at nine or Thursday at half past four. Which of the two suits you better?",
    retrieval: {
      query: "opening hours and appointment length",
      seconds: 0.19,
      passages: [{ documentId: "kbdoc_demo_01", distance: 0.2144, isUsed: true }],
    },
  });
  expect(details.criteria).toMatchObject([
    { id: "booked", result: "success", score: null },
    { id: "politeness", score: 4, scoreMax: 5 },
  ]);
  expect(details.collected).toMatchObject([
    { id: "appointment", name: "Appointment time", value: "2026-11-12T16:30" },
    { id: "wants_price", value: true },
    { id: "insurance", value: null, rationale: "Not mentioned." },
  ]);
  expect(details.charging).toMatchObject({
    tier: "scale",
    callCredits: 308,
    llmCredits: 14,
    categories: [
      { name: "voice", credits: 276, usd: 0.0598, quantity: 46 },
      { name: "silence", credits: 3, usd: 0.0004, quantity: 6 },
    ],
    languageModels: [{ name: "gemini-2.5-flash", inputTokens: 5220, outputTokens: 231 }],
  });
  expect(details.charging?.languageModels[0]?.usd).toBeCloseTo(0.001671, 9);
  expect(details.feedback).toMatchObject({ comment: expect.any(String) });
});

test("an answer stands with its call, also if it came a turn later, and by itself if there is no call", () => {
  const { turns } = detailsOf(read("transcription_full_twilio_outbound.json"));
  expect(turns[3]?.tools).toEqual([
    {
      name: "find_free_slots",
      kind: "webhook",
      requestId: "req_demo_001",
      parameters: '{"week": "2026-W46", "minutes": 30}',
      method: "GET",
      url: "https://calendar.example.test/slots",
      hasRun: true,
      result: '{"slots":["2026-11-10T09:00","2026-11-12T16:30"]}',
      isError: false,
      isBlocked: false,
      error: null,
      seconds: 0.82,
    },
  ]);
  expect(turns[4]?.tools).toEqual([]);
  expect(turns[7]?.tools).toMatchObject([
    { name: "price_list", isError: true, error: "deadline exceeded after 20s", seconds: 20 },
    { name: "show_price", hasRun: false, result: null, isError: null },
  ]);
  const alone = detailsOf(
    withTurns({ tool_results: [{ request_id: "r", tool_name: "t", result_value: "x" }] }),
  );
  expect(alone.turns[0]?.tools).toMatchObject([{ name: "t", requestId: "r", result: "x" }]);
});

test("what may hold credentials of a tool's request is not told", () => {
  const request = {
    url: "https://user:pass@api.example.test/slots/7?key=credential-1#credential-2",
    headers: { Authorization: "Bearer credential-3" },
    query_params: { key: "credential-4" },
    path_params: { id: "credential-5" },
  };
  const calls = [
    { tool_name: "a", tool_details: request },
    { tool_name: "b", tool_details: { webhook_details: request, credential_id: "credential-6" } },
  ];
  const text = JSON.stringify(answerTo(withTurns({ tool_calls: calls })));
  expect(text).toContain('"url":"https://api.example.test/slots/7"');
  expect(text.match(/credential-\d|pass@|user:/g)).toBeNull();
});

test("the OpenTelemetry form, as far as it goes", () => {
  const { turns } = detailsOf(read("otel.json"));
  expect(turns).toMatchObject([
    { turn: 0, role: "agent", languageModel: "gemini-2.5-flash", timeInCallSecs: 0, tools: [] },
    { turn: 1, role: "user", message: "Yes, go ahead.", timeInCallSecs: 5 },
    {
      turn: 2,
      tools: [
        { name: "find_free_slots", parameters: '{"week":"2026-W46"}', result: '{"slots":2}', seconds: 2 },
      ],
    },
  ]);
});

test("one malformed turn harms only itself", () => {
  const { turns } = detailsOf(
    withTurns({ role: "agent", message: "before" }, 7, null, [], "x", { message: "after" }),
  );
  expect(turns.map(({ turn, message }) => [turn, message])).toEqual([
    [0, "before"],
    [5, "after"],
  ]);
});

test("a text of a megabyte is cut, and not in the middle of a character", () => {
  const { turns } = detailsOf(withTurns({ message: `x${"\u{1f600}".repeat(500_000)}` }));
  const message = turns[0]?.message ?? "";
  expect(message.length).toBeLessThan(100_010);
  expect(message.isWellFormed()).toBe(true);
  expect(message.endsWith("…")).toBe(true);
});

test("a value that nobody has announced is told as its JSON", () => {
  const data = { conversation_id: "c", analysis: { data_collection_results: { a: { value: { b: [1] } } } } };
  expect(detailsOf({ type: "post_call_transcription", data }).collected).toMatchObject([
    { id: "a", value: '{"b":[1]}' },
  ]);
});

/** Every event that differs from one in a single member, which is missing or odd. */
function* mutants(event: JsonObject): Generator<unknown> {
  const odd = [undefined, null, 7, -1e308, "", "text", true, [], {}, [[null]], { value: {} }, "\ud800"];
  for (const path of pathsIn(event)) {
    for (const value of odd) yield replaced(event, path, value);
  }
}

function pathsIn(value: unknown, path: string[] = []): string[][] {
  const members = Array.isArray(value) || isObject(value) ? Object.entries(value) : [];
  return [path, ...members.slice(0, 60).flatMap(([name, inner]) => pathsIn(inner, [...path, name]))];
}

function replaced(value: unknown, [name, ...rest]: string[], by: unknown): unknown {
  if (name === undefined) return by;
  if (Array.isArray(value))
    return value.map((inner, i) => (String(i) === name ? replaced(inner, rest, by) : inner));
  return { ...Object(value), [name]: replaced(Object(value)[name], rest, by) };
}

/** What details are read from: the rest of an event would only take time. */
function partsOf(name: string): JsonObject {
  const { data, ...event } = read(name);
  const { transcript, analysis, metadata, ...rest } = Object(data);
  if (transcript === undefined) return { ...event, data: rest };
  const { charging, feedback } = Object(metadata);
  return {
    ...event,
    data: {
      conversation_id: "conv_1",
      transcript: [1, 4, 5, 7].map((index) => transcript[index]),
      analysis,
      metadata: { charging, feedback, error: { code: 1011, reason: "x" }, warnings: ["y"] },
    },
  };
}

test.each(["transcription_full_twilio_outbound.json", "otel.json"])(
  "whatever member of %s is missing or odd, the answer is as its model says",
  (name) => {
    let count = 0;
    for (const event of mutants(partsOf(name))) {
      const answer = answerTo(event);
      if (!model.Check(answer)) {
        expect([...model.Errors(answer)]).toEqual([]);
      }
      count += 1;
    }
    expect(count).toBeGreaterThan(1000);
  },
);

test.each(eventFixtures())("the details of %s are as their model says", (name) => {
  expect([...model.Errors(answerTo(read(name)))]).toEqual([]);
});
