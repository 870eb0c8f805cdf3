import { createCallFailureStore } from "./call-failures.ts";
import { createConversationStore } from "./conversations.ts";
import type { FactsOfPayload } from "./conversations.ts";
import { openDatabase } from "./database.ts";
import type { EventOutcome, EventRecord } from "./event-record.ts";
import { createEventStore } from "./events.ts";

export type Connection = ReturnType<typeof openConnection>;

/** An open database with all its statements prepared. Not used any more once a write to disk has failed on it. */
export function openConnection(path: string, factsOfPayload: FactsOfPayload) {
  const { sqlite, orm } = openDatabase(path);
  const events = createEventStore(orm);
  const conversations = createConversationStore(orm, factsOfPayload);
  const callFailures = createCallFailureStore(orm);

  function insert(record: EventRecord): EventOutcome {
    const eventId = events.insert(record);
    if (eventId === null) {
      const first = events.findByBody(record);
      if (first === null) throw new Error(`the event ${record.bodySha256} is neither new nor stored`);
      return first;
    }
    const { conversationId } = record;
    if (conversationId !== null && (record.facts !== null || record.recording !== null)) {
      conversations.apply({ ...record, conversationId }, eventId);
    }
    if (record.failure !== null) callFailures.insert({ ...record, ...record.failure, eventId });
    return { isDuplicate: false, type: record.type, error: record.error };
  }

  return {
    findByBody: events.findByBody,
    hasRecording: conversations.hasRecording,
    adoptRecording: conversations.adoptRecording,
    recordingsAfter: conversations.recordingsAfter,
    bodyFilesAfter: events.bodyFilesAfter,

    /** Writes all records, or none and throws. When it returns they are on disk. */
    insertAll(records: readonly EventRecord[]): EventOutcome[] {
      sqlite.run("BEGIN IMMEDIATE");
      try {
        const outcomes = records.map(insert);
        sqlite.run("COMMIT");
        return outcomes;
      } catch (error) {
        if (sqlite.inTransaction) sqlite.run("ROLLBACK");
        throw error;
      }
    },

    /** Writes to the database without changing it. @throws where the disk does not take it */
    probe(): void {
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
