import { NO_RECORDING } from "../../model/recovery.ts";
import type { KnownConversation, PendingRecovery } from "../../model/recovery.ts";
import type { StoreOutcome } from "../../model/event.ts";
import { audioTypes, transcriptionTypes } from "../../vendor/event-type.ts";
import type { RecoveredRecord } from "../port.ts";
import { sha256Of } from "../sqlite/erasures.ts";
import { wholeMs } from "./due.ts";
import type { Query } from "./pool.ts";
import { derive, insertAll } from "./rows.ts";
import { cleanText, storedId } from "./text.ts";

const listed = (types: readonly string[]) => types.map((type) => `'${type}'`).join(", ");
const IS_ERASED = (sha256: string) => `EXISTS (SELECT 1 FROM erasures WHERE conversation_sha256 = ${sha256})`;

/** Of several conversations at once, in their order: each is given as its id and the id's hash. */
const KNOWN = `
  SELECT asked.n, ${IS_ERASED("asked.sha256")} AS "isErased",
    (SELECT min(received_at) FROM events WHERE conversation_id = asked.id
      AND status = 'processed' AND type IN (${listed(transcriptionTypes)})) AS "transcribedAtMs",
    EXISTS (SELECT 1 FROM events WHERE conversation_id = asked.id
      AND source = 'recovered' AND type IN (${listed(transcriptionTypes)})) AS "isTranscriptRecovered",
    EXISTS (SELECT 1 FROM events WHERE conversation_id = asked.id
      AND status = 'processed' AND type IN (${listed(audioTypes)})) AS "hasAudioEvent",
    has_audio = 1 AS "hasAudio", audio_path AS "audioPath",
    reason, tries, next_try_at AS "nextTryAtMs", noted_at AS "notedAtMs"
  FROM json_to_recordset($1::json) AS asked (n integer, id text, sha256 text)
  LEFT JOIN conversations ON conversations.conversation_id = asked.id
  LEFT JOIN recovery_pending AS pending ON pending.conversation_id = asked.id
  ORDER BY asked.n`;

type KnownRow = Omit<KnownConversation, "conversationId" | "pending"> &
  Omit<PendingRecovery, "conversationId" | "reason"> & { n: number; reason: string | null };

/** What is here of conversations that ElevenLabs has, in their order. */
export async function knownConversations(query: Query, ids: readonly string[]): Promise<KnownConversation[]> {
  const asked = ids.map((id, n) => ({ n, id: storedId(id), sha256: sha256Of(storedId(id) ?? id) }));
  const rows = await query<KnownRow>(KNOWN, [JSON.stringify(asked)]);
  return rows.map(({ n, reason, tries, nextTryAtMs, notedAtMs, ...known }) => {
    const conversationId = ids[n] ?? "";
    const pending = reason === null ? null : { conversationId, reason, tries, nextTryAtMs, notedAtMs };
    return Object.assign(known, { conversationId, pending });
  });
}

/**
 * Writes an event that was fetched from ElevenLabs, unless it is not missing any more: that is decided here, in the
 * transaction that writes, under the lock of writes.
 *
 * @param gonePath the recording that the conversation's row names and whose object is gone; null if it names none
 */
export async function insertRecovered(
  query: Query,
  record: RecoveredRecord,
  gonePath: string | null,
): Promise<StoreOutcome> {
  const { type, conversationId, recording, error } = record;
  const [here] = await knownConversations(query, [conversationId]);
  if (here === undefined || here.isErased) return "erased";
  const hasRecording = here.audioPath !== gonePath || (gonePath === null && here.hasAudioEvent);
  const isHere = recording === null ? here.transcribedAtMs !== null : hasRecording;
  if (isHere) return { isDuplicate: true, type, error };
  const [before] = await query<{ id: number; receivedAtMs: number }>(
    `SELECT id, received_at AS "receivedAtMs" FROM events
     WHERE conversation_id = $1 AND type = $2 AND source = 'recovered'`,
    [storedId(conversationId), type],
  );
  // The recording of an event that is stored already is as old as that.
  if (before !== undefined) await derive(query, { ...record, receivedAtMs: before.receivedAtMs }, before.id);
  else await insertAll(query, [record]);
  return { isDuplicate: false, type, error };
}

/** The table `recovery_pending`: see model/recovery.ts. */
export const pendingRecoveries = {
  /** Those whose next try is due, the most overdue first. */
  due: (query: Query, nowMs: number, rowsMax: number): Promise<PendingRecovery[]> =>
    query(
      `SELECT conversation_id AS "conversationId", reason, tries, next_try_at AS "nextTryAtMs", noted_at AS "notedAtMs"
       FROM recovery_pending WHERE next_try_at <= $1::bigint ORDER BY next_try_at LIMIT $2::bigint`,
      [wholeMs(nowMs), rowsMax],
    ),

  /** How many are tried again, and how many are not. */
  async count(query: Query): Promise<{ pendingCount: number; failedCount: number }> {
    const [row] = await query<{ pendingCount: number; failedCount: number }>(
      `SELECT count(next_try_at) AS "pendingCount",
         count(*) FILTER (WHERE next_try_at IS NULL AND reason <> '${NO_RECORDING}') AS "failedCount"
       FROM recovery_pending`,
    );
    return row ?? { pendingCount: 0, failedCount: 0 };
  },

  /** Nothing is noted of an erased conversation; under the lock of writes. */
  async put(query: Query, pending: PendingRecovery): Promise<void> {
    const { reason, tries, nextTryAtMs, notedAtMs } = pending;
    const id = storedId(pending.conversationId);
    if (id === null) return;
    const next = nextTryAtMs === null ? null : wholeMs(nextTryAtMs);
    await query(
      `INSERT INTO recovery_pending (conversation_id, reason, tries, next_try_at, noted_at)
       SELECT $1, $2, $3::bigint, $4::bigint, $5::bigint WHERE NOT ${IS_ERASED("$6")}
       ON CONFLICT (conversation_id) DO UPDATE
       SET reason = excluded.reason, tries = excluded.tries, next_try_at = excluded.next_try_at`,
      [id, cleanText(reason), tries, next, wholeMs(notedAtMs), sha256Of(id)],
    );
  },

  async remove(query: Query, conversationId: string): Promise<void> {
    await query("DELETE FROM recovery_pending WHERE conversation_id = $1", [storedId(conversationId)]);
  },

  /** Removes those that were noted before a moment. Those of erased conversations went with them. */
  async tidy(query: Query, notedBeforeMs: number): Promise<void> {
    await query("DELETE FROM recovery_pending WHERE noted_at < $1::bigint", [wholeMs(notedBeforeMs)]);
  },
};

const CALLS_MAX = 10;

/** How many of the last calls since a moment no delivery has told of. */
export async function onlyRecoveredInARow(query: Query, sinceMs: number): Promise<number> {
  const calls = await query<{ isDelivered: boolean }>(
    `SELECT EXISTS (SELECT 1 FROM events
       WHERE events.conversation_id = conversations.conversation_id AND source <> 'recovered') AS "isDelivered"
     FROM conversations WHERE started_at >= $1::bigint ORDER BY started_at DESC, row_id DESC LIMIT ${CALLS_MAX}`,
    [wholeMs(sinceMs / 1000)],
  );
  const delivered = calls.findIndex(({ isDelivered }) => isDelivered);
  return delivered === -1 ? calls.length : delivered;
}

/** When the first event was received, in Unix ms; null before that. */
export async function firstReceivedAtMs(query: Query): Promise<number | null> {
  const [row] = await query<{ firstMs: number | null }>(`SELECT min(received_at) AS "firstMs" FROM events`);
  return row?.firstMs ?? null;
}
