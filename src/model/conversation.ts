import type { Columns, Row } from "./columns.ts";

/** The columns of the table `conversations`. A further one comes last, as migrations add it. */
export const conversationColumns = {
  conversationId: {
    name: "conversation_id",
    kind: "text",
    isRequired: true,
    description: "ElevenLabs' name for the conversation.",
    examples: ["conv_2601kfx0demo"],
  },
  agentId: { name: "agent_id", kind: "text", description: "The agent that spoke." },
  agentName: { name: "agent_name", kind: "text", description: "Its name at that time." },
  status: {
    name: "status",
    kind: "text",
    description: "How far ElevenLabs had come with the conversation when it sent the event.",
    examples: ["done", "failed"],
  },
  userId: {
    name: "user_id",
    kind: "text",
    description: "Who spoke with the agent, as your integration named them.",
  },
  startedAt: { name: "started_at", kind: "seconds", description: "When the conversation began." },
  durationSecs: {
    name: "duration_secs",
    kind: "integer",
    description: "How long it took, in seconds.",
    examples: [135],
  },
  costCredits: {
    name: "cost_credits",
    kind: "integer",
    description: "What it cost, in ElevenLabs' credits.",
  },
  costUsd: {
    name: "cost_usd",
    kind: "real",
    description: "What it cost, in US dollars, if the event says so.",
  },
  direction: {
    name: "direction",
    kind: "text",
    values: ["inbound", "outbound"],
    description: "Who called whom, seen from the agent.",
  },
  channel: {
    name: "channel",
    kind: "text",
    description: "How the conversation was held: the telephony provider, or the kind of program.",
    examples: ["twilio", "sip", "whatsapp", "web"],
  },
  externalNumber: {
    name: "external_number",
    kind: "text",
    description: "The number of the other party.",
    examples: ["+441632960055"],
  },
  agentNumber: {
    name: "agent_number",
    kind: "text",
    description: "The number of the agent.",
    examples: ["+441632960100"],
  },
  language: {
    name: "language",
    kind: "text",
    description: "The main language of the conversation.",
    examples: ["en", "de"],
  },
  terminationReason: {
    name: "termination_reason",
    kind: "text",
    description: "Why the conversation ended, in ElevenLabs' words.",
  },
  callSuccessful: {
    name: "call_successful",
    kind: "text",
    description: "ElevenLabs' verdict on the conversation.",
    examples: ["success", "failure", "unknown"],
  },
  title: { name: "title", kind: "text", description: "ElevenLabs' title for the conversation." },
  summary: { name: "summary", kind: "text", description: "ElevenLabs' summary of the conversation." },
  turnCount: { name: "turn_count", kind: "integer", description: "How many turns the conversation has." },
  voicemail: {
    name: "voicemail",
    kind: "flag",
    description: "Whether voicemail or a machine answered, not a person; null if nobody said.",
  },
  eventId: {
    name: "event_id",
    kind: "integer",
    description: "The event that holds the turns: `GET /events/{id}`.",
  },
  audioPath: {
    name: "audio_path",
    kind: "text",
    description: "The recording's place below AUDIO_STORAGE_PATH.",
    examples: ["2026/11/02/conv_2601kfx0demo.mp3"],
  },
  audioBytes: { name: "audio_bytes", kind: "integer", description: "The recording's size." },
  audioSha256: {
    name: "audio_sha256",
    kind: "text",
    description: "The recording's SHA-256, in lower-case hex.",
  },
  audioReceivedAtMs: {
    name: "audio_received_at",
    kind: "milliseconds",
    description: "When the recording arrived.",
  },
  updatedAtMs: {
    name: "updated_at",
    kind: "milliseconds",
    isRequired: true,
    description: "When the last event of this conversation arrived.",
  },
  hasAudio: {
    name: "has_audio",
    kind: "flag",
    description:
      "Whether ElevenLabs says that there is a recording; null if it does not say. Whether it is here: `audio_path`.",
  },
} as const satisfies Columns;

export type ConversationRow = Row<typeof conversationColumns>;

/** What no event says of its conversation: all other columns are derived from events. */
const NOT_SAID = [
  "conversationId",
  "eventId",
  "audioPath",
  "audioBytes",
  "audioSha256",
  "audioReceivedAtMs",
  "updatedAtMs",
] as const;

type Said = Omit<ConversationRow, (typeof NOT_SAID)[number]>;

/** What one event says of its conversation: null if it says nothing of that, and whether it holds the turns. */
export type ConversationFacts = Said & { holdsTurns: boolean };

const nothingSaid = Object.fromEntries(
  Object.keys(conversationColumns)
    .filter((name) => !NOT_SAID.some((other) => other === name))
    .map((name) => [name, null]),
);

/** An event that says nothing: a start for those that say a little. */
// Object.fromEntries forgets which names it was given.
export const noFacts: ConversationFacts = { ...(nothingSaid as Said), holdsTurns: false };

/** What is known of a conversation, and the event that holds its turns. */
export type FoldedFacts = Partial<ConversationFacts> & { eventId?: number };

/**
 * Puts together what the events of a conversation say: for each fact the last one that says something counts.
 *
 * @param said oldest first
 */
export function foldFacts(said: Iterable<{ eventId: number; facts: ConversationFacts }>): FoldedFacts {
  const folded: Record<string, unknown> = {};
  for (const { eventId, facts } of said) {
    const values = { ...facts, eventId: facts.holdsTurns ? eventId : null };
    for (const [name, value] of Object.entries(values)) if (value !== null) folded[name] = value;
  }
  return folded;
}
