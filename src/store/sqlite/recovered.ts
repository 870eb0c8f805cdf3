import type { Database } from "bun:sqlite";
import { NO_RECORDING } from "../../model/recovery.ts";
import type { KnownConversation, PendingRecovery } from "../../model/recovery.ts";
import { audioTypes, transcriptionTypes } from "../../vendor/event-type.ts";
import { markTraces, sha256Of } from "./erasures.ts";

const listed = (types: readonly string[]) => types.map((type) => `'${type}'`).join(", ");
const OF_PENDING =
  "conversation_id AS conversationId, reason, tries, next_try_at AS nextTryAtMs, noted_at AS notedAtMs";

/** Of several conversations at once: each is given as its id and the id's hash. */
const KNOWN = `
  SELECT
    asked.value ->> 0 AS conversationId,
    EXISTS (SELECT 1 FROM erasures WHERE conversation_sha256 = asked.value ->> 1) AS isErased,
    (SELECT min(received_at) FROM events WHERE conversation_id = asked.value ->> 0
      AND status = 'processed' AND type IN (${listed(transcriptionTypes)})) AS transcribedAtMs,
    EXISTS (SELECT 1 FROM events INDEXED BY events_recovered WHERE conversation_id = asked.value ->> 0
      AND source = 'recovered' AND type IN (${listed(transcriptionTypes)})) AS isTranscriptRecovered,
    EXISTS (SELECT 1 FROM events WHERE conversation_id = asked.value ->> 0
      AND status = 'processed' AND type IN (${listed(audioTypes)})) AS hasAudioEvent,
    conversations.has_audio AS hasAudio,
    conversations.audio_path AS audioPath,
    pending.reason, pending.tries, pending.next_try_at AS nextTryAtMs, pending.noted_at AS notedAtMs
  FROM json_each(?) AS asked
  LEFT JOIN conversations ON conversations.conversation_id = asked.value ->> 0
  LEFT JOIN recovery_pending AS pending ON pending.conversation_id = asked.value ->> 0`;

type KnownRow = Pick<KnownConversation, "conversationId" | "transcribedAtMs" | "audioPath"> & {
  isErased: number;
  isTranscriptRecovered: number;
  hasAudioEvent: number;
  hasAudio: number | null;
  reason: string | null;
  tries: number;
  nextTryAtMs: number | null;
  notedAtMs: number;
};

/** What is here of conversations that ElevenLabs has, in their order. */
export function knownConversations(sqlite: Database, ids: readonly string[]): KnownConversation[] {
  const asked = JSON.stringify(ids.map((id) => [id, sha256Of(id)]));
  return sqlite.query<KnownRow, [string]>(KNOWN).all(asked).map(knownOf);
}

function knownOf(row: KnownRow): KnownConversation {
  const { conversationId, reason, tries, nextTryAtMs, notedAtMs } = row;
  return {
    conversationId,
    isErased: row.isErased === 1,
    transcribedAtMs: row.transcribedAtMs,
    isTranscriptRecovered: row.isTranscriptRecovered === 1,
    hasAudioEvent: row.hasAudioEvent === 1,
    hasAudio: row.hasAudio === null ? null : row.hasAudio === 1,
    audioPath: row.audioPath,
    pending: reason === null ? null : { conversationId, reason, tries, nextTryAtMs, notedAtMs },
  };
}

/** When the event was received that a recovery has stored of a conversation; null if there is none. */
export function recoveredEvent(
  sqlite: Database,
  conversationId: string,
  type: string,
): { id: number; receivedAtMs: number } | null {
  return sqlite
    .query<{ id: number; receivedAtMs: number }, [string, string]>(
      `SELECT id, received_at AS receivedAtMs FROM events
       WHERE conversation_id = ? AND type = ? AND source = 'recovered'`,
    )
    .get(conversationId, type);
}

/** The table `recovery_pending`: see model/recovery.ts. */
export const pendingRecoveries = {
  /** Those whose next try is due, the most overdue first. */
  due: (sqlite: Database, nowMs: number, rowsMax: number): PendingRecovery[] =>
    sqlite
      .query<PendingRecovery, [number, number]>(
        `SELECT ${OF_PENDING} FROM recovery_pending WHERE next_try_at <= ? ORDER BY next_try_at LIMIT ?`,
      )
      .all(nowMs, rowsMax),

  /** How many are tried again, and how many are not. */
  count: (sqlite: Database): { pendingCount: number; failedCount: number } =>
    sqlite
      .query<{ pendingCount: number; failedCount: number }, [string]>(
        `SELECT count(next_try_at) AS pendingCount,
           count(iif(next_try_at IS NULL AND reason != ?, 1, NULL)) AS failedCount
         FROM recovery_pending`,
      )
      .get(NO_RECORDING) ?? { pendingCount: 0, failedCount: 0 },

  /** Nothing is noted of an erased conversation. */
  put(sqlite: Database, { conversationId, reason, tries, nextTryAtMs, notedAtMs }: PendingRecovery): void {
    sqlite
      .query(
        `INSERT INTO recovery_pending SELECT ?1, ?2, ?3, ?4, ?5
         WHERE NOT EXISTS (SELECT 1 FROM erasures WHERE conversation_sha256 = ?6)
         ON CONFLICT DO UPDATE SET reason = ?2, tries = ?3, next_try_at = ?4`,
      )
      .run(conversationId, reason, tries, nextTryAtMs, notedAtMs, sha256Of(conversationId));
  },

  remove(sqlite: Database, conversationId: string): void {
    sqlite.query("DELETE FROM recovery_pending WHERE conversation_id = ?").run(conversationId);
  },

  /**
   * Removes those that were noted before a moment, and those of erased conversations: a version that does not know the
   * table leaves them behind when it erases.
   */
  tidy(sqlite: Database, notedBeforeMs: number): void {
    const all = sqlite
      .query<{ id: string; notedAtMs: number }, []>(
        "SELECT conversation_id AS id, noted_at AS notedAtMs FROM recovery_pending",
      )
      .all();
    const isErased = sqlite.query("SELECT 1 FROM erasures WHERE conversation_sha256 = ?");
    const erased = all.filter(({ id }) => isErased.get(sha256Of(id)) !== null);
    const old = all.filter(({ notedAtMs }) => notedAtMs < notedBeforeMs);
    for (const { id } of [...erased, ...old]) pendingRecoveries.remove(sqlite, id);
    if (erased.length > 0) markTraces(sqlite);
  },
};

const CALLS_MAX = 10;

/** How many of the last calls since a moment no delivery has told of. */
export function onlyRecoveredInARow(sqlite: Database, sinceMs: number): number {
  const calls = sqlite
    .query<{ events: number; recovered: number }, [number, number]>(
      `SELECT
         (SELECT count(*) FROM events WHERE events.conversation_id = conversations.conversation_id) AS events,
         (SELECT count(*) FROM events INDEXED BY events_recovered
           WHERE events.conversation_id = conversations.conversation_id AND source = 'recovered') AS recovered
       FROM conversations WHERE started_at >= ? ORDER BY started_at DESC LIMIT ?`,
    )
    .all(Math.ceil(sinceMs / 1000), CALLS_MAX);
  const delivered = calls.findIndex(({ events, recovered }) => recovered < events);
  return delivered === -1 ? calls.length : delivered;
}

/** When the first event was received, in Unix ms; null before that. */
export function firstReceivedAtMs(sqlite: Database): number | null {
  return (
    sqlite
      .query<{ firstMs: number | null }, []>(
        "SELECT min(received_at) AS firstMs FROM events INDEXED BY events_received",
      )
      .get()?.firstMs ?? null
  );
}
