import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { isQuarantine, readEvent } from "../../../src/vendor/event.ts";
import { eventKind, needsConversation } from "../../../src/vendor/event-type.ts";
import { eventFixtures, fixture } from "../../helpers/deliveries.ts";

const parse = (name: string): unknown => JSON.parse(fixture(name).toString());
const event = (data: unknown, more: Record<string, unknown> = {}) =>
  readEvent({ type: "post_call_transcription", data, ...more });

const AGENT = "agent_2601kfx0demo0synthetic0aaaa";
const conversation = (kind: string, id: string, agentId: string, eventTimestamp: number) => {
  return { kind, conversationId: id, agentId, eventTimestamp, isFlat: false };
};
const other = (eventTimestamp: number | null = 1793620890) => {
  return { kind: "other", conversationId: null, agentId: null, eventTimestamp, isFlat: false };
};

describe("the envelope of each documented event", () => {
  const synthetic = (kind: string, number: string, eventTimestamp = 1793620890) =>
    conversation(kind, `conv_2601kfx0demo0synthetic${number}`, AGENT, eventTimestamp);

  const expected: Record<string, unknown> = {
    "answering_machine_detection.json": synthetic("machine-detection", "0002"),
    "audio_tiny.json": synthetic("audio", "0002", 1793620912),
    "call_initiation_failure_sip_486.json": synthetic("failure", "0022", 1793620833),
    "call_initiation_failure_twilio_busy.json": synthetic("failure", "0020", 1793620833),
    "call_initiation_failure_twilio_no_answer.json": synthetic("failure", "0021", 1793620833),
    "dubbing_language_completed.json": other(),
    "flows_generation_completed.json": other(),
    "flows_generation_failed.json": other(),
    "flows_template_run.json": other(),
    "otel.json": synthetic("otel", "0002"),
    "speech_to_text_single.json": other(null),
    "transcription_all_tool_results_async_ticket.json": synthetic("transcription", "0013"),
    "transcription_failed_no_analysis.json": synthetic("transcription", "0008"),
    "transcription_full_twilio_outbound.json": synthetic("transcription", "0002"),
    "transcription_minimal.json": conversation(
      "transcription",
      "conv_demo_minimal",
      "agent_demo",
      1793620830,
    ),
    "transcription_multi_agent_workflow.json": synthetic("transcription", "0007"),
    "transcription_sip_inbound_transfer.json": synthetic("transcription", "0003"),
    "transcription_unicode_multilingual.json": synthetic("transcription", "0004"),
    "transcription_very_long.json": synthetic("transcription", "0012", 1793627408),
    "transcription_whatsapp_text_only_files.json": synthetic("transcription", "0005"),
    "unknown_future.json": {
      code: "unknown_type",
      type: "conversation_sentiment_updated_v9",
      conversationId: "conv_2601kfx0demo0synthetic0002",
      agentId: null,
      eventTimestamp: 1793620890,
    },
    "voice_removal_notice.json": other(),
    "voice_removal_notice_withdrawn.json": other(),
    "voice_removed.json": other(1801396800),
  };

  test("is known for all of them", () => {
    expect(eventFixtures().toSorted()).toEqual(Object.keys(expected).toSorted());
  });

  for (const [name, envelope] of Object.entries(expected)) {
    test(`is read: ${name}`, () => {
      expect(readEvent(parse(name))).toMatchObject(envelope as object);
    });
  }
});

describe("the type", () => {
  test.each([
    ["post_call_transcription", "transcription", true],
    ["post_call_transcription_otel", "otel", true],
    ["post_call_audio", "audio", true],
    ["call_initiation_failure", "failure", true],
    ["unredacted_transcript", "transcription", true],
    ["unredacted_audio", "audio", true],
    ["answering_machine_detection", "machine-detection", false],
    ["agent_qa", "other", false],
    ["speech_to_text_transcription", "other", false],
    ["dubbing_project_failed", "other", false],
    ["audio.generated", "other", false],
    ["voice.cloned", "other", false],
    ["usage.threshold", "other", false],
  ] as const)("%s is of the kind %s; it needs a conversation: %p", (type, kind, needsId) => {
    expect(eventKind(type)).toBe(kind);
    expect(needsConversation(kind)).toBe(needsId);
    const code = isQuarantine(readEvent({ type, data: {} })) ? "invalid_payload" : null;
    expect(code).toBe(needsId ? "invalid_payload" : null);
  });

  test.each(["post_call_video", "POST_CALL_AUDIO", " post_call_audio", "toString", "__proto__"])(
    "%s is unknown",
    (type) => {
      expect(readEvent({ type, data: { conversation_id: "c" } })).toMatchObject({
        code: "unknown_type",
        type,
        conversationId: "c",
      });
    },
  );

  test.each([
    [{}],
    [{ type: "" }],
    [{ type: null }],
    [{ type: 1 }],
    [{ type: ["post_call_audio"] }],
    [[]],
    [null],
    ["x"],
    [1],
  ])("is missing in %j, which is no JSON to work with", (body) => {
    expect(readEvent(body)).toMatchObject({ code: "invalid_json" });
  });
});

describe("the data", () => {
  test("of an older sender is the event itself", () => {
    const body = { type: "post_call_audio", conversation_id: "c", agent_id: "a", event_timestamp: 5 };
    expect(readEvent(body)).toMatchObject({
      isFlat: true,
      data: body,
      conversationId: "c",
      agentId: "a",
      eventTimestamp: 5,
    });
  });

  test("counts where there is one, whatever stands beside it", () => {
    const body = { type: "post_call_audio", conversation_id: "outer", data: { conversation_id: "inner" } };
    expect(readEvent(body)).toMatchObject({ isFlat: false, conversationId: "inner" });
  });

  test.each([[null], [[]], ["{}"], [0], [false]])("is unusable as %j", (data) => {
    expect(event(data, { event_timestamp: 7 })).toMatchObject({
      code: "invalid_payload",
      reason: "data is not an object",
      type: "post_call_transcription",
      eventTimestamp: 7,
    });
  });
});

describe("the conversation's id", () => {
  test.each([[undefined], [null], [""], [5], [{}], [["c"]]])("is missing as %j", (id) => {
    expect(event({ conversation_id: id })).toMatchObject({
      code: "invalid_payload",
      reason: "no conversation_id",
    });
  });

  test.each(["../../etc/passwd", " ", "c\0d", "ü".repeat(200)])("may be any text: %j", (id) => {
    expect(event({ conversation_id: id })).toMatchObject({ conversationId: id });
  });

  test("may have 10 KB and may not have 20 KB", () => {
    const id = "c".repeat(10_240);
    expect(event({ conversation_id: id })).toMatchObject({ conversationId: id });
    expect(event({ conversation_id: "c".repeat(20_480) })).toMatchObject({
      code: "invalid_payload",
      conversationId: null,
    });
  });

  test("with a lone surrogate is one that UTF-8 can hold", () => {
    expect(event({ conversation_id: "c\ud83d" })).toMatchObject({ conversationId: "c\ufffd" });
  });

  test("needs no agent's id beside it", () => {
    expect(event({ conversation_id: "c", agent_id: 5 })).toMatchObject({
      conversationId: "c",
      agentId: null,
    });
    expect(event({ conversation_id: "c", agent_id: "a".repeat(20_480) })).toMatchObject({ agentId: null });
  });
});

describe("the event's time", () => {
  test.each([
    [1793620890, 1793620890],
    [1793620890.9, 1793620890],
    ["1793620890", 1793620890],
    [1793620890123, 1793620890],
    ["2026-11-02T12:01:30Z", 1793620890],
    [undefined, null],
    [null, null],
    [{}, null],
    [-5, null],
    [1e30, null],
  ])("%p is %p", (value, eventTimestamp) => {
    expect(event({ conversation_id: "c" }, { event_timestamp: value })).toMatchObject({ eventTimestamp });
  });
});

test("any JSON is an event or a quarantine, and nothing throws", () => {
  const type = fc.constantFrom("post_call_transcription", "post_call_audio", "agent_qa", "x");
  const body = fc.oneof(
    fc.jsonValue(),
    fc.record({ type, data: fc.jsonValue(), event_timestamp: fc.jsonValue() }, { requiredKeys: ["type"] }),
    fc.record({ type, data: fc.record({ conversation_id: fc.jsonValue(), agent_id: fc.jsonValue() }) }),
  );
  fc.assert(
    fc.property(body, (value) => {
      const read = readEvent(value);
      const { agentId, conversationId, eventTimestamp } = read;
      expect(
        [agentId, conversationId].every((id) => id === null || (typeof id === "string" && id !== "")),
      ).toBe(true);
      expect(eventTimestamp === null || Number.isSafeInteger(eventTimestamp)).toBe(true);
      expect(isQuarantine(read) || typeof read.data === "object").toBe(true);
    }),
    { numRuns: 500 },
  );
});
