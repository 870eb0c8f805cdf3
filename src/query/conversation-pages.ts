import type { ConversationRow } from "../model/conversation.ts";
import { fits } from "./conversation-filter.ts";
import type { ConversationFilter } from "./conversation-filter.ts";
import type { Snippets } from "./search/text.ts";

/** If few of those looked at are wanted, a page ends before it is full: others want answers too. */
const LOOKED_AT_MAX = 20_000;
/** And with some rows earlier: who asks sees them, and can go on. */
const LOOKED_AT_WITH_ROWS_MAX = 2_500;
const CHUNK_ROWS = 500;

/** A place in the order of the table: by start, newest first, then by arrival. Those without a start come last. */
export type StartPosition = { by: "start"; startedAt: number | null; rowid: number };
/** A place in the order of the search index: by start as well, but it has its own way with ties. */
export type IndexPosition = { by: "index"; id: number };
export type ConversationPosition = StartPosition | IndexPosition;

/** A conversation that may be one of those wanted, and its place. */
export type FoundRow<Row> = { row: Row; position: ConversationPosition };

/** Some conversations in order, and the place of the last one that was looked at: null at the end. */
export type Chunk<Row> = { found: FoundRow<Row>[]; last: ConversationPosition | null };

export type ListedConversation = ConversationRow & { snippets: Snippets | null };

export type ConversationPage =
  | {
      kind: "page";
      rows: ListedConversation[];
      /** Where the next page begins; null at the end. */
      next: ConversationPosition | null;
    }
  /** The index does not have everything yet, so a search could miss something. */
  | { kind: "not-ready" };

export type ConversationQuery = {
  filter: ConversationFilter;
  /** In words, as a person writes it; null if no text is searched. */
  query: string | null;
  after: ConversationPosition | null;
  rowsMax: number;
};

/** Looks at one conversation after the other until a page is full. */
export async function collect<Row extends ConversationRow>(
  next: (after: ConversationPosition | null, countMax: number) => Chunk<Row> | Promise<Chunk<Row>>,
  filter: ConversationFilter,
  after: ConversationPosition | null,
  rowsMax: number,
): Promise<{ found: FoundRow<Row>[]; next: ConversationPosition | null }> {
  const found: FoundRow<Row>[] = [];
  let last = after;
  // One more than a page: it tells whether there is another.
  let chunkRows = rowsMax + 1;
  for (let lookedAt = 0; lookedAt < LOOKED_AT_MAX; lookedAt += chunkRows) {
    chunkRows = lookedAt === 0 ? rowsMax + 1 : CHUNK_ROWS;
    const chunk = await next(last, chunkRows);
    found.push(...chunk.found.filter(({ row }) => fits(row, filter)));
    if (found.length > rowsMax) {
      const page = found.slice(0, rowsMax);
      return { found: page, next: page.at(-1)?.position ?? null };
    }
    if (chunk.last === null) return { found, next: null };
    last = chunk.last;
    if (found.length > 0 && lookedAt >= LOOKED_AT_WITH_ROWS_MAX) break;
    await new Promise((resolve) => setImmediate(resolve));
  }
  return { found, next: last };
}
