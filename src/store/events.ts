import { eq, sql } from "drizzle-orm";
import type { Orm } from "./database.ts";
import type { EventOutcome, EventRecord } from "./event-record.ts";
import { placeholders } from "./placeholders.ts";
import { events } from "./schema.ts";

export type EventStore = ReturnType<typeof createEventStore>;

/** The `events` table: the truth, from which everything else is derived. */
export function createEventStore(orm: Orm) {
  const payload = sql.placeholder("payload");
  // A string bound as bytes costs half of one bound as a string; CAST makes it text again without a copy.
  const insertText = prepareInsert(orm, sql`CAST(${payload} AS TEXT)`);
  const insertBytes = prepareInsert(orm, sql`${payload}`);
  const selectByBody = orm
    .select({ type: events.type, error: events.error })
    .from(events)
    .where(eq(events.bodySha256, sql.placeholder("bodySha256")))
    .prepare();

  return {
    /** Returns the new row's id, or null where the same body is stored already. */
    insert(record: EventRecord): number | null {
      const row = (record.payloadIsText ? insertText : insertBytes).get({ ...record, id: null });
      return row?.id ?? null;
    },

    findByBody(bodySha256: string): EventOutcome | null {
      const row = selectByBody.get({ bodySha256 });
      return row === undefined ? null : { isDuplicate: true, ...row };
    },
  };
}

function prepareInsert(orm: Orm, payload: ReturnType<typeof sql>) {
  return orm
    .insert(events)
    .values({ ...placeholders(events), payload })
    .onConflictDoNothing({ target: events.bodySha256 })
    .returning({ id: events.id })
    .prepare();
}
