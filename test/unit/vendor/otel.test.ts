import { describe, expect, test } from "bun:test";
import { noFacts } from "../../../src/model/conversation.ts";
import { factsOfOtel } from "../../../src/vendor/otel.ts";

const OTHER = "+4915155500017";
const AGENT = "+4930555000100";

/** An event with a root span of these attributes, and spans of these names. */
function otel(
  attributes: Record<string, unknown>,
  spanNames: string[] = [],
  root: Record<string, unknown> = {},
) {
  const wrapped = Object.entries(attributes).map(([key, value]) => ({
    key: `elevenlabs.${key}`,
    value: { stringValue: value },
  }));
  const spans = [
    { name: "elevenlabs.conversation", attributes: wrapped, ...root },
    ...spanNames.map((name) => ({ name })),
  ];
  return { otlp_traces: { resourceSpans: [{ scopeSpans: [{ spans }] }] } };
}

describe("numbers", () => {
  const CALLER = "dynamic_variable.system__caller_id";
  const CALLED = "dynamic_variable.system__called_number";
  const EXTERNAL = "telephony.external_number";

  test.each([
    [
      "inbound where the other party called",
      { [EXTERNAL]: OTHER, [CALLER]: OTHER, [CALLED]: AGENT },
      "inbound",
      OTHER,
      AGENT,
    ],
    [
      "inbound where the agent's is not known",
      { [EXTERNAL]: OTHER, [CALLER]: OTHER },
      "inbound",
      OTHER,
      null,
    ],
    [
      "outbound where the agent called",
      { [EXTERNAL]: OTHER, [CALLER]: AGENT, [CALLED]: OTHER },
      "outbound",
      OTHER,
      AGENT,
    ],
    ["outbound where somebody else called", { [EXTERNAL]: OTHER, [CALLER]: AGENT }, "outbound", OTHER, AGENT],
    [
      "outbound where the other party was called",
      { [EXTERNAL]: OTHER, [CALLED]: OTHER },
      "outbound",
      OTHER,
      null,
    ],
    ["of no direction where nobody is known to have called", { [EXTERNAL]: OTHER }, null, OTHER, null],
    ["of no direction without the other party's", { [CALLER]: OTHER, [CALLED]: AGENT }, null, OTHER, AGENT],
  ])("are %s", (_, attributes, direction, externalNumber, agentNumber) => {
    const channel = EXTERNAL in attributes ? "phone" : null;
    expect(factsOfOtel(otel(attributes))).toMatchObject({ direction, channel, externalNumber, agentNumber });
  });
});

test("turns are what user and agent said, not tools and the conversation itself", () => {
  const names = [
    "elevenlabs.recv.user_transcript",
    "elevenlabs.tool.x",
    "elevenlabs.recv.agent_response",
    "other",
  ];
  expect(factsOfOtel(otel({}, names))).toMatchObject({ turnCount: 2, holdsTurns: true });
});

test("turns in several groups of spans are counted together", () => {
  const spans = [{ name: "elevenlabs.recv.user_transcript" }];
  const resourceSpans = [{ scopeSpans: [{ spans }, { spans }] }, { scopeSpans: [{ spans }] }];
  expect(factsOfOtel({ otlp_traces: { resourceSpans } })).toMatchObject({ turnCount: 3 });
});

test("a conversation without turns erases none", () => {
  expect(factsOfOtel(otel({ status: "done" }))).toMatchObject({
    status: "done",
    turnCount: null,
    holdsTurns: false,
  });
});

test.each([
  ["a string of digits", { intValue: "46400" }, 46],
  ["a number", { intValue: 46_600 }, 47],
  ["a fraction", { doubleValue: 500.5 }, 1],
  ["a boolean", { boolValue: true }, null],
  ["nothing", {}, null],
  ["no wrapper", 46_000, null],
])("a duration wrapped as %s is read", (_, value, durationSecs) => {
  const attributes = [{ key: "elevenlabs.session.duration_ms", value }];
  expect(factsOfOtel(otel({}, [], { attributes })).durationSecs).toBe(durationSecs);
});

test.each([
  ["1793620800999000000", 1793620800],
  [1793620800000000000, 1793620800],
  ["1793620800000000000000000", null],
  ["253402300799999999999", null],
  ["253402300799000000000", 253402300799],
  [-1, null],
  ["soon", null],
  [null, null],
])("a start of %p nanoseconds is %p", (startTimeUnixNano, startedAt) => {
  expect(factsOfOtel(otel({}, [], { startTimeUnixNano })).startedAt).toBe(startedAt);
});

test("the agent is the event's, else that of the attributes", () => {
  const data = otel({ agent_id: "of the attributes" });
  expect(factsOfOtel(data).agentId).toBe("of the attributes");
  expect(factsOfOtel({ ...data, agent_id: "of the event" }).agentId).toBe("of the event");
});

test("an attribute called __proto__ changes nothing", () => {
  const attributes = [{ key: "__proto__", value: { kvlistValue: { "elevenlabs.status": "forged" } } }];
  expect(factsOfOtel(otel({}, [], { attributes }))).toEqual(noFacts);
});

test.each([
  [{}],
  [{ otlp_traces: null }],
  [{ otlp_traces: { resourceSpans: [null, "x", { scopeSpans: [{ spans: [null, 5, "x"] }] }] } }],
])("traces of another shape say nothing: %j", (data) => {
  expect(factsOfOtel(data)).toEqual(noFacts);
});
