import type { Database } from "bun:sqlite";
import { isUtf8 } from "node:buffer";
import type { Query } from "../../store/postgres/pool.ts";
import { readReprocessed } from "../../store/postgres/state.ts";
import { openSqlite } from "../../store/sqlite/open.ts";
import type { Blobs } from "../../store/port.ts";
import type { ConversationBrief, ForwardEvent, ForwardPlaces, ForwardSource } from "../port.ts";
import { DATA_ID } from "./state.ts";

const EVENTS = `SELECT id, type, conversation_id AS "conversationId", agent_id AS "agentId",
  event_timestamp AS "eventTimestamp", received_at AS "receivedAtMs", status, source, body_sha256 AS "bodySha256",
  octet_length(payload) AS "payloadBytes", payload_path AS "payloadPath" FROM events`;

const NEWEST = "coalesce((SELECT max(id) FROM events), 0)";

// Ids are given to events that are then found to be known, or that are not yet to be seen: the last one of those is no place.
// Nor does it go back if the newest event is erased, which a destination has been sent.
const LAST_ID = `SELECT greatest(${NEWEST}, (SELECT max(event_id) FROM forward_cursors WHERE event_id <=
  (SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM events_id_seq))) AS value`;

/** Reads from a database what is to be sent, when it is sent: what was erased is not. */
export function createForwardSource(query: Query, bodies: Pick<Blobs, "open">): ForwardSource {
  const { lineage, reprocessedCount } = createForwardPlaces(query);
  const valueOf = async <T>(text: string, value: string | number): Promise<T | null> =>
    (await query<{ value: T | null }>(text, [value]))[0]?.value ?? null;
  const payload = (id: number) =>
    valueOf<Uint8Array<ArrayBuffer>>("SELECT payload AS value FROM events WHERE id = $1::bigint", id);

  return {
    after: (id, rowsMax) =>
      query<ForwardEvent>(`${EVENTS} WHERE id > $1::bigint ORDER BY id LIMIT $2::bigint`, [id, rowsMax]),
    find: async (id) => (await query<ForwardEvent>(`${EVENTS} WHERE id = $1::bigint`, [id]))[0] ?? null,
    payload,
    file: (path) => bodies.open(path),
    async traces(id) {
      const bytes = await payload(id);
      return bytes === null ? null : tracesOf(bytes);
    },
    async brief(conversationId) {
      const [row] = await query<ConversationBrief>(
        `SELECT agent_name AS "agentName", title, status, call_successful AS "callSuccessful", started_at AS "startedAt",
           duration_secs AS "durationSecs", audio_path AS "audioPath" FROM conversations WHERE conversation_id = $1`,
        [conversationId],
      );
      return row ?? null;
    },
    failureReason: (eventId) =>
      valueOf<string>("SELECT reason AS value FROM call_failures WHERE event_id = $1::bigint", eventId),
    lineage,
    reprocessed: () => readReprocessed(query),
    async newest() {
      const [row] = await query<{ eventId: number }>(`SELECT ${NEWEST} AS "eventId"`);
      return {
        dataId: DATA_ID,
        eventId: row?.eventId ?? 0,
        reprocessedCount: await reprocessedCount(),
      };
    },
  };
}

/** Reads what a cursor can be set by. */
export function createForwardPlaces(query: Query): ForwardPlaces {
  const numberOf = async (text: string, values: readonly number[] = []): Promise<number | null> =>
    (await query<{ value: number | null }>(text, values))[0]?.value ?? null;
  const lastEventId = async () => (await numberOf(LAST_ID)) ?? 0;

  return {
    lineage: async () => ({
      ages: [{ dataId: DATA_ID, sinceEventId: 0 }],
      lastEventId: await lastEventId(),
    }),
    reprocessedCount: async () => (await readReprocessed(query)).count,
    async eventIdBefore(receivedAtMs) {
      const id = await numberOf("SELECT min(id) AS value FROM events WHERE received_at >= $1::bigint", [
        Math.floor(receivedAtMs),
      ]);
      return id === null ? lastEventId() : id - 1;
    },
    countAfter: async (eventId) =>
      (await numberOf("SELECT count(*) AS value FROM events WHERE id > $1::bigint", [eventId])) ?? 0,
  };
}

/** The part as it stands, by SQLite: numbers of nanoseconds are longer than JavaScript's, and Postgres refuses some JSON. */
function tracesOf(payload: Uint8Array): Uint8Array<ArrayBuffer> | null {
  if (!isUtf8(payload)) return null;
  reader ??= openSqlite(":memory:", "scratch");
  const row = reader
    .query<{ bytes: Uint8Array<ArrayBuffer> | null }, [Uint8Array]>(
      `SELECT CAST(coalesce(body -> '$.data.otlp_traces', body -> '$.otlp_traces') AS BLOB) AS bytes
       FROM (SELECT CAST(? AS TEXT) AS body) WHERE json_valid(body)`,
    )
    .get(payload);
  return row?.bytes ?? null;
}

let reader: Database | null = null;
