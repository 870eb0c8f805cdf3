import { Type } from "@sinclair/typebox";
import type { Static } from "@sinclair/typebox";
import { agentId, conversationId } from "./conversation.ts";
import {
  flag,
  list,
  model,
  named,
  number,
  numberOrText,
  of,
  ofOrNull,
  open,
  text,
  textOrNull,
} from "./field.ts";

const anyValue = model("OtlpValue", "A value as OTLP writes it: one of these members, named by its type.", {
  stringValue: text("Text.", "elevenlabs-convai"),
  boolValue: flag("True or false."),
  intValue: numberOrText("A whole number, as text (as OTLP has it) or as a number.", "46000"),
  doubleValue: number("A number with fractions.", 0.41),
  arrayValue: open("A list, in `values`.", { values: [{ stringValue: "a" }] }),
  kvlistValue: open("A map, in `values`.", { values: [{ key: "a", value: { stringValue: "b" } }] }),
  bytesValue: text("Bytes, in base64.", "AAE="),
});

const attribute = model("OtlpAttribute", "A named value.", {
  key: text(
    "Its name. Of the conversation: `elevenlabs.conversation_id`, `elevenlabs.agent_id`, `elevenlabs.agent_name`, " +
      "`elevenlabs.user_id`, `elevenlabs.status`, `elevenlabs.termination_reason`, `elevenlabs.session.duration_ms` " +
      "(milliseconds), `elevenlabs.telephony.external_number` (**the person's number**), " +
      "`elevenlabs.analysis.call_successful`, `.transcript_summary`, `.call_summary_title`, `.data_collection_results.<id>`, " +
      "`elevenlabs.dynamic_variable.<name>`. Of a turn: `elevenlabs.turn.index`, `elevenlabs.user.text`, " +
      "`elevenlabs.agent.text`, `elevenlabs.producing_llm`, `elevenlabs.llm_usage.<model>.<field>`.",
    "elevenlabs.status",
  ),
  value: of(anyValue, "Its value."),
});

const attributes = (what: string) => list(attribute, `Named values of the ${what}.`);

const spanStatus = model("OtlpStatus", "How a span ended.", {
  code: numberOrText("0 not said, 1 good, 2 an error: in the root span, all but a normal hang-up.", 1),
  message: text("The error in words; absent if there is none.", "LLM error"),
});

const spanEvent = named(
  "OtlpSpanEvent",
  "Something that happened during a span; the vendor does not say what comes here.",
  Type.Record(Type.String(), Type.Unknown()),
);

const span = model("OtlpSpan", "A piece of the conversation with its beginning and end.", {
  traceId: text(
    "Id of the trace: 32 hexadecimal digits, one for the conversation.",
    "5f0c0d3e5f0c0d3e5f0c0d3e5f0c0d3e",
  ),
  spanId: text("Id of the span: 16 hexadecimal digits.", "0000000000000002"),
  parentSpanId: textOrNull("The span that it is part of; null or absent in the root.", "0000000000000001"),
  name: text(
    "What it is: `elevenlabs.conversation` (the root), `elevenlabs.recv.user_transcript` (the person's turn), " +
      "`elevenlabs.recv.agent_response` (the agent's turn), `elevenlabs.tool.<name>` (a tool, within the agent's turn).",
    "elevenlabs.recv.user_transcript",
  ),
  kind: numberOrText("OTLP's kind of span; 1: internal.", 1),
  startTimeUnixNano: numberOrText("When it began: Unix **nano**seconds, as text.", "1793620800000000000"),
  endTimeUnixNano: numberOrText("When it ended: Unix **nano**seconds, as text.", "1793620846000000000"),
  attributes: attributes("span"),
  events: list(spanEvent, "What happened during it; absent if nothing is noted."),
  status: of(spanStatus, "How it ended."),
});

const scope = model("OtlpScope", "What wrote the spans.", {
  name: text("Its name.", "elevenlabs.convai"),
  version: text("Its version.", "1.0.0"),
});

const scopeSpans = model("OtlpScopeSpans", "Spans of one writer.", {
  scope: of(scope, "What wrote them."),
  spans: list(span, "The spans, the root among them."),
});

const resource = model("OtlpResource", "What the spans are about.", { attributes: attributes("resource") });

const resourceSpans = model("OtlpResourceSpans", "Spans about one thing.", {
  resource: of(resource, "What they are about."),
  scopeSpans: list(scopeSpans, "The spans, by what wrote them."),
});

const traces = model("OtlpTraces", "A trace as OTLP/JSON: what an OpenTelemetry collector takes as it is.", {
  resourceSpans: list(resourceSpans, "The spans, by what they are about."),
});

/** The transcription as traces: `data` of `post_call_transcription_otel`. */
export const otelConversation = model(
  "OtelConversation",
  "A conversation that has ended, as OpenTelemetry traces.",
  {
    conversation_id: conversationId,
    agent_id: agentId,
    otlp_traces: ofOrNull(
      traces,
      "The traces; null if there are none. A value over 4 KB was cut by the sender.",
    ),
  },
);

export type OtelConversation = Static<typeof otelConversation>;
export type OtlpResourceSpans = Static<typeof resourceSpans>;
export type OtlpScopeSpans = Static<typeof scopeSpans>;
export type OtlpSpan = Static<typeof span>;
export type OtlpAttribute = Static<typeof attribute>;
