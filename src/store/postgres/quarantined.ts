import type { EventRecord, QuarantinedBody, Replacement } from "../../model/event.ts";
import { sha256Of } from "../sqlite/erasures.ts";
import { PostgresFault } from "./fault.ts";
import { storable } from "./fold.ts";
import type { Pool, Query } from "./pool.ts";
import { inWriteLock } from "./lock-holder.ts";
import { derive } from "./rows.ts";
import { noteReprocessed } from "./state.ts";

const IS_QUARANTINED = "id = $1::bigint AND status = 'quarantined'";

/** Another event that holds the same body as one turns out to. Two statements: the body is in one of two indexes. */
const TWIN_OF_CONVERSATION =
  "SELECT id FROM events WHERE conversation_id = $3 AND body_sha256 = $2 AND id <> $1::bigint";
const TWIN_OF_NONE =
  "SELECT id FROM events WHERE conversation_id IS NULL AND body_sha256 = $2 AND id <> $1::bigint";

/** A processed event keeps what was stored of it, if the new record brings no payload. */
const REPLACE = `
  UPDATE events SET type = $2, conversation_id = $3, agent_id = $4, event_timestamp = $5::bigint, status = $6,
    error = $7, payload = coalesce($8::bytea, CASE status WHEN 'processed' THEN payload END),
    payload_path = coalesce($9, CASE WHEN $8::bytea IS NULL AND status = 'processed' THEN payload_path END),
    turns_payload = CASE WHEN $8::bytea IS NOT NULL THEN $10 WHEN status = 'processed' THEN turns_payload END
  WHERE id = $1::bigint`;

/** The body of a quarantined event; null if there is no quarantined event of that id. */
export async function findQuarantined(query: Query, id: number): Promise<QuarantinedBody | null> {
  const [row] = await query<QuarantinedBody>(
    `SELECT body_sha256 AS "bodySha256", body_bytes AS "bodyBytes", received_at AS "receivedAtMs",
       payload AS bytes, payload_path AS path
     FROM events WHERE ${IS_QUARANTINED}`,
    [id],
  );
  return row ?? null;
}

/**
 * Makes a quarantined event a processed one, with all that follows from it. If another event turns out to hold the same
 * body, as one that came again to a later version does, that one stays and the quarantined row goes.
 *
 * @throws PostgresFault; nothing is changed then
 */
export async function replaceQuarantined(pool: Pool, id: number, record: EventRecord): Promise<Replacement> {
  const stored = storable(record);
  // Its conversation has an id that is too long.
  if (stored.status === "quarantined") return "unstorable";
  try {
    return await inWriteLock(pool, (query) => replace(query, id, stored));
  } catch (error) {
    if (error instanceof PostgresFault && error.kind === "event") return "unstorable";
    throw error;
  }
}

/** Whether any event's body is the object of that name. */
export async function isBodyFile(query: Query, name: string): Promise<boolean> {
  return (await query("SELECT 1 AS one FROM events WHERE payload_path = $1 LIMIT 1", [name])).length > 0;
}

async function replace(query: Query, id: number, record: EventRecord): Promise<Replacement> {
  const { conversationId } = record;
  if ((await query(`SELECT 1 AS one FROM events WHERE ${IS_QUARANTINED}`, [id])).length === 0) return "gone";
  if (conversationId !== null && (await isErased(query, conversationId))) {
    await remove(query, id);
    return "erased";
  }
  const eventId = (await twinOf(query, id, record)) ?? id;
  if (eventId !== id) await remove(query, id);
  await query(REPLACE, [
    eventId,
    record.type,
    conversationId,
    record.agentId,
    record.eventTimestamp,
    record.status,
    record.error,
    record.payload,
    record.payloadPath,
    record.turnsPayload,
  ]);
  const isOld = await hasLaterRecording(query, record);
  await derive(query, isOld ? { ...record, recording: null } : record, eventId, Date.now());
  await noteReprocessed(query, eventId);
  return "replaced";
}

async function isErased(query: Query, conversationId: string): Promise<boolean> {
  const sql = "SELECT 1 AS one FROM erasures WHERE conversation_sha256 = $1";
  return (await query(sql, [sha256Of(conversationId)])).length > 0;
}

async function remove(query: Query, id: number): Promise<void> {
  await query(`DELETE FROM events WHERE ${IS_QUARANTINED}`, [id]);
}

async function twinOf(query: Query, id: number, record: EventRecord): Promise<number | null> {
  const { bodySha256, conversationId } = record;
  const rows =
    conversationId === null
      ? await query<{ id: number }>(TWIN_OF_NONE, [id, bodySha256])
      : await query<{ id: number }>(TWIN_OF_CONVERSATION, [id, bodySha256, conversationId]);
  return rows[0]?.id ?? null;
}

/** Whether the conversation has another recording, one that arrived later than the record's. */
async function hasLaterRecording(query: Query, record: EventRecord): Promise<boolean> {
  const { conversationId, recording, receivedAtMs } = record;
  if (conversationId === null || recording === null) return false;
  const later = await query(
    `SELECT 1 AS one FROM conversations
     WHERE conversation_id = $1 AND audio_received_at > $2::bigint AND audio_sha256 IS DISTINCT FROM $3`,
    [conversationId, receivedAtMs, recording.sha256],
  );
  return later.length > 0;
}
