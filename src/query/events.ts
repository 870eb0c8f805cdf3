import { and, asc, desc, eq, getTableColumns, gt, gte, lt, sql } from "drizzle-orm";
import type { SQL } from "drizzle-orm";
import type { EventRow } from "../model/event.ts";
import { events } from "../store/sqlite/schema.ts";
import type { Reader } from "./reader.ts";

export type EventFilter = {
  type: string | null;
  status: "processed" | "quarantined" | null;
  conversationId: string | null;
  rowsMax: number;
};

export type EventPosition = { receivedAtMs: number; id: number };

/** Everything of an event but its payload, which may be large, and what is behind that in the row. */
const {
  payload: _payload,
  payloadPath: _path,
  turnsPayload: _turns,
  source: _source,
  ...inFront
} = getTableColumns(events);
const columns = {
  ...inFront,
  // From its index: the column is behind the payload too, and reading it would read that.
  source: sql<EventRow["source"]>`iif(EXISTS (
    SELECT 1 FROM events AS recovered INDEXED BY events_recovered WHERE recovered.source = 'recovered'
      AND recovered.conversation_id = "events"."conversation_id" AND recovered.type = "events"."type"
      AND recovered.id = "events"."id"), 'recovered', 'webhook')`,
};

/** Events by the time of their receipt, the newest first. */
export function listEvents(
  { orm }: Reader,
  filter: EventFilter & {
    sinceMs: number | null;
    /** Not included. */
    untilMs: number | null;
    before: EventPosition | null;
  },
): EventRow[] {
  const { conversationId, sinceMs, untilMs, before, rowsMax } = filter;
  const position = before ?? { receivedAtMs: 0, id: 0 };
  return orm
    .select(columns)
    .from(events)
    .where(
      and(
        // By the index of times, which has type and status too.
        hasType(filter.type, { byIndex: false }),
        filter.status === null ? undefined : sql`+${events.status} = ${filter.status}`,
        conversationId === null ? undefined : eq(events.conversationId, conversationId),
        sinceMs === null ? undefined : gte(events.receivedAtMs, sinceMs),
        untilMs === null ? undefined : lt(events.receivedAtMs, untilMs),
        before === null
          ? undefined
          : sql`(${events.receivedAtMs}, ${events.id}) < (${position.receivedAtMs}, ${position.id})`,
      ),
    )
    .orderBy(desc(events.receivedAtMs), desc(events.id))
    .limit(rowsMax)
    .all();
}

/** Events in the order in which they were stored: none that is stored later gets a place before one that is seen. */
export function followEvents({ orm }: Reader, filter: EventFilter & { afterId: number }): EventRow[] {
  const { type, status, conversationId, afterId, rowsMax } = filter;
  return orm
    .select(columns)
    .from(events)
    .where(
      and(
        gt(events.id, afterId),
        conversationId === null ? undefined : eq(events.conversationId, conversationId),
        hasType(type, { byIndex: conversationId === null }),
        hasStatus(status),
      ),
    )
    .orderBy(asc(events.id))
    .limit(rowsMax)
    .all();
}

export function findEvent({ orm }: Reader, id: number): EventRow | null {
  return orm.select(columns).from(events).where(eq(events.id, id)).get() ?? null;
}

/** A plus keeps SQLite from the index of types if another one serves better. */
function hasType(type: string | null, { byIndex }: { byIndex: boolean }): SQL | undefined {
  if (type === null) return undefined;
  return byIndex ? eq(events.type, type) : sql`+${events.type} = ${type}`;
}

/** As a literal: SQLite takes the index of the quarantined ones for nothing else. */
function hasStatus(status: EventFilter["status"]): SQL | undefined {
  return status === null ? undefined : sql`${events.status} = ${sql.raw(`'${status}'`)}`;
}

export type StoredPayload = {
  /** Of the body as it was received. */
  bodyBytes: number;
  /** Relative to the folder of the database; null if the payload is in the row, or nowhere. */
  path: string | null;
  /** Of what is in the row; null if nothing is. */
  byteCount: number | null;
  isJson: boolean;
};

// In SQL of our own: of a payload, drizzle knows the bytes, not their length or a part.
const FIND = `
  SELECT body_bytes AS bodyBytes, payload_path AS path, octet_length(payload) AS byteCount,
    status = 'processed' OR coalesce(typeof(payload) = 'text' AND json_valid(payload), 0) AS isJson
  FROM events WHERE id = ?`;

const READ = "SELECT substr(CAST(payload AS BLOB), ? + 1, ?) AS piece FROM events WHERE id = ?";

/** Where an event's payload is, and what it is; null if there is no such event. */
export function findPayload({ sqlite }: Reader, id: number): StoredPayload | null {
  const row = sqlite.query<Omit<StoredPayload, "isJson"> & { isJson: number }, [number]>(FIND).get(id);
  return row === null ? null : { ...row, isJson: row.isJson === 1 };
}

/** A part of the payload in an event's row; null if there is none any more. */
export function readPayload(
  { sqlite }: Reader,
  part: { id: number; from: number; bytesMax: number },
): Uint8Array | null {
  const { id, from, bytesMax } = part;
  return sqlite.query<{ piece: Uint8Array | null }, number[]>(READ).get(from, bytesMax, id)?.piece ?? null;
}
