/** What was said, or what an agent did, in a conversation. */
export type StoredTurn = {
  /** From 0; null if the event does not say. */
  turn: number | null;
  role: string | null;
  message: string | null;
  timeInCallSecs: number | null;
  /** What the agent asked of its tools, and what they answered, as ElevenLabs sent it. */
  toolCalls: unknown[];
  toolResults: unknown[];
};
