import type { EventRecord, StoreOutcome } from "../../model/event.ts";
import { errorCode } from "../../platform/errors.ts";
import type { Log } from "../../platform/log.ts";
import { createConversationStore } from "./conversations.ts";
import { ensureDataId } from "./data-id.ts";
import { openDatabase } from "./database.ts";
import type { OpenOptions } from "./database.ts";
import { createErasureStore } from "./erasures.ts";
import { createEventStore, createQuarantinedEvents } from "./events.ts";
import { placeholders } from "./prepared.ts";
import { knownConversations, recoveredEvent } from "./recovered.ts";
import { callFailures } from "./schema.ts";
import { beginKeepingRecordings, createStateStore, noteReprocessed } from "./state.ts";

export type Connection = ReturnType<typeof openConnection>;

/**
 * The last entries of tables and indexes, where new rows go. Not all of them: to check a large database takes minutes,
 * in which nobody would receive.
 */
const ENDS = [
  "SELECT id FROM events ORDER BY id DESC LIMIT 1",
  "SELECT max(conversation_id) FROM events INDEXED BY events_body WHERE conversation_id IS NOT NULL",
  "SELECT max(body_sha256) FROM events INDEXED BY events_body_without_conversation WHERE conversation_id IS NULL",
  "SELECT max(received_at) FROM events INDEXED BY events_received",
  "SELECT max(type) FROM events INDEXED BY events_type",
  "SELECT max(id) FROM events INDEXED BY events_quarantined WHERE status = 'quarantined'",
  "SELECT max(payload_path) FROM events INDEXED BY events_payload_path WHERE payload_path IS NOT NULL",
  "SELECT rowid FROM conversations ORDER BY rowid DESC LIMIT 1",
  "SELECT max(conversation_id) FROM conversations",
  "SELECT max(started_at) FROM conversations INDEXED BY conversations_started_at WHERE started_at IS NOT NULL",
  "SELECT max(audio_path) FROM conversations INDEXED BY conversations_audio_path WHERE audio_path IS NOT NULL",
  "SELECT max(updated_at) FROM conversations INDEXED BY conversations_awaiting_audio WHERE has_audio = 1 AND audio_path IS NULL",
  "SELECT max(audio_received_at) FROM conversations INDEXED BY conversations_audio_bytes WHERE audio_bytes IS NOT NULL",
  "SELECT event_id FROM call_failures ORDER BY event_id DESC LIMIT 1",
  "SELECT max(conversation_id) FROM events INDEXED BY events_recovered WHERE source = 'recovered'",
  "SELECT max(conversation_id) FROM recovery_pending",
];

/** An open database with all its statements prepared. Not used any more once a write to disk has failed on it. */
export function openConnection(path: string, options: OpenOptions = {}) {
  const { sqlite, orm } = openDatabase(path, options);
  const events = createEventStore(sqlite, orm);
  const quarantined = createQuarantinedEvents(orm);
  const conversations = createConversationStore(sqlite, orm);
  const insertFailure = orm
    .insert(callFailures)
    .values(placeholders(callFailures))
    .onConflictDoNothing()
    .prepare();
  const erasures = createErasureStore(orm);
  const state = createStateStore(orm);

  function insert(record: EventRecord): StoreOutcome {
    const eventId = events.insert(record);
    if (eventId === null) {
      const first = events.findByBody(record);
      if (first === null) throw new Error(`the event ${record.bodySha256} is neither new nor stored`);
      return first;
    }
    derive(record, eventId);
    return { isDuplicate: false, type: record.type, error: record.error };
  }

  /** Writes what follows from an event that has just been written. */
  function derive(record: EventRecord, eventId: number, updatedAtMs?: number): void {
    const { conversationId } = record;
    if (conversationId !== null && (record.facts !== null || record.recording !== null)) {
      conversations.apply({ ...record, conversationId }, eventId, updatedAtMs);
    }
    if (record.failure !== null) insertFailure.run({ ...record, ...record.failure, eventId });
  }

  /** All or nothing: on disk when it returns. */
  function inTransaction<T>(write: () => T): T {
    sqlite.run("BEGIN IMMEDIATE");
    try {
      const result = write();
      sqlite.run("COMMIT");
      return result;
    } catch (error) {
      if (sqlite.inTransaction) sqlite.run("ROLLBACK");
      throw error;
    }
  }

  return {
    sqlite,
    state,
    ensureDataId: () => ensureDataId(sqlite),
    beginKeepingRecordings: () => beginKeepingRecordings(orm, state),
    findByBody: events.findByBody,
    ...erasures,
    hasRecording: conversations.hasRecording,
    adoptRecording: conversations.adoptRecording,
    recordingsAfter: conversations.recordingsAfter,
    bodyFilesAfter: events.bodyFilesAfter,
    findQuarantined: quarantined.find,
    isBodyFile: quarantined.isBodyFile,
    isProcessed: quarantined.isProcessed,

    /** Writes all records, or none and throws. When it returns they are on disk. */
    insertAll: (records: readonly EventRecord[]): StoreOutcome[] =>
      inTransaction(() => {
        const hasErasures = erasures.areThereAny();
        return records.map((record) =>
          hasErasures && erasures.isErased(record.conversationId) ? "erased" : insert(record),
        );
      }),

    /**
     * Writes an event that was fetched from ElevenLabs, unless it is not missing any more: that is decided here, in the
     * transaction that writes.
     *
     * @param gonePath the recording that the conversation's row names and whose file is gone; null if it names none
     */
    insertRecovered: (
      record: EventRecord & { conversationId: string },
      gonePath: string | null,
    ): StoreOutcome =>
      inTransaction(() => {
        const { type, conversationId, recording, error } = record;
        const [here] = knownConversations(sqlite, [conversationId]);
        if (here === undefined || here.isErased) return "erased";
        const hasRecording = here.audioPath !== gonePath || (gonePath === null && here.hasAudioEvent);
        const isHere = recording === null ? here.transcribedAtMs !== null : hasRecording;
        if (isHere) return { isDuplicate: true, type, error };
        const before = recoveredEvent(sqlite, conversationId, type ?? "");
        // The recording of an event that is stored already is as old as that.
        if (before !== null) derive({ ...record, receivedAtMs: before.receivedAtMs }, before.id);
        else insert(record);
        return { isDuplicate: false, type, error };
      }),

    /**
     * Makes a quarantined event a processed one, with all that follows from it. Where another event turns out to hold
     * the same body, as one that came again to a later version does, that one stays and the quarantined row goes.
     *
     * @returns "gone" if there is no quarantined event of that id
     */
    replaceQuarantined(id: number, record: EventRecord): "replaced" | "gone" | "erased" {
      return inTransaction(() => {
        if (quarantined.find(id) === null) return "gone";
        if (erasures.isErased(record.conversationId)) {
          quarantined.remove(id);
          return "erased";
        }
        const eventId = quarantined.twinOf(id, record) ?? id;
        if (eventId !== id) quarantined.remove(id);
        quarantined.replace(eventId, record);
        const { conversationId, recording, receivedAtMs } = record;
        const isOld =
          conversationId !== null &&
          recording !== null &&
          conversations.hasLaterRecording(conversationId, recording, receivedAtMs);
        derive(isOld ? { ...record, recording: null } : record, eventId, Date.now());
        noteReprocessed(state, eventId);
        return "replaced";
      });
    },

    /**
     * Reads where new rows go, and writes to the database without changing it.
     *
     * @throws if the database is corrupt there, or the disk does not take it
     */
    probe(): void {
      for (const sql of ENDS) sqlite.query(sql).values();
      sqlite.run("BEGIN IMMEDIATE");
      const version = Number(sqlite.query("PRAGMA user_version").values()[0]?.[0]);
      sqlite.run(`PRAGMA user_version = ${version}`);
      sqlite.run("COMMIT");
    },

    /** Copies the write-ahead log back into the database, so that the file is complete by itself. */
    checkpoint(): void {
      sqlite.run("PRAGMA wal_checkpoint(TRUNCATE)");
    },

    close(): void {
      sqlite.close();
    },
  };
}

/** The connection that is written to: another one after each failure of the disk. */
export function createSteadyConnection(options: {
  connection: Connection;
  connect: () => Connection;
  log: Log;
}) {
  const { connect, log } = options;
  let { connection } = options;
  let isFailing = false;

  /**
   * After a failed flush the kernel may have dropped the pages: only what is read back from a new connection counts. And
   * what was refused is in the log, perhaps up to its last page, and a start after a kill would take it for committed:
   * the write on the new connection goes over it. So the old connection is closed last: if it were the last one to be
   * open, the new one would read the log as such a start does.
   */
  function reconnect(): void {
    const fresh = connect();
    try {
      fresh.probe();
    } catch (error) {
      fresh.close();
      throw error;
    }
    connection.close();
    connection = fresh;
    isFailing = false;
    log.info("The database takes writes again");
  }

  return {
    /** @throws while the database takes no writes; asking tries again */
    usable(): Connection {
      if (isFailing) reconnect();
      return connection;
    },
    fail(): void {
      isFailing = true;
    },
    isFailing: (): boolean => isFailing,
    close: (): void => connection.close(),
  };
}

/** Codes of SQLite that blame a value. Any other, and any other error, speaks of the disk, the file or the process. */
const EVENT_FAULTS = [
  "SQLITE_CONSTRAINT",
  "SQLITE_MISMATCH",
  "SQLITE_TOOBIG",
  "SQLITE_RANGE",
  "SQLITE_ERROR",
];

/** Whether an event can't be stored because of what is in it. */
export function isEventFault(error: unknown): boolean {
  const code = errorCode(error);
  return error instanceof TypeError || EVENT_FAULTS.some((fault) => code.startsWith(fault));
}

/** Stores an event, or quarantines it if it is odd. @throws if the disk fails */
export function insertOrQuarantine(connection: Connection, record: EventRecord, log: Log): StoreOutcome {
  try {
    const [outcome] = connection.insertAll([record]);
    if (outcome === undefined) throw new Error("an event was written without an outcome");
    return outcome;
  } catch (error) {
    if (!isEventFault(error) || record.status === "quarantined") throw error;
    log.error("An event can't be stored as it is and is quarantined", { error: errorCode(error) });
    return insertOrQuarantine(connection, withoutDerived(record), log);
  }
}

/** The same event without what was derived from it. Its recording is on disk already, and keeps its row. */
function withoutDerived(record: EventRecord): EventRecord {
  return {
    ...record,
    status: "quarantined",
    error: "invalid_payload: it could not be stored with what was derived from it",
    turnsPayload: null,
    facts: null,
    failure: null,
  };
}
