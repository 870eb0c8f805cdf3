import type { Database } from "bun:sqlite";
import { eq, sql } from "drizzle-orm";
import type { Orm } from "../../store/sqlite/database.ts";
import { conversations, events } from "../../store/sqlite/schema.ts";
import { readReprocessed } from "../../store/sqlite/state.ts";
import { turnsOfPayload } from "../../vendor/derive.ts";
import type { Documents } from "./documents.ts";

/** Taken over in one go, while other questions wait: some tens of milliseconds. */
const EVENTS_AT_ONCE_MAX = 128;

type EventsDatabase = { orm: Orm; sqlite: Database };
type State = { eventId: number; eventSha256: string | null; reprocessedCount: number };

/** What an index has to have seen: the last event that has arrived, 0 if there is none, and all that were reprocessed. */
export type Target = { eventId: number; reprocessedCount: number };

/** Whether an index was made from this database: the last event that it has seen is there, and is the same. */
export function belongsTo(database: EventsDatabase, index: Database): boolean {
  const { eventId, eventSha256, reprocessedCount } = readState(index);
  if (reprocessedCount > readReprocessed(database.sqlite).count) return false;
  if (eventId === 0) return true;
  const event = database.sqlite.query("SELECT body_sha256 FROM events WHERE id = ?").values(eventId)[0];
  return event !== undefined && event[0] === eventSha256;
}

/** Takes over into the index what has arrived since the last time. */
export function createIntake(database: EventsDatabase, index: Database, documents: Documents) {
  const newEvents = database.sqlite.query<
    { id: number; conversationId: string | null; sha256: string },
    [number, number]
  >(
    "SELECT id, conversation_id AS conversationId, body_sha256 AS sha256 FROM events WHERE id > ? ORDER BY id LIMIT ?",
  );
  const eventUpTo = database.sqlite.query<{ id: number; sha256: string }, [number]>(
    "SELECT id, body_sha256 AS sha256 FROM events WHERE id <= ? ORDER BY id DESC LIMIT 1",
  );
  const lastEvent = database.sqlite.query("SELECT max(id) FROM events");
  const conversationOf = database.sqlite.query<{ conversationId: string | null }, [number]>(
    "SELECT conversation_id AS conversationId FROM events WHERE id = ?",
  );
  const setState = index.query("UPDATE state SET event_id = ?, event_sha256 = ?");
  const setReprocessed = index.query("UPDATE state SET reprocessed_count = ?");
  const conversation = database.orm
    .select({
      row: conversations,
      payload: sql<string | null>`iif(typeof(${events.payload}) = 'text', ${events.payload}, NULL)`,
    })
    .from(conversations)
    .leftJoin(events, eq(events.id, conversations.eventId))
    .where(eq(conversations.conversationId, sql.placeholder("conversationId")))
    .prepare();

  function refresh(conversationIds: Set<string>): void {
    const found = [];
    for (const conversationId of conversationIds) {
      const one = conversation.get({ conversationId });
      if (one === undefined) documents.remove(conversationId);
      else found.push(one);
    }
    // In the order of their ids: FTS5 writes out what it has gathered whenever an id is lower than the one before.
    found.sort((a, b) => (a.row.startedAt ?? 0) - (b.row.startedAt ?? 0));
    for (const { row, payload } of found) {
      documents.put(row, payload === null ? [] : turnsOfPayload(payload, row.startedAt));
    }
  }

  function takeOverNew(): void {
    const rows = newEvents.all(readState(index).eventId, EVENTS_AT_ONCE_MAX);
    const last = rows.at(-1);
    if (last === undefined) return;
    refresh(new Set(rows.flatMap(({ conversationId }) => conversationId ?? [])));
    setState.run(last.id, last.sha256);
  }

  /** A reprocessed event keeps its id: the index has passed it. */
  function takeOverReprocessed(): void {
    const seenCount = readState(index).reprocessedCount;
    const { count, eventIds } = readReprocessed(database.sqlite);
    if (count - seenCount > eventIds.length) {
      // Which they were is not known any more: all events are gone through once more.
      setState.run(0, null);
      setReprocessed.run(count);
      return;
    }
    const unseen = eventIds.slice(eventIds.length - (count - seenCount), eventIds.length);
    const some = unseen.slice(0, EVENTS_AT_ONCE_MAX);
    refresh(new Set(some.flatMap((id) => conversationOf.get(id)?.conversationId ?? [])));
    setReprocessed.run(seenCount + some.length);
  }

  return {
    /** What has arrived by now. */
    target: (): Target => ({
      eventId: Number(lastEvent.values()[0]?.[0] ?? 0),
      reprocessedCount: readReprocessed(database.sqlite).count,
    }),

    isBehind(target: Target): boolean {
      const { eventId, reprocessedCount } = readState(index);
      return eventId < target.eventId || reprocessedCount < target.reprocessedCount;
    },

    /**
     * Takes over some events; the index has all of them or none. Another process may do the same at the same time.
     */
    takeOver: index.transaction((): void => {
      takeOverReprocessed();
      takeOverNew();
    }).immediate,

    /** Holds on to the last event that is still there, after some have been deleted: else all would be read again. */
    holdOn(): void {
      const last = eventUpTo.get(readState(index).eventId);
      setState.run(last?.id ?? 0, last?.sha256 ?? null);
    },
  };
}

function readState(index: Database): State {
  const row = index
    .query<State, []>(
      "SELECT event_id AS eventId, event_sha256 AS eventSha256, reprocessed_count AS reprocessedCount FROM state",
    )
    .get();
  return row ?? { eventId: 0, eventSha256: null, reprocessedCount: 0 };
}
