import type { Database } from "bun:sqlite";
import type { DueConversations, DueEvents, EventPlace, Limits } from "../port.ts";

const ROWS_AT_ONCE_MAX = 200;

type ConversationRow = {
  row: number;
  conversationId: string;
  updatedAtMs: number;
  audioReceivedAtMs: number | null;
  /** Of the recording, if it was recovered. */
  audioEndedAtMs: number | null;
  holdsTurns: 0 | 1;
  isRecovered: 0 | 1;
};

/** A recovered recording is as old as its call, in Unix ms; NULL of one that was delivered. */
const AUDIO_ENDED_AT = `(SELECT event_timestamp * 1000 FROM events
  WHERE events.conversation_id = conversations.conversation_id AND source = 'recovered' AND type = 'post_call_audio'
    AND events.received_at = audio_received_at)`;
/** So is any recovered event. */
const EVENT_AGE = `iif(source = 'recovered', min(received_at, coalesce(event_timestamp * 1000, received_at)), received_at)`;

/**
 * What is too old among the conversations after a row. Its events tell how old a conversation is, and they are looked at
 * only if the row itself may be too old: there are too many to look at all.
 */
export function dueConversations(sqlite: Database, afterRow: number, limits: Limits): DueConversations {
  const rows = sqlite
    .query<ConversationRow, [number, number]>(
      `SELECT rowid AS row, conversation_id AS conversationId, updated_at AS updatedAtMs,
         audio_received_at AS audioReceivedAtMs, ${AUDIO_ENDED_AT} AS audioEndedAtMs,
         event_id IS NOT NULL AS holdsTurns,
         EXISTS (SELECT 1 FROM events WHERE events.conversation_id = conversations.conversation_id
           AND source = 'recovered') AS isRecovered
       FROM conversations WHERE rowid > ? ORDER BY rowid LIMIT ?`,
    )
    .all(afterRow, ROWS_AT_ONCE_MAX);
  const isOld = ({ conversationId }: ConversationRow) =>
    isConversationOld(sqlite, conversationId, limits.conversationsBeforeMs);
  return {
    conversations: rows.filter((row) => mayBeOld(row, limits) && isOld(row)).map(idOf),
    recordings: rows.filter((row) => isBefore(audioAgeMs(row), limits.recordingsBeforeMs)).map(idOf),
    lastRow: rows.length < ROWS_AT_ONCE_MAX ? null : (rows.at(-1)?.row ?? null),
  };
}

/** Whether nothing was received of a conversation since a moment. False if there is nothing of it. */
export function isConversationOld(sqlite: Database, conversationId: string, beforeMs: number): boolean {
  const age = sqlite
    .query<{ newestMs: number | null }, [string]>(
      `SELECT coalesce(
         (SELECT max(${EVENT_AGE}) FROM events WHERE conversation_id = ?1),
         (SELECT coalesce(audio_received_at, updated_at) FROM conversations WHERE conversation_id = ?1)
       ) AS newestMs`,
    )
    .get(conversationId);
  return isBefore(age?.newestMs ?? null, beforeMs);
}

/** From when the age of a conversation's recording counts, in Unix ms; null if there is none. */
export function recordingAgeMs(sqlite: Database, conversationId: string): number | null {
  const row = sqlite
    .query<Pick<ConversationRow, "audioReceivedAtMs" | "audioEndedAtMs">, [string]>(
      `SELECT audio_received_at AS audioReceivedAtMs, ${AUDIO_ENDED_AT} AS audioEndedAtMs
       FROM conversations WHERE conversation_id = ?`,
    )
    .get(conversationId);
  return row === null ? null : audioAgeMs(row);
}

function audioAgeMs({
  audioReceivedAtMs,
  audioEndedAtMs,
}: Pick<ConversationRow, "audioReceivedAtMs" | "audioEndedAtMs">): number | null {
  if (audioReceivedAtMs === null || audioEndedAtMs === null) return audioReceivedAtMs;
  return Math.min(audioReceivedAtMs, audioEndedAtMs);
}

/** What is too old among the events after a place, in the order of their receipt. */
export function dueEvents(sqlite: Database, after: EventPlace, beforeMs: number): DueEvents {
  const rows = sqlite
    .query<EventPlace & { conversationId: string | null; isListed: 0 | 1 }, [number, number, number, number]>(
      `SELECT id AS row, received_at AS receivedAtMs, conversation_id AS conversationId, EXISTS (
         SELECT 1 FROM conversations WHERE conversations.conversation_id = events.conversation_id) AS isListed
       FROM events INDEXED BY events_received
       WHERE (received_at, id) > (?, ?) AND received_at < ? ORDER BY received_at, id LIMIT ?`,
    )
    .all(after.receivedAtMs, after.row, beforeMs, ROWS_AT_ONCE_MAX);
  const unlisted = rows.filter(({ isListed }) => isListed === 0);
  const ids = new Set(unlisted.flatMap(({ conversationId }) => conversationId ?? []));
  return {
    conversations: [...ids].filter((id) => isConversationOld(sqlite, id, beforeMs)),
    events: unlisted.filter(({ conversationId }) => conversationId === null).map(({ row }) => row),
    last: rows.length < ROWS_AT_ONCE_MAX ? null : (rows.at(-1) ?? null),
  };
}

/**
 * Events without facts don't move `updated_at`, so that it is at most as late as the newest event: if it is young, so is
 * the conversation. Not so if a clock that was ahead wrote it, if a recording was found on disk later than it came, or if
 * its newest event was recovered.
 */
function mayBeOld(row: ConversationRow, { conversationsBeforeMs, nowMs }: Limits): boolean {
  const { updatedAtMs, audioReceivedAtMs, holdsTurns, isRecovered } = row;
  if (updatedAtMs < conversationsBeforeMs || updatedAtMs > nowMs || isRecovered === 1) return true;
  return holdsTurns === 0 && isBefore(audioReceivedAtMs, conversationsBeforeMs);
}

function isBefore(ms: number | null, beforeMs: number): boolean {
  return ms !== null && ms < beforeMs;
}

function idOf({ conversationId }: { conversationId: string }): string {
  return conversationId;
}
