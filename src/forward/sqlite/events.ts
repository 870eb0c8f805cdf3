import { dirname } from "node:path";
import { bodyFiles } from "../../store/files/blobs.ts";
import { dataIdOf } from "../../model/lineage.ts";
import type { BlobContent } from "../../store/port.ts";
import { readLineage } from "../../store/sqlite/data-id.ts";
import { openSqlite } from "../../store/sqlite/open.ts";
import { readReprocessed } from "../../store/sqlite/state.ts";
import type { ConversationBrief, ForwardEvent, ForwardPosition } from "../port.ts";

const SELECT = `SELECT id, type, conversation_id AS conversationId, agent_id AS agentId, event_timestamp AS eventTimestamp,
  received_at AS receivedAtMs, status, source, body_sha256 AS bodySha256, octet_length(payload) AS payloadBytes,
  payload_path AS payloadPath FROM events`;

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

  const lineage = unlessSame(() => readLineage(sqlite));
  const reprocessed = unlessSame(() => readReprocessed(sqlite));

  return {
    after: (id: number, rowsMax: number): ForwardEvent[] => after.all(id, rowsMax),
    find: (id: number): ForwardEvent | null => one.get(id),
    payload: (id: number): Uint8Array<ArrayBuffer> | null => payload.get(id)?.bytes ?? null,
    file: (path: string): Promise<BlobContent | null> => files.open(path),
    traces: (id: number): Uint8Array<ArrayBuffer> | null => traces.get(id)?.bytes ?? null,
    brief: (conversationId: string): ConversationBrief | null => brief.get(conversationId),
    failureReason: (eventId: number): string | null => failure.get(eventId)?.reason ?? null,
    lineage,
    reprocessed,
    newest(): ForwardPosition {
      const { lastEventId } = lineage();
      return { dataId: dataIdOf(lineage()), eventId: lastEventId, reprocessedCount: reprocessed().count };
    },
    close: (): void => sqlite.close(),
  };
}
