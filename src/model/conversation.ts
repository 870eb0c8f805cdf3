/** What one event says of its conversation: null if it says nothing of that, and whether it holds the turns. */
export type ConversationFacts = {
  agentId: string | null;
  agentName: string | null;
  status: string | null;
  userId: string | null;
  /** Unix seconds. */
  startedAt: number | null;
  durationSecs: number | null;
  costCredits: number | null;
  costUsd: number | null;
  direction: "inbound" | "outbound" | null;
  channel: string | null;
  externalNumber: string | null;
  agentNumber: string | null;
  language: string | null;
  terminationReason: string | null;
  callSuccessful: string | null;
  title: string | null;
  summary: string | null;
  turnCount: number | null;
  /** 1: voicemail or a machine answered, 0: a person did. */
  voicemail: number | null;
  /** 1: ElevenLabs says that there is a recording, 0: that there is none. */
  hasAudio: number | null;
  holdsTurns: boolean;
};

/** An event that says nothing: a start for those that say a little. */
export const noFacts: ConversationFacts = {
  agentId: null,
  agentName: null,
  status: null,
  userId: null,
  startedAt: null,
  durationSecs: null,
  costCredits: null,
  costUsd: null,
  direction: null,
  channel: null,
  externalNumber: null,
  agentNumber: null,
  language: null,
  terminationReason: null,
  callSuccessful: null,
  title: null,
  summary: null,
  turnCount: null,
  voicemail: null,
  hasAudio: null,
  holdsTurns: false,
};

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
