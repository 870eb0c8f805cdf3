import type { ConversationRow } from "../../model/conversation.ts";
import type { Value } from "../../store/postgres/pool.ts";
import type { ConversationFilter } from "../conversation-filter.ts";
import { collect } from "../conversation-pages.ts";
import type {
  Chunk,
  ConversationPage,
  ConversationQuery,
  ListedConversation,
  StartPosition,
} from "../conversation-pages.ts";
import type { PostgresReader } from "./reader.ts";
import { allOf } from "./sql.ts";
import type { Condition, Conditions } from "./sql.ts";
import { COLUMNS, withTexts } from "./texts.ts";
import { tsqueryOf } from "./tsquery.ts";
import { facetQueries } from "./words.ts";

/** A search waits this long for the index to have all that has arrived; a list, which can do without, hardly. */
const SEARCH_WAIT_MS_MAX = 5_000;
const LIST_WAIT_MS_MAX = 100;

/** The newest of a range are looked at one by one before an index gathers all that match, which may be nearly all. */
const WINDOW_ROWS = 2_000;

type Search = {
  /** What SQLite is asked about each conversation that Postgres finds; null if no text is searched. */
  expression: string | null;
  /** What Postgres is asked, of texts and filters; null if of neither. */
  tsquery: string | null;
  /** Whether the index has all that has arrived. */
  isReady: () => Promise<boolean>;
};

type Candidate = ConversationRow & { rowId: number; payloadBytes: number | null };

/** Conversations, newest first, that fit a filter and, if there is one, a query. */
export async function listConversations(
  reader: PostgresReader,
  asked: ConversationQuery,
): Promise<ConversationPage> {
  const { filter, query, after, rowsMax } = asked;
  const nothing: ConversationPage = { kind: "page", rows: [], next: null };
  // A cursor that somebody has made up.
  if (after?.by === "index") return nothing;
  const expression = query === null ? null : reader.readQuery(query);
  const words = expression === null ? null : tsqueryOf(expression, reader.matcher.wordsOf);
  if (query !== null && words === null) return nothing;

  const terms = [words ?? [], ...facetQueries(filter)].flat();
  let ready: Promise<boolean> | null = null;
  const waitMs = words === null ? LIST_WAIT_MS_MAX : SEARCH_WAIT_MS_MAX;
  const search: Search = {
    expression,
    tsquery: terms.length === 0 ? null : terms.join(" & "),
    isReady: () => (ready ??= reader.indexer.catchUp(waitMs)),
  };
  if (words !== null && !(await search.isReady())) return { kind: "not-ready" };
  const page = await collect<ListedConversation>(
    (from, countMax) => nextOf(reader, search, filter, from?.by === "start" ? from : null, countMax),
    filter,
    after,
    rowsMax,
  );
  return { kind: "page", rows: page.found.map(({ row }) => row), next: page.next };
}

/** Some conversations after a place: those with a start, then those without. */
async function nextOf(
  reader: PostgresReader,
  search: Search,
  filter: ConversationFilter,
  after: StartPosition | null,
  countMax: number,
): Promise<Chunk<ListedConversation>> {
  const { since, until } = filter;
  const found: Candidate[] = [];
  if (after === null || after.startedAt !== null) {
    const position: Condition = [
      "(c.started_at, c.row_id) < (?::bigint, ?::bigint)",
      after?.startedAt ?? null,
      after?.rowid ?? null,
    ];
    found.push(
      ...(await candidates(reader, search, filter, [["c.started_at IS NOT NULL"], position], countMax)),
    );
  }
  if (found.length < countMax && since === null && until === null) {
    const rowId = after !== null && after.startedAt === null ? after.rowid : null;
    const position: Condition[] = [["c.started_at IS NULL"], ["c.row_id < ?::bigint", rowId]];
    found.push(...(await candidates(reader, search, filter, position, countMax - found.length)));
  }
  const last = found.length < countMax ? undefined : found.at(-1);
  return { found: await matching(reader, search, found), last: last === undefined ? null : positionOf(last) };
}

const SELECT = `SELECT ${COLUMNS}, c.row_id AS "rowId", octet_length(events.payload) AS "payloadBytes"`;
const WITH_EVENTS = "LEFT JOIN events ON events.id = c.event_id";
const NEWEST = "ORDER BY c.started_at DESC, c.row_id DESC LIMIT ?";
const WITH_WORDS = "JOIN conversation_search USING (conversation_id)";
/** First, and by itself: otherwise Postgres may look for words in one conversation after the other. */
const MATCHING = `
  WITH matching AS MATERIALIZED (SELECT conversation_id FROM conversation_search WHERE words @@ ?::tsquery)`;

async function candidates(
  reader: PostgresReader,
  search: Search,
  filter: ConversationFilter,
  after: Condition[],
  countMax: number,
): Promise<Candidate[]> {
  const { tsquery } = search;
  const range = allOf([
    ...after,
    ["c.started_at >= ?::bigint", filter.since],
    ["c.started_at < ?::bigint", filter.until],
  ]);
  if (tsquery !== null) {
    const newest = await inWindow(reader, search, filter, range, countMax);
    if (newest.length === countMax) return newest;
  }
  const wanted = allOf(conditionsOf(filter));
  const rest = `${WITH_EVENTS} WHERE ${range.text} AND ${wanted.text} ${NEWEST}`;
  const values = [...range.values, ...wanted.values, countMax];
  if (tsquery === null || !(await search.isReady()))
    return reader.search<Candidate>(`${SELECT} FROM conversations AS c ${rest}`, values);
  const found = "FROM matching JOIN conversations AS c USING (conversation_id)";
  return reader.search<Candidate>(`${MATCHING} ${SELECT} ${found} ${rest}`, [tsquery, ...values]);
}

/** Those among the newest of a range. What a filter asks is asked of their rows: only texts need the index. */
function inWindow(
  reader: PostgresReader,
  { expression, tsquery }: Search,
  filter: ConversationFilter,
  range: Conditions,
  countMax: number,
): Promise<Candidate[]> {
  const hasText = expression !== null;
  const wanted = allOf([...conditionsOf(filter), ["words @@ ?::tsquery", hasText ? tsquery : null]]);
  return reader.search<Candidate>(
    `${SELECT} FROM (SELECT * FROM conversations AS c WHERE ${range.text} ${NEWEST}) AS c
     ${hasText ? WITH_WORDS : ""} ${WITH_EVENTS} WHERE ${wanted.text} ${NEWEST}`,
    [...range.values, WINDOW_ROWS, ...wanted.values, countMax],
  );
}

/** The conversations that are wanted, in SQL: see `fits`. */
function conditionsOf(filter: ConversationFilter): Condition[] {
  const { voicemail } = filter;
  const equal = (column: string, value: Value): Condition => [`c.${column} = ?`, value];
  return [
    equal("agent_id", filter.agentId),
    equal("status", filter.status),
    equal("call_successful", filter.callSuccessful),
    equal("direction", filter.direction),
    equal("user_id", filter.userId),
    ["? IN (c.external_number, c.agent_number)", filter.number],
    ["(c.audio_path IS NOT NULL) = ?::boolean", filter.hasRecording],
    ["((c.has_audio = 1 AND c.audio_path IS NULL) IS TRUE) = ?::boolean", filter.isRecordingMissing],
    ["c.voicemail = ?::int", voicemail === null ? null : Number(voicemail)],
    ["c.duration_secs >= ?::bigint", filter.durationSecsMin],
    ["c.duration_secs <= ?::bigint", filter.durationSecsMax],
  ];
}

/** Those that the query matches, with what it finds in them. */
async function matching(
  { find, matcher }: PostgresReader,
  { expression }: Search,
  found: readonly Candidate[],
): Promise<Chunk<ListedConversation>["found"]> {
  const each = found.map(({ rowId, payloadBytes, ...row }) => ({
    row,
    payloadBytes,
    position: positionOf({ startedAt: row.startedAt, rowId }),
  }));
  if (expression === null)
    return each.map(({ row, position }) => ({ row: { ...row, snippets: null }, position }));
  const matched: Chunk<ListedConversation>["found"] = [];
  for await (const { one, texts } of withTexts(find, each)) {
    const snippets = matcher.match(expression, texts);
    if (snippets !== null) matched.push({ row: { ...one.row, snippets }, position: one.position });
  }
  return matched;
}

function positionOf({ startedAt, rowId }: Pick<Candidate, "startedAt" | "rowId">): StartPosition {
  return { by: "start", startedAt, rowid: rowId };
}
