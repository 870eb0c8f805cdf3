import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { noFacts } from "../../../src/model/conversation.ts";
import type { ConversationFacts } from "../../../src/model/conversation.ts";
import { failureOf, deriveFacts, factsOfPayload } from "../../../src/vendor/derive.ts";
import { isQuarantine, readEvent } from "../../../src/vendor/event.ts";
import type { Event } from "../../../src/vendor/event.ts";
import { eventFixtures, fixture } from "../../helpers/deliveries.ts";

const AGENT = { agentId: "agent_2601kfx0demo0synthetic0aaaa", agentName: "Front desk demo" };
const DONE = {
  ...noFacts,
  ...AGENT,
  status: "done",
  startedAt: 1793620800,
  language: "en",
  holdsTurns: true,
};
const ENDED = "end_call tool was called.";

function eventOf(body: unknown): Event {
  const event = readEvent(body);
  if (isQuarantine(event)) throw new Error(`${event.code}: ${event.reason}`);
  return event;
}

describe("the columns of each documented event of a conversation", () => {
  const expected: Record<string, ConversationFacts> = {
    "answering_machine_detection.json": { ...noFacts, agentId: AGENT.agentId, voicemail: 1 },
    "audio_tiny.json": { ...noFacts, agentId: AGENT.agentId },
    "otel.json": {
      ...noFacts,
      agentId: AGENT.agentId,
      status: "done",
      startedAt: 1793620800,
      durationSecs: 46,
      direction: "outbound",
      channel: "phone",
      externalNumber: "+4915155500017",
      agentNumber: "+4930555000100",
      terminationReason: ENDED,
      callSuccessful: "success",
      title: "Appointment booked",
      summary: "Appointment booked for Thursday.",
      turnCount: 3,
      holdsTurns: true,
    },
    "transcription_all_tool_results_async_ticket.json": {
      ...DONE,
      hasAudio: 0,
      durationSecs: 22,
      costCredits: 161,
      costUsd: 0.031151,
      channel: "helpdesk",
      terminationReason: ENDED,
      callSuccessful: "success",
      title: "Parcel",
      summary: "The customer asked for a parcel.",
      turnCount: 18,
    },
    "transcription_failed_no_analysis.json": {
      ...DONE,
      hasAudio: 0,
      status: "failed",
      durationSecs: 0,
      costCredits: 0,
      costUsd: 0,
      channel: "web",
      terminationReason: "LLM error",
      holdsTurns: false,
    },
    "transcription_full_twilio_outbound.json": {
      ...DONE,
      hasAudio: 1,
      userId: "patient-4711",
      durationSecs: 46,
      costCredits: 322,
      costUsd: 0.063311,
      direction: "outbound",
      channel: "twilio",
      externalNumber: "+4915155500017",
      agentNumber: "+4930555000100",
      terminationReason: ENDED,
      callSuccessful: "success",
      title: "Appointment booked",
      summary:
        "The practice called a patient, offered two appointments and booked Thursday afternoon. A price question stayed open.",
      turnCount: 11,
    },
    "transcription_minimal.json": {
      ...DONE,
      agentId: "agent_demo",
      agentName: null,
      userId: "customer-17",
      durationSecs: 12,
      costCredits: 94,
      callSuccessful: "success",
      summary: "A customer asked about a repair and learned the pick-up time.",
      turnCount: 3,
    },
    "transcription_multi_agent_workflow.json": {
      ...DONE,
      hasAudio: 1,
      durationSecs: 25,
      costCredits: 181,
      costUsd: 0.035171,
      channel: "web",
      terminationReason: ENDED,
      callSuccessful: "success",
      title: "Invoice question",
      summary: "The user was handed to billing and got the invoice total.",
      turnCount: 6,
    },
    "transcription_sip_inbound_transfer.json": {
      ...DONE,
      hasAudio: 1,
      durationSecs: 21,
      costCredits: 154,
      costUsd: 0.029811,
      direction: "inbound",
      channel: "sip",
      externalNumber: "+441632960055",
      agentNumber: "+441632960100",
      terminationReason: "Call transferred to a phone number",
      callSuccessful: "unknown",
      title: "Transfer to staff",
      summary: "The caller asked for staff and was transferred.",
      turnCount: 3,
    },
    "transcription_unicode_multilingual.json": {
      ...DONE,
      hasAudio: 1,
      agentName: "Réception 🌐 受付",
      userId: "użytkownik-ß-1",
      durationSecs: 38,
      costCredits: 268,
      costUsd: 0.052591,
      channel: "web",
      language: "ja",
      terminationReason: ENDED,
      callSuccessful: "success",
      title: "多言語 / متعدد اللغات",
      summary: "複数の言語で会話しました。 Une conversation en plusieurs langues 🌍.",
      turnCount: 10,
    },
    "transcription_very_long.json": {
      ...DONE,
      hasAudio: 1,
      durationSecs: 6548,
      costCredits: 43_885,
      costUsd: 8.775991,
      channel: "web",
      terminationReason: ENDED,
      callSuccessful: "success",
      title: "Very long call",
      summary: expect.stringMatching(/^invoice morning question question parcel /),
      turnCount: 1200,
    },
    "transcription_whatsapp_text_only_files.json": {
      ...DONE,
      hasAudio: 0,
      userId: "4915155500042",
      durationSecs: 3600,
      costCredits: 31,
      costUsd: 0.0042,
      direction: "inbound",
      channel: "whatsapp",
      externalNumber: "4915155500042",
      terminationReason: "Conversation timed out",
      callSuccessful: "success",
      title: "Kitchen offer requested",
      summary: "The customer sent a kitchen plan and a photo and asked for an offer.",
      turnCount: 5,
    },
  };

  for (const name of eventFixtures()) {
    const facts = expected[name] ?? null;
    test(facts === null ? `are none: ${name}` : `are derived: ${name}`, () => {
      const text = fixture(name).toString();
      const read = readEvent(JSON.parse(text));
      expect(isQuarantine(read) ? null : deriveFacts(read)).toEqual(facts);
      expect(factsOfPayload(text, JSON.parse(text).type)).toEqual(facts);
    });
  }
});

test("nothing is parsed of a stored event that nothing is derived from", () => {
  for (const type of ["agent_qa", "not_known", null]) expect(factsOfPayload("not JSON", type)).toBeNull();
  expect(() => factsOfPayload("not JSON", "post_call_audio")).toThrow(SyntaxError);
});

const voicemail = (data: Record<string, unknown>) =>
  deriveFacts(eventOf({ type: "answering_machine_detection", data }))?.voicemail;

describe("the verdict of a machine detection", () => {
  test.each([
    [{ answered_by: "machine_start" }, 1],
    [{ answered_by: "machine_end_beep" }, 1],
    [{ AnsweredBy: "machine_end_silence" }, 1],
    [{ result: "machine" }, 1],
    [{ answered_by: "human" }, 0],
    [{ answered_by: "unknown" }, null],
    [{ answered_by: "fax" }, null],
    [{ answered_by: true }, null],
    [{}, null],
  ])("%j is %p", (data, expected) => {
    expect(voicemail(data)).toBe(expected);
  });
});

describe("whatever JSON stands at any place of an event", () => {
  const small = eventFixtures().filter((name) => fixture(name).byteLength < 100_000);

  for (const name of small) {
    test(`what is derived fits its columns: ${name}`, () => {
      const text = fixture(name).toString();
      const paths = pathsOf(JSON.parse(text));
      const shallow = paths.filter((path) => path.length <= 4);
      const anyPath = fc.oneof(fc.constantFrom(...shallow), fc.constantFrom(...paths));
      const places = fc.array(fc.tuple(anyPath, oddValue), { minLength: 1, maxLength: 8 });
      fc.assert(
        fc.property(places, (changes) => {
          const body: unknown = JSON.parse(text);
          // Copies: a later change may fall into an earlier one.
          for (const [path, value] of changes) putAt(body, path, structuredClone(value));
          const event = readEvent(body);
          if (isQuarantine(event)) return;
          for (const [column, value] of Object.entries(deriveFacts(event) ?? {})) expectFits(column, value);
          for (const [column, value] of Object.entries(failureOf(event))) expectFits(column, value);
        }),
        { numRuns: 150 },
      );
    });
  }
});

const oddValue = fc.oneof(
  fc.jsonValue(),
  fc.constantFrom<unknown>(
    null,
    "",
    0,
    -1,
    1.5,
    1e300,
    "1e5",
    "\ud800",
    [],
    {},
    [null],
    ["x"],
    [[]],
    [{}],
    "inbound",
    true,
  ),
);

const wholeColumns = new Set(["startedAt", "durationSecs", "costCredits", "turnCount", "occurredAt"]);

/** A STRICT table refuses a value of another type, and with it the whole batch. */
function expectFits(column: string, value: unknown): void {
  const fits = () => {
    if (column === "holdsTurns") return typeof value === "boolean";
    if (value === null) return true;
    if (wholeColumns.has(column)) return Number.isSafeInteger(value);
    if (column === "costUsd") return Number.isFinite(value);
    if (column === "voicemail" || column === "hasAudio") return value === 0 || value === 1;
    if (column === "direction") return value === "inbound" || value === "outbound";
    return typeof value === "string" && value !== "" && value.isWellFormed();
  };
  expect([column, value, fits()]).toEqual([column, value, true]);
}

type Path = (string | number)[];

function pathsOf(value: unknown, path: Path = []): Path[] {
  if (typeof value !== "object" || value === null) return [path];
  const inner = Array.isArray(value)
    ? value.map((item, index) => [index, item] as const)
    : Object.entries(value);
  return [path, ...inner.flatMap(([name, item]) => pathsOf(item, [...path, name]))].filter(
    (found) => found.length > 0,
  );
}

function putAt(root: unknown, path: Path, value: unknown): void {
  let parent = root as Record<string | number, unknown>;
  for (const name of path.slice(0, -1)) {
    const next = parent[name];
    // An earlier change has taken the place away.
    if (typeof next !== "object" || next === null) return;
    parent = next as Record<string | number, unknown>;
  }
  parent[path.at(-1) ?? ""] = value;
}
