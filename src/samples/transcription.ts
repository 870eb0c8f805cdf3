import { AGENT_ID, CALLER, envelope, OWN_NUMBER } from "./sample.ts";
import type { FreshIds } from "./sample.ts";

const CALL_SECONDS = 46;

const turns: readonly (readonly [role: "agent" | "user", message: string, atSeconds: number])[] = [
  ["agent", "Good morning, harbour bicycles, this is Ada. What can I do for you?", 0],
  ["user", "Hello, is my blue bicycle ready?", 5],
  ["agent", "It will be ready on Thursday at noon. Shall we call you then?", 9],
  ["user", "Yes, please. Thank you, goodbye.", 15],
];

/** `post_call_transcription` of a phone call. */
export const transcriptionEvent = envelope((fresh) => ({
  agent_id: AGENT_ID,
  agent_name: "Front desk (sample)",
  conversation_id: fresh.conversationId,
  status: "done",
  user_id: CALLER,
  branch_id: null,
  version_id: fresh.id("agtvrsn"),
  transcript: turns.map(([role, message, atSeconds]) => ({
    role,
    message,
    tool_calls: [],
    tool_results: [],
    feedback: null,
    time_in_call_secs: atSeconds,
    conversation_turn_metrics: null,
    interrupted: false,
  })),
  metadata: metadata(fresh),
  analysis: {
    evaluation_criteria_results: {},
    data_collection_results: {},
    call_successful: "success",
    transcript_summary: "A customer asked about a repair and learned the pick-up time.",
    call_summary_title: "Bicycle repair pick-up",
  },
  conversation_initiation_client_data: {
    conversation_config_override: {},
    custom_llm_extra_body: {},
    dynamic_variables: { system__call_duration_secs: CALL_SECONDS, system__caller_id: CALLER },
  },
  environment: "production",
  has_audio: true,
  has_user_audio: true,
  has_response_audio: true,
}));

function metadata({ nowSeconds, id }: FreshIds) {
  const startSeconds = nowSeconds - CALL_SECONDS - 10;
  return {
    start_time_unix_secs: startSeconds,
    accepted_time_unix_secs: startSeconds + 2,
    call_duration_secs: CALL_SECONDS,
    cost: 322,
    cost_fiat: 0.0483,
    deletion_settings: {
      deletion_time_unix_secs: null,
      delete_transcript_and_pii: false,
      delete_audio: false,
    },
    feedback: { type: null, overall_score: null, likes: 0, dislikes: 0 },
    authorization_method: "public",
    charging: { dev_discount: false, tier: "creator", llm_price: 0.0021, llm_charge: 14, call_charge: 308 },
    phone_call: {
      type: "twilio",
      direction: "inbound",
      phone_number_id: id("phnum"),
      agent_number: OWN_NUMBER,
      external_number: CALLER,
      stream_sid: "MZ00000000000000000000000000000001",
      call_sid: "CA00000000000000000000000000000001",
    },
    termination_reason: "Client disconnected: 1000",
    main_language: "en",
    text_only: false,
    conversation_initiation_source: "twilio",
    timezone: "America/New_York",
  };
}

/** `post_call_transcription_otel`: the same call as traces. */
export const otelEvent = envelope(({ nowSeconds, conversationId, id }) => {
  const startSeconds = nowSeconds - CALL_SECONDS - 10;
  const traceId = id("x").slice(2).padEnd(32, "0");
  const nanos = (atSeconds: number) => `${startSeconds + atSeconds}000000000`;
  const span = (index: number, name: string, from: number, to: number, attributes: [string, object][]) => ({
    traceId,
    spanId: String(index).padStart(16, "0"),
    ...(index > 1 ? { parentSpanId: "1".padStart(16, "0") } : {}),
    name,
    kind: 1,
    startTimeUnixNano: nanos(from),
    endTimeUnixNano: nanos(to),
    attributes: attributes.map(([key, value]) => ({ key, value })),
    status: { code: 1 },
  });
  const spans = turns.map(([role, message, atSeconds], turn) =>
    span(
      turn + 2,
      role === "user" ? "elevenlabs.recv.user_transcript" : "elevenlabs.recv.agent_response",
      atSeconds,
      atSeconds + 3,
      [
        ["elevenlabs.turn.index", { intValue: String(turn) }],
        [`elevenlabs.${role}.text`, { stringValue: message }],
      ],
    ),
  );
  const call = span(1, "elevenlabs.conversation", 0, CALL_SECONDS, [
    ["elevenlabs.source", { stringValue: "post_call_webhook" }],
    ["elevenlabs.status", { stringValue: "done" }],
    ["elevenlabs.session.duration_ms", { intValue: String(CALL_SECONDS * 1000) }],
    ["elevenlabs.analysis.call_successful", { stringValue: "success" }],
    ["elevenlabs.telephony.external_number", { stringValue: CALLER }],
  ]);
  const resource = [
    ["service.name", "elevenlabs-convai"],
    ["elevenlabs.conversation_id", conversationId],
    ["elevenlabs.agent_id", AGENT_ID],
  ].map(([key, stringValue]) => ({ key, value: { stringValue } }));
  const scope = { name: "elevenlabs.convai", version: "1.0.0" };
  const resourceSpans = [
    { resource: { attributes: resource }, scopeSpans: [{ scope, spans: [call, ...spans] }] },
  ];
  return { conversation_id: conversationId, agent_id: AGENT_ID, otlp_traces: { resourceSpans } };
});
