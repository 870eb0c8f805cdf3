import type { DueConversations, DueEvents, EventPlace, Limits } from "../port.ts";
import type { Query } from "./pool.ts";

const ROWS_AT_ONCE_MAX = 200;

/** A recovered recording is as old as its call, in Unix ms; NULL of one that was delivered. */
const AUDIO_ENDED_AT = `(SELECT max(event_timestamp) * 1000 FROM events
  WHERE events.conversation_id = conversations.conversation_id AND source = 'recovered' AND type = 'post_call_audio'
    AND events.received_at = audio_received_at)`;
/** So is any recovered event. */
const EVENT_AGE = `CASE source WHEN 'recovered' THEN least(received_at, event_timestamp * 1000) ELSE received_at END`;
/** From when the age of a conversation's recording counts, in Unix ms; NULL if there is none. */
export const AUDIO_AGE = `least(audio_received_at, ${AUDIO_ENDED_AT})`;

/** SQL: when the last was received of a conversation, in Unix ms; NULL if there is nothing of it. */
export const ageOf = (id: string): string => `coalesce(
  (SELECT max(${EVENT_AGE}) FROM events WHERE conversation_id = ${id}),
  (SELECT coalesce(audio_received_at, updated_at) FROM conversations AS one WHERE one.conversation_id = ${id}))`;

// As in SQLite: a conversation's events are looked at only if the row itself may be too old. See sqlite/due.ts.
const CONVERSATIONS = `
  SELECT row_id AS row, conversation_id AS id, coalesce(${AUDIO_AGE} < $4::bigint, false) AS "isRecordingOld",
    CASE WHEN updated_at < $2::bigint OR updated_at > $3::bigint OR (event_id IS NULL AND audio_received_at < $2::bigint) OR EXISTS (
      SELECT 1 FROM events WHERE events.conversation_id = conversations.conversation_id AND source = 'recovered')
    THEN ${ageOf("conversations.conversation_id")} < $2::bigint ELSE false END AS "isOld"
  FROM conversations WHERE row_id > $1::bigint ORDER BY row_id LIMIT ${ROWS_AT_ONCE_MAX}`;

const EVENTS = `
  WITH page AS (
    SELECT id AS row, received_at AS "receivedAtMs", conversation_id, NOT EXISTS (
      SELECT 1 FROM conversations WHERE conversations.conversation_id = events.conversation_id) AS "isUnlisted"
    FROM events WHERE (received_at, id) > ($1::bigint, $2::bigint) AND received_at < $3::bigint
    ORDER BY received_at, id LIMIT ${ROWS_AT_ONCE_MAX}
  )
  SELECT row, "receivedAtMs", conversation_id AS id, "isUnlisted",
    CASE WHEN "isUnlisted" THEN ${ageOf("page.conversation_id")} < $3::bigint ELSE false END AS "isOld"
  FROM page ORDER BY "receivedAtMs", row`;

type ConversationRow = { row: number; id: string; isOld: boolean; isRecordingOld: boolean };
type PageRow = EventPlace & { id: string | null; isUnlisted: boolean; isOld: boolean };

/** What is too old among the conversations after a row. */
export async function dueConversations(
  query: Query,
  afterRow: number,
  limits: Limits,
): Promise<DueConversations> {
  const { conversationsBeforeMs, nowMs, recordingsBeforeMs } = limits;
  const rows = await query<ConversationRow>(CONVERSATIONS, [
    afterRow,
    ...[conversationsBeforeMs, nowMs, recordingsBeforeMs].map(wholeMs),
  ]);
  return {
    conversations: rows.filter(({ isOld }) => isOld).map(({ id }) => id),
    recordings: rows.filter(({ isRecordingOld }) => isRecordingOld).map(({ id }) => id),
    lastRow: rows.length < ROWS_AT_ONCE_MAX ? null : (rows.at(-1)?.row ?? null),
  };
}

/** What is too old among the events after a place, in the order of their receipt. */
export async function dueEvents(query: Query, after: EventPlace, beforeMs: number): Promise<DueEvents> {
  const { receivedAtMs, row: afterId } = after;
  const rows = await query<PageRow>(EVENTS, [wholeMs(receivedAtMs), afterId, wholeMs(beforeMs)]);
  const last = rows.at(-1);
  return {
    conversations: [...new Set(rows.flatMap(({ isOld, id }) => (isOld && id !== null ? [id] : [])))],
    events: rows.filter(({ isUnlisted, id }) => isUnlisted && id === null).map(({ row }) => row),
    last:
      last === undefined || rows.length < ROWS_AT_ONCE_MAX
        ? null
        : { receivedAtMs: last.receivedAtMs, row: last.row },
  };
}

/** For a bigint: a moment may be a fraction, or infinite. What is before it stays so. */
export function wholeMs(ms: number): number {
  return Math.min(Math.max(Math.ceil(ms), Number.MIN_SAFE_INTEGER), Number.MAX_SAFE_INTEGER);
}
