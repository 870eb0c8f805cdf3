import { and, asc, eq, gt, gte, lt, lte, sql } from "drizzle-orm";
import type { SQL } from "drizzle-orm";
import type { ConversationRow } from "../model/conversation.ts";
import { conversations } from "../store/sqlite/schema.ts";
import type { Reader } from "./reader.ts";

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
