import { and, asc, desc, gt, isNotNull, lt, sql } from "drizzle-orm";
import type { SQL } from "drizzle-orm";
import { noDetails } from "../model/call-details.ts";
import type { CallDetails } from "../model/call-details.ts";
import { conversations } from "../store/sqlite/schema.ts";
import { detailsOfPayload } from "../vendor/derive.ts";
import { findWithPayload } from "./conversations.ts";
import type { Reader } from "./reader.ts";

/** A call's details, and its neighbours in the order of lists; null if there is none. */
export type StoredDetails = { newer: string | null; older: string | null; details: CallDetails };

const rowid = sql<number>`${conversations}.rowid`;

/** All that is known of a call, turn by turn; null if there is none of that id. */
export function readDetails(reader: Reader, conversationId: string): StoredDetails | null {
  const found = findWithPayload(reader, conversationId);
  if (found === null) return null;
  const { payload } = found;
  const { startedAt } = found.row;
  return {
    ...neighboursOf(reader, startedAt, found.rowid),
    details: payload === null ? noDetails : detailsOfPayload(payload, startedAt),
  };
}

/** In the order of the list: by start, then by arrival. Those without a start come last there. */
function neighboursOf(reader: Reader, startedAt: number | null, row: number) {
  const { startedAt: start } = conversations;
  if (startedAt === null) {
    const isWithout = sql`${start} IS NULL`;
    return {
      newer:
        first(reader, and(isWithout, gt(rowid, row)), [asc(rowid)]) ??
        first(reader, isNotNull(start), [asc(start), asc(rowid)]),
      older: first(reader, and(isWithout, lt(rowid, row)), [desc(rowid)]),
    };
  }
  return {
    newer: first(reader, sql`(${start}, ${rowid}) > (${startedAt}, ${row})`, [asc(start), asc(rowid)]),
    older:
      first(reader, sql`(${start}, ${rowid}) < (${startedAt}, ${row})`, [desc(start), desc(rowid)]) ??
      first(reader, sql`${start} IS NULL`, [desc(rowid)]),
  };
}

function first({ orm }: Reader, condition: SQL | undefined, order: SQL[]): string | null {
  const row = orm
    .select({ id: conversations.conversationId })
    .from(conversations)
    .where(condition)
    .orderBy(...order)
    .limit(1)
    .get();
  return row?.id ?? null;
}
