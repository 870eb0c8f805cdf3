import { and, eq, isNull, ne, sql } from "drizzle-orm";
import type { Orm } from "./database.ts";
import type { EventRecord, QuarantinedBody } from "../../model/event.ts";
import { events } from "./schema.ts";

/** The quarantined rows of the `events` table. */
export function createQuarantinedEvents(orm: Orm) {
  const isQuarantined = (id: number) => and(eq(events.id, id), eq(events.status, "quarantined"));

  return {
    /** null where there is no quarantined event of that id. */
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
