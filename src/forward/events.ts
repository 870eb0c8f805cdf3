import { dirname } from "node:path";
import type { ConversationRow } from "../model/conversation.ts";
import type { EventRecord } from "../model/event.ts";
import { bodyFiles } from "../store/files/blobs.ts";
import { readLineage } from "../store/sqlite/data-id.ts";
import { openSqlite } from "../store/sqlite/open.ts";
import { readReprocessed } from "../store/sqlite/state.ts";

/** What is known of an event before its payload is read. */
export type ForwardEvent = Pick<
  EventRecord,
  | "type"
  | "conversationId"
  | "agentId"
  | "eventTimestamp"
  | "receivedAtMs"
  | "status"
  | "source"
  | "bodySha256"
  | "payloadPath"
> & {
  id: number;
  /** Of what is in the row; null if nothing is. */
  payloadBytes: number | null;
};

/** What a conversation's row says in short. */
export type ConversationBrief = Pick<
  ConversationRow,
  "agentName" | "title" | "status" | "callSuccessful" | "startedAt" | "durationSecs" | "audioPath"
>;

const SELECT = `SELECT id, type, conversation_id AS conversationId, agent_id AS agentId, event_timestamp AS eventTimestamp,
  received_at AS receivedAtMs, status, source, body_sha256 AS bodySha256, octet_length(payload) AS payloadBytes,
  payload_path AS payloadPath FROM events`;

export type EventSource = ReturnType<typeof openEventSource>;

/** Opens the database to read from it what is to be sent: when it is sent, so that what was erased is not. */
export function openEventSource(databasePath: string) {
  const sqlite = openSqlite(databasePath, "reader");
  const files = bodyFiles(dirname(databasePath));
  const after = sqlite.query<ForwardEvent, [number, number]>(`${SELECT} WHERE id > ? ORDER BY id LIMIT ?`);
  const one = sqlite.query<ForwardEvent, [number]>(`${SELECT} WHERE id = ?`);
  const payload = sqlite.query<{ bytes: Uint8Array<ArrayBuffer> | null }, [number]>(
    "SELECT CAST(payload AS BLOB) AS bytes FROM events WHERE id = ?",
  );
  // SQLite gives the part as it stands: numbers of nanoseconds are longer than JavaScript's.
  const traces = sqlite.query<{ bytes: Uint8Array<ArrayBuffer> | null }, [number]>(
    `SELECT CAST(coalesce(payload -> '$.data.otlp_traces', payload -> '$.otlp_traces') AS BLOB) AS bytes FROM events
     WHERE id = ? AND typeof(payload) = 'text' AND json_valid(payload)`,
  );
  const brief = sqlite.query<ConversationBrief, [string]>(
    `SELECT agent_name AS agentName, title, status, call_successful AS callSuccessful, started_at AS startedAt,
       duration_secs AS durationSecs, audio_path AS audioPath FROM conversations WHERE conversation_id = ?`,
  );
  const failure = sqlite.query<{ reason: string | null }, [number]>(
    "SELECT reason FROM call_failures WHERE event_id = ?",
  );

  const dataVersion = sqlite.query("PRAGMA data_version");

  /** Reads again only if another connection has changed the database: each destination asks several times a second. */
  function unlessSame<T>(read: () => T): () => T {
    let known: { version: unknown; value: T } | null = null;
    return () => {
      const version = dataVersion.values()[0]?.[0];
      // The version first: what changes in between is read again the next time.
      if (known === null || known.version !== version) known = { version, value: read() };
      return known.value;
    };
  }

  return {
    /** Some of the events after one, in the order of their ids. */
    after: (id: number, rowsMax: number): ForwardEvent[] => after.all(id, rowsMax),
    /** null if it is gone. */
    find: (id: number): ForwardEvent | null => one.get(id),
    /** null if there is none, or none any more. */
    payload: (id: number): Uint8Array<ArrayBuffer> | null => payload.get(id)?.bytes ?? null,
    /** The body that is a file; null if it is gone. */
    file: (path: string): Promise<Blob | null> => files.open(path),
    /** The traces of the OpenTelemetry form, as JSON; null if there are none. */
    traces: (id: number): Uint8Array<ArrayBuffer> | null => traces.get(id)?.bytes ?? null,
    brief: (conversationId: string): ConversationBrief | null => brief.get(conversationId),
    failureReason: (eventId: number): string | null => failure.get(eventId)?.reason ?? null,
    lineage: unlessSame(() => readLineage(sqlite)),
    reprocessed: unlessSame(() => readReprocessed(sqlite)),
    close: (): void => sqlite.close(),
  };
}
