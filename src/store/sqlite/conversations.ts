import type { Database } from "bun:sqlite";
import { and, eq, getTableColumns, gt, isNotNull, isNull, ne, sql } from "drizzle-orm";
import { foldFacts, noFacts } from "../../model/conversation.ts";
import type { ConversationRow, FoldedFacts } from "../../model/conversation.ts";
import type { EventRecord } from "../../model/event.ts";
import type { Recording } from "../../model/recording.ts";
import { factsOfPayload } from "../../vendor/derive.ts";
import { placeholders, prepareInsert } from "./prepared.ts";
import type { Orm } from "./database.ts";
import { conversations, events } from "./schema.ts";

const ROWS_AT_ONCE_MAX = 1000;
const OTEL_TYPE = "post_call_transcription_otel";

// The order of events: those that ElevenLabs delivered beat those that were recovered, whatever their times; then by time, and on a
// tie the JSON form of a transcription beats the OpenTelemetry form. Which were recovered is looked up in their index:
// the column is behind the payload, and reading it would read that.
const isDelivered = sql<number>`${events.id} NOT IN (SELECT recovered.id FROM events AS recovered INDEXED BY events_recovered
  WHERE recovered.conversation_id = ${sql.placeholder("conversationId")} AND recovered.source = 'recovered')`;
const timeMs = sql<number>`coalesce(${events.eventTimestamp} * 1000, ${events.receivedAtMs})`;
const form = sql<number>`iif(${events.type} = ${OTEL_TYPE}, 0, 1)`;

/**
 * The `conversations` table: one row a conversation, whichever event comes first. Column by column the newest event
 * that says something wins.
 */
export function createConversationStore(sqlite: Database, orm: Orm) {
  const { newerEvent, payloads, byAudioPath, audioOf, audioless, withAudio, ...inserts } = prepare(orm);
  const insertNew = prepareInsert<ConversationRow>(sqlite, inserts.insertNew);
  const overlay = prepareInsert<ConversationRow>(sqlite, inserts.overlay);

  /** Folds all events of a conversation, oldest first: for the rare event that arrives after a newer one. */
  function foldAll(conversationId: string): FoldedFacts {
    const said = payloads.all({ conversationId }).flatMap(({ eventId, payload, type }) => {
      const facts = factsOfPayload(payload, type);
      return facts === null ? [] : { eventId, facts };
    });
    return foldFacts(said);
  }

  return {
    /** Brings a conversation's row up to date with an event that has just been written. */
    apply(
      record: EventRecord & { conversationId: string },
      eventId: number,
      updatedAtMs = record.receivedAtMs,
    ): void {
      const { conversationId, facts, recording, eventTimestamp, receivedAtMs, type, source } = record;
      const row = {
        ...(facts ?? noFacts),
        ...audioColumns(recording, receivedAtMs),
        conversationId,
        eventId: facts?.holdsTurns ? eventId : null,
        updatedAtMs,
      };
      if (insertNew(row).changes > 0) return;

      const isOvertaken = newerEvent.get({
        conversationId,
        eventId,
        isDelivered: source === "webhook" ? 1 : 0,
        timeMs: eventTimestamp === null ? receivedAtMs : eventTimestamp * 1000,
        form: type === OTEL_TYPE ? 0 : 1,
      });
      overlay(isOvertaken === undefined ? row : { ...row, ...foldAll(conversationId) });
    },

    /** Whether a conversation has another recording, one that arrived after a certain time. */
    hasLaterRecording(conversationId: string, recording: Recording, receivedAtMs: number): boolean {
      const row = audioOf.get({ conversationId });
      return (row?.receivedAtMs ?? 0) > receivedAtMs && row?.sha256 !== recording.sha256;
    },

    hasRecording: (path: string): boolean => byAudioPath.get({ path }) !== undefined,

    /** Some of the recordings that have a row, in the order of their paths. */
    recordingsAfter: (path: string) => withAudio.all({ path }),

    /** Enters a recording that was found on disk. Returns false if the conversation has another one already. */
    adoptRecording(conversationId: string, recording: Recording, receivedAtMs: number): boolean {
      const audio = audioColumns(recording, receivedAtMs);
      const row = { ...noFacts, ...audio, conversationId, eventId: null, updatedAtMs: Date.now() };
      if (insertNew(row).changes > 0) return true;
      if (audioless.get({ conversationId }) === undefined) return false;
      overlay(row);
      return true;
    },
  };
}

function prepare(orm: Orm) {
  const columns = getTableColumns(conversations);
  const newestSaid = Object.entries(columns).map(([name, column]) => [
    name,
    sql.raw(`coalesce(excluded.${column.name}, conversations.${column.name})`),
  ]);
  const ofConversation = and(
    eq(events.conversationId, sql.placeholder("conversationId")),
    eq(events.status, "processed"),
  );
  const isNewer = sql`(${isDelivered}, ${timeMs}, ${form}) >
    (${sql.placeholder("isDelivered")}, ${sql.placeholder("timeMs")}, ${sql.placeholder("form")})`;

  return {
    insertNew: orm.insert(conversations).values(placeholders(conversations)).onConflictDoNothing(),
    overlay: orm
      .insert(conversations)
      .values(placeholders(conversations))
      .onConflictDoUpdate({ target: conversations.conversationId, set: Object.fromEntries(newestSaid) }),
    newerEvent: orm
      .select({ eventId: events.id })
      .from(events)
      .where(and(ofConversation, ne(events.id, sql.placeholder("eventId")), isNewer))
      .limit(1)
      .prepare(),
    payloads: orm
      .select({ eventId: events.id, type: events.type, payload: sql<string>`${events.payload}` })
      .from(events)
      .where(and(ofConversation, sql`typeof(${events.payload}) = 'text'`))
      .orderBy(isDelivered, timeMs, form, events.id)
      .prepare(),
    byAudioPath: orm
      .select({ conversationId: conversations.conversationId })
      .from(conversations)
      .where(eq(conversations.audioPath, sql.placeholder("path")))
      .prepare(),
    audioOf: orm
      .select({ sha256: conversations.audioSha256, receivedAtMs: conversations.audioReceivedAtMs })
      .from(conversations)
      .where(eq(conversations.conversationId, sql.placeholder("conversationId")))
      .prepare(),
    withAudio: orm
      .select({
        path: sql<string>`${conversations.audioPath}`,
        byteCount: conversations.audioBytes,
        conversationId: conversations.conversationId,
        receivedAtMs: conversations.audioReceivedAtMs,
      })
      .from(conversations)
      .where(and(isNotNull(conversations.audioPath), gt(conversations.audioPath, sql.placeholder("path"))))
      .orderBy(conversations.audioPath)
      .limit(ROWS_AT_ONCE_MAX)
      .prepare(),
    audioless: orm
      .select({ conversationId: conversations.conversationId })
      .from(conversations)
      .where(
        and(
          eq(conversations.conversationId, sql.placeholder("conversationId")),
          isNull(conversations.audioPath),
        ),
      )
      .prepare(),
  };
}

// A recording that arrives later than another one becomes the conversation's, whatever the events' times.
function audioColumns(recording: Recording | null, receivedAtMs: number) {
  return {
    audioPath: recording?.path ?? null,
    audioBytes: recording?.byteCount ?? null,
    audioSha256: recording?.sha256 ?? null,
    audioReceivedAtMs: recording === null ? null : receivedAtMs,
  };
}
