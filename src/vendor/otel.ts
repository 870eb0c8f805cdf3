import { noFacts } from "../model/conversation.ts";
import type { ConversationFacts } from "../model/conversation.ts";
import type { StoredTurn } from "../model/turn.ts";
import { integerAt, isObject, numberAt, secondsOfNano, textAt } from "./json-value.ts";
import type { JsonObject } from "./json-value.ts";
import type {
  OtelConversation,
  OtlpAttribute,
  OtlpResourceSpans,
  OtlpScopeSpans,
  OtlpSpan,
} from "./models/otel.ts";
import { reading } from "./reading.ts";

const ofConversation = reading<OtelConversation>();
const ofResource = reading<OtlpResourceSpans>();
const ofScope = reading<OtlpScopeSpans>();
const ofSpan = reading<OtlpSpan>();
const ofAttribute = reading<OtlpAttribute>();

const ROOT_SPAN = "elevenlabs.conversation";
const USER_SPAN = "elevenlabs.recv.user_transcript";
const AGENT_SPAN = "elevenlabs.recv.agent_response";
const TOOL_SPAN = "elevenlabs.tool.";

/** What the OpenTelemetry form of a transcription says of its conversation, as far as its attributes carry it. */
export function factsOfOtel(data: JsonObject): ConversationFacts {
  const { resources, root, turns } = spansOf(data);
  const attributes = attributesOf([
    ...resources.map((resource) => ofResource.value(resource, "resource")),
    root,
  ]);
  const durationMs = numberAt(attributes, "elevenlabs.session.duration_ms");
  return {
    ...noFacts,
    agentId: ofConversation.text(data, "agent_id") ?? textAt(attributes, "elevenlabs.agent_id"),
    agentName: textAt(attributes, "elevenlabs.agent_name"),
    status: textAt(attributes, "elevenlabs.status"),
    userId: textAt(attributes, "elevenlabs.user_id"),
    startedAt: secondsOfNano(ofSpan.number(root, "startTimeUnixNano")),
    durationSecs: durationMs === null ? null : integerAt(durationMs / 1000),
    ...partiesOf(attributes),
    terminationReason: textAt(attributes, "elevenlabs.termination_reason"),
    callSuccessful: textAt(attributes, "elevenlabs.analysis.call_successful"),
    title: textAt(attributes, "elevenlabs.analysis.call_summary_title"),
    summary: textAt(attributes, "elevenlabs.analysis.transcript_summary"),
    turnCount: turns.length > 0 ? turns.length : null,
    holdsTurns: turns.length > 0,
  };
}

/**
 * The turns of the OpenTelemetry form, which has times of day only.
 *
 * @param startedAt of the conversation, in unix seconds
 */
export function turnsOfOtel(data: JsonObject, startedAt: number | null): StoredTurn[] {
  return spansOf(data).turns.map((span) => turnOfSpan(span, startedAt));
}

/** The turn that a span is of. */
export function turnOfSpan(span: unknown, startedAt: number | null): StoredTurn {
  const attributes = ofSpan.list(span, "attributes");
  const saidAt = secondsOfNano(ofSpan.number(span, "startTimeUnixNano"));
  return {
    turn: numberAt(attributeOf(attributes, "elevenlabs.turn.index"), "intValue"),
    role: ofSpan.text(span, "name") === USER_SPAN ? "user" : "agent",
    message:
      textAt(attributeOf(attributes, "elevenlabs.user.text"), "stringValue") ??
      textAt(attributeOf(attributes, "elevenlabs.agent.text"), "stringValue"),
    timeInCallSecs: saidAt === null || startedAt === null ? null : saidAt - startedAt,
    toolCalls: [],
    toolResults: [],
  };
}

/** The spans that say something: of the conversation, of its turns and of tools. */
export function spansOf(data: JsonObject) {
  const resources = ofConversation.list(data, "otlp_traces", "resourceSpans");
  const spans = resources
    .flatMap((resource) => ofResource.list(resource, "scopeSpans"))
    .flatMap((scope) => ofScope.list(scope, "spans"));
  const root = spans.find((span) => ofSpan.text(span, "name") === ROOT_SPAN);
  const turns = spans.filter((span) => [USER_SPAN, AGENT_SPAN].includes(ofSpan.text(span, "name") ?? ""));
  const tools = spans.flatMap((span) => {
    const name = ofSpan.text(span, "name") ?? "";
    return name.startsWith(TOOL_SPAN) ? [{ name: name.slice(TOOL_SPAN.length), span }] : [];
  });
  return { resources, root, turns, tools };
}

/** The form names no direction: it follows from which of the two numbers called. */
function partiesOf(attributes: JsonObject) {
  const external = textAt(attributes, "elevenlabs.telephony.external_number");
  const caller = textAt(attributes, "elevenlabs.dynamic_variable.system__caller_id");
  const called = textAt(attributes, "elevenlabs.dynamic_variable.system__called_number");
  if (external === null) return { externalNumber: caller, agentNumber: called };

  if (caller === external) {
    return { externalNumber: external, agentNumber: called, direction: "inbound" as const, channel: "phone" };
  }
  const direction = called === external || caller !== null ? ("outbound" as const) : null;
  return { externalNumber: external, agentNumber: caller, direction, channel: "phone" };
}

/** The attributes of several holders in one object: values as OTLP's AnyValue wraps them, strings or numbers. */
export function attributesOf(holders: unknown[]): JsonObject {
  const attributes: JsonObject = {};
  for (const attribute of holders.flatMap((holder) => ofSpan.list(holder, "attributes"))) {
    const name = ofAttribute.text(attribute, "key");
    const value = ofAttribute.value(attribute, "value");
    if (name !== null && isObject(value)) attributes[name] = Object.values(value)[0];
  }
  return attributes;
}

function attributeOf(attributes: unknown[], name: string): unknown {
  const found = attributes.find((attribute) => ofAttribute.text(attribute, "key") === name);
  return ofAttribute.value(found, "value");
}
