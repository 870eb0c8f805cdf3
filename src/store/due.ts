import type { Database } from "bun:sqlite";

const ROWS_AT_ONCE_MAX = 200;

/** How old a conversation is, in unix milliseconds by our clock: that of the sender may be absurd. */
export type ConversationAge = {
  row: number;
  conversationId: string;
  /** When the last was heard of it. */
  updatedAtMs: number;
  audioReceivedAtMs: number | null;
};

/** An event that belongs to no row of `conversations`. */
export type EventAge = {
  row: number;
  conversationId: string | null;
  /** When the last event of the same conversation arrived. */
  newestAtMs: number;
};

/** The ages of some conversations, in the order of their rows. */
export function conversationAges(sqlite: Database, afterRow: number): ConversationAge[] {
  return sqlite
    .query<ConversationAge, [number, number]>(
      `SELECT rowid AS row, conversation_id AS conversationId, updated_at AS updatedAtMs,
         audio_received_at AS audioReceivedAtMs
       FROM conversations WHERE rowid > ? ORDER BY rowid LIMIT ?`,
    )
    .all(afterRow, ROWS_AT_ONCE_MAX);
}

/** The ages of some events without a row in `conversations` that arrived before a moment, in the order of their rows. */
export function eventAges(sqlite: Database, afterRow: number, beforeMs: number): EventAge[] {
  return sqlite
    .query<EventAge, [number, number, number]>(
      `SELECT id AS row, conversation_id AS conversationId, coalesce(
         (SELECT max(received_at) FROM events AS other WHERE other.conversation_id = events.conversation_id),
         received_at) AS newestAtMs
       FROM events
       WHERE id > ? AND received_at < ?
         AND NOT EXISTS (SELECT 1 FROM conversations WHERE conversations.conversation_id = events.conversation_id)
       ORDER BY id LIMIT ?`,
    )
    .all(afterRow, beforeMs, ROWS_AT_ONCE_MAX);
}
