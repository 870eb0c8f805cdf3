import { and, asc, eq, gt, gte, lt, lte, sql } from "drizzle-orm";
import type { SQL } from "drizzle-orm";
import type { ConversationRow } from "../model/conversation.ts";
import type { StoredTurn } from "../model/turn.ts";
import { conversations, events } from "../store/sqlite/schema.ts";
import { turnsOfPayload } from "../vendor/derive.ts";
import { EVENT_IDS_MAX } from "./asking.ts";
import type { Reader } from "./reader.ts";
import type { CleanPosition } from "./search/search-index.ts";

export type StoredConversation = {
  row: ConversationRow;
  turns: StoredTurn[];
  /** Of all its events, in the order of their arrival. */
  eventIds: number[];
};

/**
 * A conversation with its place in the table, and the payload that its turns are read from: null if it is no text. Null if
 * there is no conversation of that id.
 */
export function findWithPayload({ orm }: Reader, conversationId: string) {
  return (
    orm
      .select({
        row: conversations,
        rowid: sql<number>`${conversations}.rowid`,
        payload: sql<string | null>`iif(typeof(${events.payload}) = 'text', ${events.payload}, NULL)`,
      })
      .from(conversations)
      .leftJoin(events, eq(events.id, conversations.eventId))
      .where(eq(conversations.conversationId, conversationId))
      .get() ?? null
  );
}

/** Everything that is known of a conversation; null if there is none of that id. */
export function readConversation(reader: Reader, conversationId: string): StoredConversation | null {
  const found = findWithPayload(reader, conversationId);
  if (found === null) return null;
  const { orm } = reader;
  const { row, payload } = found;
  const eventIds = orm
    .select({ id: events.id })
    .from(events)
    .where(eq(events.conversationId, conversationId))
    .orderBy(asc(events.id))
    .limit(EVENT_IDS_MAX)
    .all()
    .map(({ id }) => id);
  return { row, turns: payload === null ? [] : turnsOfPayload(payload, row.startedAt), eventIds };
}

/**
 * What is known of a conversation's recording; null if there is no such conversation. Without a
 * recording its parts are null.
 */
export function findRecording({ orm }: Reader, conversationId: string) {
  const { audioPath: path, audioBytes: byteCount, audioSha256: sha256 } = conversations;
  return (
    orm
      .select({ path, byteCount, sha256 })
      .from(conversations)
      .where(eq(conversations.conversationId, conversationId))
      .get() ?? null
  );
}

/** Deletes conversations from the search index, after they have been deleted from the database. */
export function eraseConversations({ index }: Reader, conversationIds: readonly string[]): void {
  index.erase(conversationIds);
}

/** Clears some of the traces that these have left in the file of the index: see `SearchIndex.clean`. */
export function cleanIndex({ index }: Reader, from: CleanPosition | null): Promise<CleanPosition | null> {
  return index.clean(from);
}

export type ExportFilter = {
  agentId: string | null;
  /** Unix seconds. */
  since: number | null;
  /** Unix seconds, not included. */
  until: number | null;
};

/**
 * A page of all conversations, in the order of their ids: these never change, so that no conversation is met twice or
 * passed over while events go on to arrive. Of `rowsMax` conversations it gives those that the filter takes: how long it
 * reads does not depend on how many that are.
 */
export function exportConversations(
  { orm }: Reader,
  page: ExportFilter & { afterId: string; rowsMax: number },
): { rows: ConversationRow[]; lastId: string | null } {
  const { afterId, rowsMax, agentId, since, until } = page;
  const { conversationId } = conversations;
  const last = orm
    .select({ id: sql<string>`${conversationId}` })
    .from(conversations)
    .where(gt(conversationId, afterId))
    .orderBy(asc(conversationId))
    .limit(1)
    .offset(rowsMax - 1)
    .get();
  const rows = orm
    .select()
    .from(conversations)
    .where(
      and(
        gt(conversationId, afterId),
        last === undefined ? undefined : lte(conversationId, last.id),
        agentId === null ? undefined : eq(conversations.agentId, agentId),
        since === null ? undefined : gte(startedAt(), since),
        until === null ? undefined : lt(startedAt(), until),
      ),
    )
    .orderBy(asc(conversationId))
    .all();
  return { rows, lastId: last?.id ?? null };
}

/** The plus keeps SQLite from an index of times: a page is a piece of the index of ids. */
function startedAt(): SQL {
  return sql`+${conversations.startedAt}`;
}
