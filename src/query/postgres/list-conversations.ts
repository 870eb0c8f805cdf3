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
import type { Condition } from "./sql.ts";
import { COLUMNS, withTexts } from "./texts.ts";
import { tsqueryOf } from "./tsquery.ts";
import { facetQueries } from "./words.ts";

/** A search waits this long for the index to have all that has arrived; a list, which can do without, hardly. */
const SEARCH_WAIT_MS_MAX = 5_000;
const LIST_WAIT_MS_MAX = 100;

/** What is asked of SQLite about each conversation that Postgres finds, and what Postgres is asked. */
type Search = { expression: string | null; tsquery: string | null };

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
  const hasIndex =
    terms.length > 0 &&
    (await reader.indexer.catchUp(words === null ? LIST_WAIT_MS_MAX : SEARCH_WAIT_MS_MAX));
  if (words !== null && !hasIndex) return { kind: "not-ready" };
  const search = { expression, tsquery: hasIndex ? terms.join(" & ") : null };
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

function candidates(
  reader: PostgresReader,
  { tsquery }: Search,
  filter: ConversationFilter,
  range: Condition[],
  countMax: number,
): Promise<Candidate[]> {
  const words: Condition = ["s.words @@ ?::tsquery", tsquery];
  const { text, values } = allOf([...range, ...conditionsOf(filter), words]);
  const select = `
    SELECT ${COLUMNS}, c.row_id AS "rowId", octet_length(events.payload) AS "payloadBytes"
    FROM conversations AS c LEFT JOIN events ON events.id = c.event_id
      ${tsquery === null ? "" : "JOIN conversation_search AS s ON s.conversation_id = c.conversation_id"}
    WHERE ${text} ORDER BY c.started_at DESC, c.row_id DESC LIMIT ?`;
  return reader.scan<Candidate>(select, [...values, countMax]);
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
    ["c.started_at >= ?::bigint", filter.since],
    ["c.started_at < ?::bigint", filter.until],
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
  for await (const some of withTexts(find, each)) {
    for (const { one, texts } of some) {
      const snippets = matcher.match(expression, texts);
      if (snippets !== null) matched.push({ row: { ...one.row, snippets }, position: one.position });
      // Each takes a fraction of a millisecond: deliveries are answered meanwhile.
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
  return matched;
}

function positionOf({ startedAt, rowId }: Pick<Candidate, "startedAt" | "rowId">): StartPosition {
  return { by: "start", startedAt, rowid: rowId };
}
