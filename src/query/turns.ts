import { isQuarantine, readEvent } from "../vendor/event.ts";
import { isObject, listAt, numberAt, secondsOfNano, textAt, valueAt } from "../vendor/json-value.ts";
import type { JsonObject } from "../vendor/json-value.ts";

/** What somebody said, or an agent did, in a conversation. */
export type Turn = {
  /** From 0; null where the event does not say. */
  turn: number | null;
  role: string | null;
  message: string | null;
  timeInCallSecs: number | null;
  /** What the agent asked of its tools, and what they answered, as ElevenLabs sent it. */
  toolCalls: unknown[];
  toolResults: unknown[];
};

const USER_SPAN = "elevenlabs.recv.user_transcript";
const AGENT_SPAN = "elevenlabs.recv.agent_response";

/**
 * Reads the turns out of a stored payload: those that the view `turns` has, and what the agent did in them. Parsing once
 * takes a fraction of the view's time.
 *
 * @param startedAt of the conversation, in unix seconds: the OpenTelemetry form has times of day only
 */
export function turnsOf(payload: string, startedAt: number | null): Turn[] {
  const event = readEvent(parsed(payload));
  if (isQuarantine(event)) return [];
  return event.kind === "otel" ? turnsOfSpans(event.data, startedAt) : turnsOfTranscript(event.data);
}

/** A payload that somebody has changed must not keep all others from being indexed. */
function parsed(payload: string): unknown {
  try {
    return JSON.parse(payload);
  } catch {
    return null;
  }
}

function turnsOfTranscript(data: JsonObject): Turn[] {
  return listAt(data, "transcript").flatMap((turn, index) =>
    isObject(turn)
      ? {
          turn: index,
          role: textAt(turn, "role"),
          message: textAt(turn, "message"),
          timeInCallSecs: numberAt(turn, "time_in_call_secs"),
          toolCalls: listAt(turn, "tool_calls"),
          toolResults: listAt(turn, "tool_results"),
        }
      : [],
  );
}

function turnsOfSpans(data: JsonObject, startedAt: number | null): Turn[] {
  const spans = listAt(data, "otlp_traces", "resourceSpans")
    .flatMap((resource) => listAt(resource, "scopeSpans"))
    .flatMap((scope) => listAt(scope, "spans"));
  return spans
    .filter((span) => [USER_SPAN, AGENT_SPAN].includes(textAt(span, "name") ?? ""))
    .map((span) => turnOfSpan(span, startedAt));
}

function turnOfSpan(span: unknown, startedAt: number | null): Turn {
  const saidAt = secondsOfNano(numberAt(span, "startTimeUnixNano"));
  return {
    turn: numberAt(attributeOf(span, "elevenlabs.turn.index"), "intValue"),
    role: textAt(span, "name") === USER_SPAN ? "user" : "agent",
    message:
      textAt(attributeOf(span, "elevenlabs.user.text"), "stringValue") ??
      textAt(attributeOf(span, "elevenlabs.agent.text"), "stringValue"),
    timeInCallSecs: saidAt === null || startedAt === null ? null : saidAt - startedAt,
    toolCalls: [],
    toolResults: [],
  };
}

function attributeOf(span: unknown, name: string): unknown {
  const found = listAt(span, "attributes").find((attribute) => textAt(attribute, "key") === name);
  return valueAt(found, "value");
}
