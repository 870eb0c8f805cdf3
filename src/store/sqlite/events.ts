import type { Database } from "bun:sqlite";
import { and, eq, gt, isNotNull, isNull, ne, sql } from "drizzle-orm";
import type { SQL } from "drizzle-orm";
import type { EventKey, EventOutcome, EventRecord, QuarantinedBody } from "../../model/event.ts";
import { placeholders, prepareInsert } from "./prepared.ts";
import type { Orm } from "./database.ts";
import { events } from "./schema.ts";

const ROWS_AT_ONCE_MAX = 1000;

type EventRow = Omit<EventRecord, "payloadIsText" | "facts" | "failure" | "recording">;

/** The `events` table: the truth, from which everything else is derived. */
export function createEventStore(sqlite: Database, orm: Orm) {
  const payload = sql.placeholder("payload");
  // A string bound as bytes costs half of one bound as a string; CAST makes it text again without a copy.
  const insertText = prepareInsert<EventRow>(sqlite, insertInto(orm, sql`CAST(${payload} AS TEXT)`));
  const insertBytes = prepareInsert<EventRow>(sqlite, insertInto(orm, sql`${payload}`));
  const selectOfConversation = prepareSelect(
    orm,
    eq(events.conversationId, sql.placeholder("conversationId")),
  );
  const selectOfNone = prepareSelect(orm, isNull(events.conversationId));
  const selectFiles = orm
    .select({
      id: events.id,
      path: sql<string>`${events.payloadPath}`,
      byteCount: events.bodyBytes,
      conversationId: events.conversationId,
      receivedAtMs: events.receivedAtMs,
    })
    .from(events)
    .where(and(isNotNull(events.payloadPath), gt(events.id, sql.placeholder("id"))))
    .orderBy(events.id)
    .limit(ROWS_AT_ONCE_MAX)
    .prepare();

  return {
    /** Returns the new row's id, or null if the same body is stored already. */
    insert(record: EventRecord): number | null {
      const insert = record.payloadIsText ? insertText : insertBytes;
      const { changes, lastInsertRowid } = insert(record);
      return changes === 0 ? null : Number(lastInsertRowid);
    },

    /** Some of the events whose body is a file, in the order of their ids. */
    bodyFilesAfter: (id: number) => selectFiles.all({ id }),

    /** The first delivery of a body; a body says the same of its conversation every time. */
    findByBody({ bodySha256, conversationId }: EventKey): EventOutcome | null {
      const statement = conversationId === null ? selectOfNone : selectOfConversation;
      const row = statement.get({ bodySha256, conversationId });
      return row === undefined ? null : { isDuplicate: true, ...row };
    },
  };
}

function prepareSelect(orm: Orm, ofConversation: SQL) {
  const sameBody = eq(events.bodySha256, sql.placeholder("bodySha256"));
  return orm
    .select({ type: events.type, error: events.error })
    .from(events)
    .where(and(ofConversation, sameBody))
    .prepare();
}

function insertInto(orm: Orm, payload: SQL) {
  const { id: _, ...columns } = placeholders(events);
  return orm
    .insert(events)
    .values({ ...columns, payload })
    .onConflictDoNothing();
}

/** The quarantined rows of the `events` table. */
export function createQuarantinedEvents(orm: Orm) {
  const isQuarantined = (id: number) => and(eq(events.id, id), eq(events.status, "quarantined"));

  return {
    /** null if there is no quarantined event of that id. */
    find(id: number): QuarantinedBody | null {
      const columns = {
        bodySha256: events.bodySha256,
        bodyBytes: events.bodyBytes,
        receivedAtMs: events.receivedAtMs,
        bytes: sql<Uint8Array | null>`CAST(${events.payload} AS BLOB)`,
        path: events.payloadPath,
      };
      return orm.select(columns).from(events).where(isQuarantined(id)).get() ?? null;
    },

    /**
     * Puts what an event has been found to be in its row. It keeps its id and the time of its receipt, and a payload that
     * was stored of it as a processed one.
     */
    replace(id: number, record: EventRecord): void {
      const { type, conversationId, agentId, eventTimestamp, status, error, payload, payloadPath } = record;
      const stored = sql`iif(${events.status} = 'processed', ${events.payload}, NULL)`;
      const text = sql`coalesce(CAST(${payload} AS TEXT), ${stored})`;
      const storedPath = sql`iif(${events.status} = 'processed', ${events.payloadPath}, NULL)`;
      const path = payload === null ? sql`coalesce(${payloadPath}, ${storedPath})` : payloadPath;
      const said = { type, conversationId, agentId, eventTimestamp, status, error, payloadPath: path };
      const storedCopy = sql`iif(${events.status} = 'processed', ${events.turnsPayload}, NULL)`;
      orm
        .update(events)
        .set({ ...said, payload: text, turnsPayload: payload === null ? storedCopy : record.turnsPayload })
        .where(eq(events.id, id))
        .run();
    },

    remove(id: number): void {
      orm.delete(events).where(isQuarantined(id)).run();
    },

    /** Another event that holds the body which a quarantined one turns out to be, or null. */
    twinOf(id: number, { bodySha256, conversationId }: EventRecord): number | null {
      const isOfConversation =
        conversationId === null ? isNull(events.conversationId) : eq(events.conversationId, conversationId);
      const isTwin = and(isOfConversation, eq(events.bodySha256, bodySha256), ne(events.id, id));
      return orm.select({ id: events.id }).from(events).where(isTwin).get()?.id ?? null;
    },

    /** Whether any event's body is the file of that path. */
    isBodyFile(path: string): boolean {
      return (
        orm.select({ id: events.id }).from(events).where(eq(events.payloadPath, path)).get() !== undefined
      );
    },

    /** Whether a body was processed, whatever its conversation. Slow: it looks through a whole index. */
    isProcessed(bodySha256: string): boolean {
      const isSame = and(eq(events.bodySha256, bodySha256), eq(events.status, "processed"));
      return orm.select({ id: events.id }).from(events).where(isSame).get() !== undefined;
    },
  };
}
