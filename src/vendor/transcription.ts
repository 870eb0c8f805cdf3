import { noFacts } from "../model/conversation.ts";
import type { ConversationFacts } from "../model/conversation.ts";
import type { StoredTurn } from "../model/turn.ts";
import { channelOf } from "./channel.ts";
import { isObject } from "./json-value.ts";
import type { JsonObject } from "./json-value.ts";
import type { VendorConversation } from "./models/conversation.ts";
import type { Metadata } from "./models/metadata.ts";
import type { ToolResult } from "./models/tools.ts";
import type { VendorTurn } from "./models/turn.ts";
import { reading } from "./reading.ts";

const ofConversation = reading<VendorConversation>();
const ofMetadata = reading<Metadata>();
const ofTurn = reading<VendorTurn>();
const ofToolResult = reading<ToolResult>();

const E164 = /^\+[1-9]\d{6,14}$/;

/** What a `post_call_transcription` says of its conversation. */
export function factsOfTranscription(data: JsonObject): ConversationFacts {
  const metadata = ofConversation.value(data, "metadata");
  const turns = ofConversation.list(data, "transcript").filter(isObject);
  const direction = directionOf(metadata);
  return {
    ...noFacts,
    agentId: ofConversation.text(data, "agent_id"),
    agentName: ofConversation.text(data, "agent_name"),
    status: ofConversation.text(data, "status"),
    userId: ofConversation.text(data, "user_id"),
    startedAt: ofMetadata.seconds(metadata, "start_time_unix_secs"),
    durationSecs: ofMetadata.integer(metadata, "call_duration_secs"),
    costCredits: ofMetadata.integer(metadata, "cost"),
    costUsd: ofMetadata.number(metadata, "cost_fiat"),
    direction,
    channel: channelOf(metadata, data),
    ...numbersOf(data, metadata, direction),
    language: languageOf(data, metadata),
    terminationReason: ofMetadata.text(metadata, "termination_reason"),
    callSuccessful: ofConversation.text(data, "analysis", "call_successful"),
    title: ofConversation.text(data, "analysis", "call_summary_title"),
    summary: ofConversation.text(data, "analysis", "transcript_summary"),
    turnCount: turns.length > 0 ? turns.length : null,
    voicemail: turns.some(detectedVoicemail) ? 1 : null,
    hasAudio: hasAudioOf(data),
    holdsTurns: turns.length > 0,
  };
}

/** The turns of a `post_call_transcription`. */
export function turnsOfTranscription(data: JsonObject): StoredTurn[] {
  return ofConversation.list(data, "transcript").flatMap((turn, index) =>
    isObject(turn)
      ? {
          turn: index,
          role: ofTurn.text(turn, "role"),
          message: ofTurn.text(turn, "message"),
          timeInCallSecs: ofTurn.number(turn, "time_in_call_secs"),
          toolCalls: ofTurn.list(turn, "tool_calls"),
          toolResults: ofTurn.list(turn, "tool_results"),
        }
      : [],
  );
}

function directionOf(metadata: unknown): ConversationFacts["direction"] {
  for (const channel of ["phone_call", "whatsapp", "sms"] as const) {
    const direction = ofMetadata.text(metadata, channel, "direction");
    if (direction === "inbound" || direction === "outbound") return direction;
  }
  return null;
}

/**
 * Whose number: that of the other party, and the agent's. The telephony members say it for both directions; the system
 * variables are named from the caller's side, and on an outbound call the agent is the caller.
 */
function numbersOf(data: JsonObject, metadata: unknown, direction: ConversationFacts["direction"]) {
  const variable = (name: "system__caller_id" | "system__called_number") =>
    ofConversation.text(data, "conversation_initiation_client_data", "dynamic_variables", name);
  const caller = variable("system__caller_id");
  const called = variable("system__called_number");
  const userId = ofConversation.text(data, "user_id");
  return {
    externalNumber:
      ofMetadata.text(metadata, "phone_call", "external_number") ??
      ofMetadata.text(metadata, "whatsapp", "whatsapp_user_id") ??
      ofMetadata.text(metadata, "sms", "sms_user_phone_number") ??
      (direction === "outbound" ? called : caller) ??
      (userId !== null && E164.test(userId) ? userId : null),
    agentNumber:
      ofMetadata.text(metadata, "phone_call", "agent_number") ??
      ofMetadata.text(metadata, "sms", "agent_phone_number") ??
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
  ] as const;
  return ofMetadata.text(metadata, "main_language") ?? ofConversation.text(data, ...override);
}

function hasAudioOf(data: JsonObject): number | null {
  const found = ofConversation.value(data, "has_audio");
  return typeof found === "boolean" ? Number(found) : null;
}

function detectedVoicemail(turn: JsonObject): boolean {
  return ofTurn
    .list(turn, "tool_results")
    .some(
      (result) =>
        ofToolResult.text(result, "result", "result_type") === "voicemail_detection_success" ||
        (ofToolResult.text(result, "tool_name") === "voicemail_detection" &&
          ofToolResult.value(result, "is_error") === false),
    );
}
