import { noDetails } from "../../model/call-details.ts";
import type { CallDetails, CollectedValue, ToolUse, TurnDetails } from "../../model/call-details.ts";
import { numberAt, textAt } from "../json-value.ts";
import type { JsonObject } from "../json-value.ts";
import type { OtlpSpan } from "../models/otel.ts";
import { attributesOf, spansOf, turnOfSpan } from "../otel.ts";
import { reading } from "../reading.ts";
import { shownTextAt } from "./shown-text.ts";
import { noToolUse } from "./tools.ts";

const ofSpan = reading<OtlpSpan>();

const COLLECTED = "elevenlabs.analysis.data_collection_results.";
/** Of an OTLP status: the span ended with an error. */
const STATUS_ERROR = 2;
const NANOSECONDS = 1e9;

/** What the OpenTelemetry form of a transcription says of its call beside its facts: far less than the other form. */
export function detailsOfOtel(data: JsonObject, startedAt: number | null): CallDetails {
  const { root, turns, tools } = spansOf(data);
  const toolsBySpan = Map.groupBy(tools, ({ span }) => ofSpan.text(span, "parentSpanId"));
  const attributes = attributesOf([root]);
  return {
    ...noDetails,
    turns: turns.map((span) => {
      const used = toolsBySpan.get(ofSpan.text(span, "spanId")) ?? [];
      return turnDetails(span, startedAt, used.map(toolUse));
    }),
    collected: Object.entries(attributes)
      .filter(([name]) => name.startsWith(COLLECTED))
      .map(([name, value]) => collectedValue(name.slice(COLLECTED.length), value)),
    successScore: numberAt(attributes, "elevenlabs.analysis.call_success_score"),
  };
}

function turnDetails(span: unknown, startedAt: number | null, tools: ToolUse[]): TurnDetails {
  const { turn, role, message, timeInCallSecs } = turnOfSpan(span, startedAt);
  return {
    turn,
    role,
    message: shownTextAt(message),
    originalMessage: null,
    isInterrupted: false,
    isBackchannel: false,
    timeInCallSecs,
    medium: null,
    agentId: null,
    languageModel: textAt(attributesOf([span]), "elevenlabs.producing_llm"),
    feedback: null,
    metrics: [],
    tools,
    retrieval: null,
    files: [],
  };
}

function toolUse({ name, span }: { name: string; span: unknown }): ToolUse {
  const attributes = attributesOf([span]);
  const isError = ofSpan.number(span, "status", "code") === STATUS_ERROR;
  return {
    ...noToolUse,
    name: shownTextAt(name),
    parameters: shownTextAt(attributes, "elevenlabs.tool.parameters"),
    result: shownTextAt(attributes, "elevenlabs.tool.result"),
    isError,
    error: isError ? shownTextAt(span, "status", "message") : null,
    seconds: secondsOf(span),
  };
}

function secondsOf(span: unknown): number | null {
  const [from, to] = [ofSpan.number(span, "startTimeUnixNano"), ofSpan.number(span, "endTimeUnixNano")];
  return from === null || to === null || to < from ? null : (to - from) / NANOSECONDS;
}

function collectedValue(id: string, value: unknown): CollectedValue {
  const isPlain = typeof value === "number" || typeof value === "boolean";
  return { id, name: null, value: isPlain ? value : shownTextAt(value), rationale: null };
}
