import type { Database } from "bun:sqlite";
import { and, eq, gt, isNotNull, isNull, sql } from "drizzle-orm";
import type { SQL } from "drizzle-orm";
import { prepareInsert } from "./bound.ts";
import type { Orm } from "./database.ts";
import type { EventKey, EventOutcome, EventRecord } from "../../model/event.ts";
import { placeholders } from "./placeholders.ts";
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
    /** Returns the new row's id, or null where the same body is stored already. */
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
