import { and, desc, gte, isNotNull, isNull, lt, sql } from "drizzle-orm";
import type { SQL } from "drizzle-orm";
import type { ConversationRow } from "../model/conversation.ts";
import { conversations } from "../store/sqlite/schema.ts";
import { facetExpression } from "./conversation-filter.ts";
import type { ConversationFilter } from "./conversation-filter.ts";
import { collect } from "./conversation-pages.ts";
import type {
  Chunk as ChunkOf,
  ConversationPage,
  ConversationPosition,
  ConversationQuery,
  FoundRow,
  IndexPosition,
  StartPosition,
} from "./conversation-pages.ts";
import type { Reader } from "./reader.ts";
import { firstIdOf } from "./search/documents.ts";
import { isBusy, isDamaged } from "./search/file.ts";
import type { Snippets } from "./search/text.ts";

/**
 * A search waits this long for the index to have all that has arrived, and others wait for it meanwhile; a list, which
 * can do without, hardly.
 */
const SEARCH_WAIT_MS_MAX = 5_000;
const LIST_WAIT_MS_MAX = 100;
/** Looked through at once: about 10 ms in which others wait. */
const WINDOW_ROWS = 10_000;

const rowid = sql<number>`${conversations}.rowid`;

type FoundConversation = FoundRow<ConversationRow>;
type Chunk = ChunkOf<ConversationRow>;

/** Conversations, newest first, that fit a filter and, if there is one, a query. */
export async function listConversations(reader: Reader, asked: ConversationQuery): Promise<ConversationPage> {
  try {
    return await findPage(reader, asked);
  } catch (error) {
    // The index has been thrown away, and is there again in a while; or another process works on it.
    if (isDamaged(error) || isBusy(error)) return { kind: "not-ready" };
    throw error;
  }
}

async function findPage(reader: Reader, asked: ConversationQuery): Promise<ConversationPage> {
  const { filter, query, after, rowsMax } = asked;
  const text = query === null ? null : reader.readQuery(query);
  if (query !== null && text === null) return { kind: "page", rows: [], next: null };
  const facets = facetExpression(filter);
  const expression = [text, facets].filter((part) => part !== null).join(" AND ");
  const needsIndex = query !== null || after?.by === "index";
  // A cursor that somebody has made up.
  if (needsIndex && expression === "") return { kind: "page", rows: [], next: null };

  const wantsIndex = needsIndex || (facets !== null && after === null);
  const hasIndex = wantsIndex && (await isReady(reader, needsIndex));
  if (needsIndex && !hasIndex) return { kind: "not-ready" };
  const next = (from: ConversationPosition | null, countMax: number) =>
    hasIndex
      ? nextByIndex(reader, expression, filter, from?.by === "index" ? from : null, countMax)
      : nextByStart(reader, filter, from?.by === "start" ? from : null, countMax);
  const page = await collect(next, filter, after, rowsMax);
  const snippets = text === null ? null : findSnippets(reader, expression, page.found);
  const rows = page.found.map(({ row, position }) => ({
    ...row,
    snippets: position.by === "index" ? (snippets?.get(position.id) ?? null) : null,
  }));
  return { kind: "page", rows, next: page.next };
}

async function isReady({ index }: Reader, isNeeded: boolean): Promise<boolean> {
  try {
    return await index.catchUp(isNeeded ? SEARCH_WAIT_MS_MAX : LIST_WAIT_MS_MAX);
  } catch (error) {
    if (isNeeded) throw error;
    return false;
  }
}

function findSnippets(
  { index }: Reader,
  expression: string,
  found: FoundConversation[],
): Map<number, Snippets> {
  const ids = found.flatMap(({ position }) => (position.by === "index" ? position.id : []));
  return index.read((documents) => documents.snippets(expression, ids));
}

/** All conversations of a range of time, after a place. */
function nextByStart(
  reader: Reader,
  filter: ConversationFilter,
  after: StartPosition | null,
  countMax: number,
): Chunk {
  const { since, until } = filter;
  const isBeyondStarts = after !== null && after.startedAt === null;
  const withStart: Chunk = isBeyondStarts
    ? { found: [], last: null }
    : lookAt(
        reader,
        filter,
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
  if (withStart.last !== null || since !== null || until !== null) return withStart;
  const withoutStart = lookAt(
    reader,
    filter,
    and(isNull(conversations.startedAt), isBeyondStarts ? lt(rowid, after.rowid) : undefined),
    countMax - withStart.found.length,
  );
  return { found: [...withStart.found, ...withoutStart.found], last: withoutStart.last };
}

/**
 * The newest conversations of a range. What the search index does not know, whether there is a recording, SQLite looks at
 * itself, through a window of rows: a million are looked through in about a second.
 */
function lookAt(
  { orm }: Reader,
  filter: ConversationFilter,
  range: SQL | undefined,
  countMax: number,
): Chunk {
  const { startedAt } = conversations;
  const order = [desc(startedAt), desc(rowid)];
  const wanted = recordingCondition(filter);
  const end =
    wanted === undefined
      ? undefined
      : orm
          .select({ startedAt, rowid })
          .from(conversations)
          .where(range)
          .orderBy(...order)
          .limit(1)
          .offset(WINDOW_ROWS - 1)
          .get();
  const found = orm
    .select({ row: conversations, rowid })
    .from(conversations)
    .where(and(range, wanted, end && notBefore(end)))
    .orderBy(...order)
    .limit(countMax)
    .all()
    .map((one): FoundConversation & { position: StartPosition } => ({
      row: one.row,
      position: { by: "start", startedAt: one.row.startedAt, rowid: one.rowid },
    }));
  if (found.length === countMax) return { found, last: found.at(-1)?.position ?? null };
  return { found, last: end === undefined ? null : { by: "start", ...end } };
}

/** What a filter says of the recording, as a condition; undefined if nothing. */
function recordingCondition({ hasRecording, isRecordingMissing }: ConversationFilter): SQL | undefined {
  const { audioPath, hasAudio } = conversations;
  const isMissing = sql`(${hasAudio} IS 1 AND ${audioPath} IS NULL)`;
  return and(
    hasRecording === null ? undefined : sql`(${audioPath} IS NOT NULL) = ${Number(hasRecording)}`,
    isRecordingMissing === null ? undefined : sql`${isMissing} = ${Number(isRecordingMissing)}`,
  );
}

/** The start alone too: SQLite ends at it, rather than at the end of the table. */
function notBefore({ startedAt, rowid: row }: { startedAt: number | null; rowid: number }): SQL | undefined {
  if (startedAt === null) return gte(rowid, row);
  const isFrom = sql`(${conversations.startedAt}, ${rowid}) >= (${startedAt}, ${row})`;
  return and(gte(conversations.startedAt, startedAt), isFrom);
}

/** The conversations that match an expression of the search index, after a place. */
function nextByIndex(
  { orm, index }: Reader,
  expression: string,
  filter: ConversationFilter,
  after: IndexPosition | null,
  countMax: number,
): Chunk {
  const { since, until } = filter;
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
    .where(
      and(
        sql`${conversations.conversationId} IN (SELECT value FROM json_each(${ids}))`,
        recordingCondition(filter),
      ),
    )
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
