import { Type } from "@sinclair/typebox";
import type { ConversationRow } from "../../query/conversation-filter.ts";
import type { StoredTurn } from "../../model/turn.ts";
import { Nullable, optionalSecondsText, optionalTimeText, Time, timeText } from "../lib/models.ts";

const Text = Type.String();
const Count = Type.Integer();

const columns = {
  conversation_id: Type.String({
    description: "ElevenLabs' name for the conversation.",
    examples: ["conv_2601kfx0demo"],
  }),
  agent_id: Nullable(Text, "The agent that spoke."),
  agent_name: Nullable(Text, "Its name at that time."),
  status: Nullable(
    Type.String({ examples: ["done", "failed"] }),
    "How far ElevenLabs had come with the conversation when it sent the event.",
  ),
  user_id: Nullable(Text, "Who spoke with the agent, as your integration named them."),
  started_at: Nullable(Time, "When the conversation began."),
  duration_secs: Nullable(Type.Integer({ examples: [135] }), "How long it took, in seconds."),
  cost_credits: Nullable(Count, "What it cost, in ElevenLabs' credits."),
  cost_usd: Nullable(Type.Number(), "What it cost, in US dollars, where the event says so."),
  direction: Nullable(
    Type.String({ enum: ["inbound", "outbound"] }),
    "Who called whom, seen from the agent.",
  ),
  channel: Nullable(
    Type.String({ examples: ["twilio", "sip", "whatsapp", "web"] }),
    "How the conversation was held: the telephony provider, or the kind of program.",
  ),
  external_number: Nullable(Type.String({ examples: ["+441632960055"] }), "The number of the other party."),
  agent_number: Nullable(Type.String({ examples: ["+441632960100"] }), "The number of the agent."),
  language: Nullable(Type.String({ examples: ["en", "de"] }), "The main language of the conversation."),
  termination_reason: Nullable(Text, "Why the conversation ended, in ElevenLabs' words."),
  call_successful: Nullable(
    Type.String({ examples: ["success", "failure", "unknown"] }),
    "ElevenLabs' verdict on the conversation.",
  ),
  title: Nullable(Text, "ElevenLabs' title for the conversation."),
  summary: Nullable(Text, "ElevenLabs' summary of the conversation."),
  turn_count: Nullable(Count, "How many turns the conversation has."),
  voicemail: Nullable(
    Type.Boolean(),
    "True where voicemail or a machine answered, false where a person did, null where nobody said.",
  ),
  has_audio: Nullable(
    Type.Boolean(),
    "Whether ElevenLabs says that there is a recording; null if it does not say. Whether it is here: `has_recording`.",
  ),
  has_recording: Type.Boolean({ description: "Whether the recording is stored here." }),
  event_id: Nullable(Count, "The event that holds the turns: `GET /events/{id}`."),
  audio_path: Nullable(
    Type.String({ examples: ["2026/11/02/conv_2601kfx0demo.mp3"] }),
    "The recording's place below AUDIO_STORAGE_PATH.",
  ),
  audio_bytes: Nullable(Count, "The recording's size."),
  audio_sha256: Nullable(Text, "The recording's SHA-256, in hexadecimal."),
  audio_received_at: Nullable(Time, "When the recording arrived."),
  updated_at: Type.String({ ...Time, description: "When the last event of this conversation arrived." }),
  transcript_url: Nullable(
    Type.String({ examples: ["/conversations/conv_2601kfx0demo/transcript"] }),
    "Where the turns are as text; null where there are none.",
  ),
  audio_url: Nullable(
    Type.String({ examples: ["/conversations/conv_2601kfx0demo/audio"] }),
    "Where the recording is; null where there is none.",
  ),
};

const Snippet = (where: string) => Nullable(Text, `From the ${where}, where something was found in it.`);

const Snippets = Type.Object(
  { title: Snippet("title"), summary: Snippet("summary"), turns: Snippet("turns") },
  { description: "HTML: the text is escaped, and what was found is in `<mark>`." },
);

/** The conversations of a page of the list. */
export const listedConversations = Type.Array(
  Type.Object({
    ...columns,
    snippets: Type.Union([Snippets, Type.Null()], {
      description: "What was found, with some words around it; null without `q`.",
    }),
  }),
  { description: "The last to begin first; those whose beginning is not known come last." },
);

const TurnModel = Type.Object({
  turn: Nullable(Count, "The turn's place, from 0."),
  role: Nullable(Type.String({ examples: ["agent", "user"] }), "Who spoke."),
  message: Nullable(Text, "What was said; null where a tool was used and nothing said."),
  time_in_call_secs: Nullable(Type.Number(), "When, in seconds since the conversation began."),
  tool_calls: Type.Array(Type.Unknown(), {
    description: "The tools that the agent used, as ElevenLabs sent it.",
  }),
  tool_results: Type.Array(Type.Unknown(), { description: "What tools answered, as ElevenLabs sent it." }),
});

export const ConversationModel = Type.Object({
  ...columns,
  turns: Type.Array(TurnModel, { description: "What was said, in order." }),
  event_ids: Type.Array(Type.Integer(), {
    description: "All events of this conversation, in the order of their arrival: `GET /events/{id}`.",
  }),
});

/** A row of the table as the API writes it. */
export function shownConversation(row: ConversationRow) {
  const path = `/conversations/${encodeURIComponent(row.conversationId)}`;
  return {
    conversation_id: row.conversationId,
    agent_id: row.agentId,
    agent_name: row.agentName,
    status: row.status,
    user_id: row.userId,
    started_at: optionalSecondsText(row.startedAt),
    duration_secs: row.durationSecs,
    cost_credits: row.costCredits,
    cost_usd: row.costUsd,
    direction: row.direction,
    channel: row.channel,
    external_number: row.externalNumber,
    agent_number: row.agentNumber,
    language: row.language,
    termination_reason: row.terminationReason,
    call_successful: row.callSuccessful,
    title: row.title,
    summary: row.summary,
    turn_count: row.turnCount,
    voicemail: row.voicemail === null ? null : row.voicemail === 1,
    has_audio: row.hasAudio === null ? null : row.hasAudio === 1,
    has_recording: row.audioPath !== null,
    event_id: row.eventId,
    audio_path: row.audioPath,
    audio_bytes: row.audioBytes,
    audio_sha256: row.audioSha256,
    audio_received_at: optionalTimeText(row.audioReceivedAtMs),
    updated_at: timeText(row.updatedAtMs),
    transcript_url: row.eventId === null ? null : `${path}/transcript`,
    audio_url: row.audioPath === null ? null : `${path}/audio`,
  };
}

/** A turn as the API writes it. */
export function shownTurn({ turn, role, message, timeInCallSecs, toolCalls, toolResults }: StoredTurn) {
  return {
    turn,
    role,
    message,
    time_in_call_secs: timeInCallSecs,
    tool_calls: toolCalls,
    tool_results: toolResults,
  };
}
