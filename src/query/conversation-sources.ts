import { and, desc, gte, isNotNull, isNull, lt, sql } from "drizzle-orm";
import type { SQL } from "drizzle-orm";
import { conversations } from "../store/sqlite/schema.ts";
import type { ConversationRow } from "../model/conversation.ts";
import type { ConversationFilter } from "./conversation-filter.ts";
import type { Reader } from "./reader.ts";
import { firstIdOf } from "./search/documents.ts";

/** A place in the order of the table: by start, newest first, then by arrival. Those without a start come last. */
export type StartPosition = { by: "start"; startedAt: number | null; rowid: number };
/** A place in the order of the search index: by start as well, but it has its own way with ties. */
export type IndexPosition = { by: "index"; id: number };
export type ConversationPosition = StartPosition | IndexPosition;

/** A conversation that may be one of those wanted, and its place. */
export type FoundConversation = { row: ConversationRow; position: ConversationPosition };

/** Some conversations in order, and the place of the last one that was looked at: null at the end. */
export type Chunk = { found: FoundConversation[]; last: ConversationPosition | null };

const rowid = sql<number>`${conversations}.rowid`;

/** All conversations of a range of time, after a place. */
export function nextByStart(
  { orm }: Reader,
  { since, until }: ConversationFilter,
  after: StartPosition | null,
  countMax: number,
): Chunk {
  const select = (condition: SQL | undefined, count: number): FoundConversation[] =>
    orm
      .select({ row: conversations, rowid })
      .from(conversations)
      .where(condition)
      .orderBy(desc(conversations.startedAt), desc(rowid))
      .limit(count)
      .all()
      .map((one) => ({
        row: one.row,
        position: { by: "start", startedAt: one.row.startedAt, rowid: one.rowid },
      }));

  const isBeyondStarts = after !== null && after.startedAt === null;
  const withStart = isBeyondStarts
    ? []
    : select(
        and(
          isNotNull(conversations.startedAt),
          since === null ? undefined : gte(conversations.startedAt, since),
          until === null ? undefined : lt(conversations.startedAt, until),
          after === null
            ? undefined
            : sql`(${conversations.startedAt}, ${rowid}) < (${after.startedAt}, ${after.rowid})`,
        ),
        countMax,
      );
  if (withStart.length === countMax || since !== null || until !== null) {
    return chunkOf(withStart, countMax);
  }
  const withoutStart = select(
    and(isNull(conversations.startedAt), isBeyondStarts ? lt(rowid, after.rowid) : undefined),
    countMax - withStart.length,
  );
  return chunkOf([...withStart, ...withoutStart], countMax);
}

function chunkOf(found: FoundConversation[], countMax: number): Chunk {
  return { found, last: found.length < countMax ? null : (found.at(-1)?.position ?? null) };
}

/** The conversations that match an expression of the search index, after a place. */
export function nextByIndex(
  { orm, index }: Reader,
  expression: string,
  { since, until }: ConversationFilter,
  after: IndexPosition | null,
  countMax: number,
): Chunk {
  const idMin = since === null ? 0 : firstIdOf(since);
  const idEnd = Math.min(
    after?.id ?? Number.MAX_SAFE_INTEGER,
    until === null ? Number.MAX_SAFE_INTEGER : firstIdOf(until),
  );
  const candidates = index.read((documents) => documents.find(expression, idMin, idEnd, countMax));
  const ids = JSON.stringify(candidates.map(({ conversationId }) => conversationId));
  const rows = orm
    .select()
    .from(conversations)
    .where(sql`${conversations.conversationId} IN (SELECT value FROM json_each(${ids}))`)
    .all();
  const byId = new Map(rows.map((row) => [row.conversationId, row]));
  const found = candidates.flatMap(({ id, conversationId }): FoundConversation[] => {
    const row = byId.get(conversationId);
    return row === undefined ? [] : [{ row, position: { by: "index", id } }];
  });
  // A candidate may have gone from the table: the place is that of the last one all the same.
  const last = candidates.length < countMax ? undefined : candidates.at(-1);
  return { found, last: last === undefined ? null : { by: "index", id: last.id } };
}
