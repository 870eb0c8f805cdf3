import { noFacts } from "../store/conversations.ts";
import type { ConversationFacts } from "../store/conversations.ts";
import { channelOf } from "./channel.ts";
import { integerAt, isObject, listAt, numberAt, secondsAt, textAt, valueAt } from "./json-value.ts";
import type { JsonObject } from "./json-value.ts";

const E164 = /^\+[1-9]\d{6,14}$/;

/** What a `post_call_transcription` says of its conversation. */
export function factsOfTranscription(data: JsonObject): ConversationFacts {
  const metadata = valueAt(data, "metadata");
  const analysis = valueAt(data, "analysis");
  const turns = listAt(data, "transcript").filter(isObject);
  const direction = directionOf(metadata);
  return {
    ...noFacts,
    agentId: textAt(data, "agent_id"),
    agentName: textAt(data, "agent_name"),
    status: textAt(data, "status"),
    userId: textAt(data, "user_id"),
    startedAt: secondsAt(metadata, "start_time_unix_secs"),
    durationSecs: integerAt(metadata, "call_duration_secs"),
    costCredits: integerAt(metadata, "cost"),
    costUsd: numberAt(metadata, "cost_fiat"),
    direction,
    channel: channelOf(metadata, data),
    ...numbersOf(data, metadata, direction),
    language: languageOf(data, metadata),
    terminationReason: textAt(metadata, "termination_reason"),
    callSuccessful: textAt(analysis, "call_successful"),
    title: textAt(analysis, "call_summary_title"),
    summary: textAt(analysis, "transcript_summary"),
    turnCount: turns.length > 0 ? turns.length : null,
    voicemail: turns.some(detectedVoicemail) ? 1 : null,
    holdsTurns: turns.length > 0,
  };
}

function directionOf(metadata: unknown): ConversationFacts["direction"] {
  for (const channel of ["phone_call", "whatsapp", "sms"]) {
    const direction = textAt(metadata, channel, "direction");
    if (direction === "inbound" || direction === "outbound") return direction;
  }
  return null;
}

/**
 * Whose number: that of the other party, and the agent's. The telephony members say it for both directions; the system
 * variables are named from the caller's side, and on an outbound call the agent is the caller.
 */
function numbersOf(data: JsonObject, metadata: unknown, direction: ConversationFacts["direction"]) {
  const variables = valueAt(data, "conversation_initiation_client_data", "dynamic_variables");
  const caller = textAt(variables, "system__caller_id");
  const called = textAt(variables, "system__called_number");
  const userId = textAt(data, "user_id");
  return {
    externalNumber:
      textAt(metadata, "phone_call", "external_number") ??
      textAt(metadata, "whatsapp", "whatsapp_user_id") ??
      textAt(metadata, "sms", "sms_user_phone_number") ??
      (direction === "outbound" ? called : caller) ??
      (userId !== null && E164.test(userId) ? userId : null),
    agentNumber:
      textAt(metadata, "phone_call", "agent_number") ??
      textAt(metadata, "sms", "agent_phone_number") ??
      (direction === "outbound" ? caller : called),
  };
}

/** The language spoken, else the one the conversation was started with. */
function languageOf(data: JsonObject, metadata: unknown): string | null {
  const override = [
    "conversation_initiation_client_data",
    "conversation_config_override",
    "agent",
    "language",
  ];
  return textAt(metadata, "main_language") ?? textAt(data, ...override);
}

function detectedVoicemail(turn: JsonObject): boolean {
  return listAt(turn, "tool_results").some(
    (result) =>
      textAt(result, "result", "result_type") === "voicemail_detection_success" ||
      (textAt(result, "tool_name") === "voicemail_detection" && valueAt(result, "is_error") === false),
  );
}
