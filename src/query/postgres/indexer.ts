import type { ConversationRow } from "../../model/conversation.ts";
import { readReprocessedText } from "../../model/reprocessed.ts";
import { errorCode } from "../../platform/errors.ts";
import { faultText } from "../../platform/faults.ts";
import type { Log } from "../../platform/log.ts";
import { tryLockSql } from "../../store/postgres/locks.ts";
import type { Pool, Query } from "../../store/postgres/pool.ts";
import type { Matcher } from "./matcher.ts";
import { selectBy } from "./sql.ts";
import { COLUMNS, withTexts } from "./texts.ts";
import type { WithSize } from "./texts.ts";
import { vectorOf } from "./words.ts";

/** Taken over in one transaction: so many events, and so much of payloads but at least one. */
const EVENTS_AT_ONCE_MAX = 128;
const BYTES_AT_ONCE_MAX = 16 * 1024 * 1024;
/** Sent in one statement. */
const CHARS_AT_ONCE_MAX = 4 * 1024 * 1024;
const STEP_MS_MAX = 30_000;
/** An instance that is frozen in the midst of it keeps the others from indexing for no longer. */
const SILENT_MS_MAX = 15_000;
/** After this long, a conversation is taken as it is. */
const FOLD_MS_MAX = 60_000;

/** While nothing arrives, the events are looked at this often. */
const IDLE_MS = 1_000;
/** In the background, indexing rests this many times as long as it has worked: longer while deliveries arrive. */
const REST_FACTOR = 1;
const REST_FACTOR_BUSY = 9;
const FAILED_MS = 30_000;
/** Another instance indexes: how often a search asks how far it is. */
const OTHER_MS = 25;

export type Indexer = ReturnType<typeof createIndexer>;

/** How far the index is, and how far the events are. */
type Progress = {
  eventId: number;
  reprocessedCount: number;
  lastEventId: number;
  /** The fact `reprocessed` of the table `state`. */
  reprocessed: string | null;
};

const PROGRESS = `
  SELECT event_id AS "eventId", reprocessed_count AS "reprocessedCount",
    coalesce((SELECT max(id) FROM events), 0) AS "lastEventId",
    (SELECT value FROM state WHERE name = 'reprocessed') AS reprocessed
  FROM conversation_search_state`;

// One statement, since others may be far away. What it sees may be from before another instance let go of the lock: then
// some events are taken over once more.
const BEGIN = `
  SELECT now.*, (${tryLockSql("searchIndexer")}) AS taken,
    set_config('idle_in_transaction_session_timeout', '${SILENT_MS_MAX}', true) AS silent
  FROM (${PROGRESS}) AS now`;

// A conversation of which an event came late is made again soon after: the index waits for that.
const eventsOf = (which: string) => `
  SELECT chosen.id AS "lastId", octet_length(payload.payload) AS "payloadBytes",
    c.row_id IS NOT NULL AND c.fold_order IS NULL AND chosen.received_at > extract(epoch FROM now()) * 1000 - ${FOLD_MS_MAX} AS "isUnfinished", ${COLUMNS}
  FROM (
      SELECT id, conversation_id, received_at FROM events WHERE ${which} ORDER BY id LIMIT ${EVENTS_AT_ONCE_MAX}
    ) AS chosen
    LEFT JOIN conversations AS c USING (conversation_id) LEFT JOIN events AS payload ON payload.id = c.event_id
  ORDER BY chosen.id`;
const NEW_EVENTS = eventsOf("id > ?::bigint");
const SOME_EVENTS = eventsOf("id IN (SELECT value::bigint FROM json_array_elements_text(?::json))");

/** An event, and the conversation that is there of it now. */
type EventWithConversation = WithId & { lastId: number; payloadBytes: number | null; isUnfinished: boolean };
type WithId = Omit<ConversationRow, "conversationId"> & { conversationId: string | null };

// What has not changed, as after its recording, is left alone. What has been erased meanwhile is not there any more, and what
// is being erased is left out: neither waits for the other.
const PUT = `
  INSERT INTO conversation_search (conversation_id, words)
  SELECT conversation_id, words::tsvector
  FROM json_to_recordset(?::json) AS given (id text, words text) JOIN conversations ON conversation_id = id
  FOR KEY SHARE OF conversations SKIP LOCKED
  ON CONFLICT (conversation_id) DO UPDATE SET words = excluded.words
  WHERE conversation_search.words IS DISTINCT FROM excluded.words`;

/**
 * Takes over into `conversation_search` what has arrived: after its commit, since words in it would make it many times as
 * slow, and one instance at a time.
 */
export function createIndexer({ pool, matcher, log }: { pool: Pool; matcher: Matcher; log: Log }) {
  let stepping: Promise<boolean> | null = null;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let isFollowing = false;
  let hasBegun = false;
  let hasFailed = false;
  let seenEventId = 0;

  async function progress(query: Query): Promise<Progress> {
    const [found] = await query<Progress>(PROGRESS);
    if (found === undefined) throw new Error("conversation_search_state has no row");
    return found;
  }

  async function put(query: Query, conversations: readonly WithSize[]): Promise<void> {
    const select = selectBy(query);
    let given: { id: string; words: string }[] = [];
    let chars = 0;
    const send = async () => {
      await select(PUT, [JSON.stringify(given)]);
      given = [];
      chars = 0;
    };
    for await (const { one, texts } of withTexts(select, conversations)) {
      const words = vectorOf(one.row, texts, matcher.wordsOf);
      given.push({ id: one.row.conversationId, words });
      chars += words.length;
      if (chars > CHARS_AT_ONCE_MAX) await send();
    }
    await send();
  }

  /** Takes over some events, all or none of them. Returns whether it could take over any. */
  const takeOver = (): Promise<boolean> =>
    pool.transaction(
      async (query) => {
        const [state] = await query<Progress & { taken: boolean }>(BEGIN);
        if (state?.taken !== true) return false;
        const { some, next } = reprocessedOf(state);
        const rows = await selectBy(query)<EventWithConversation>(
          some.length > 0 ? SOME_EVENTS : NEW_EVENTS,
          [some.length > 0 ? JSON.stringify(some) : next.eventId],
        );
        const ready = some.length > 0 ? rows : rows.slice(0, endOf(rows));
        await put(query, conversationsOf(ready));
        const eventId = some.length > 0 ? next.eventId : (ready.at(-1)?.lastId ?? next.eventId);
        await query(
          "UPDATE conversation_search_state SET event_id = $1::bigint, reprocessed_count = $2::bigint",
          [eventId, next.reprocessedCount],
        );
        return eventId !== state.eventId || next.reprocessedCount !== state.reprocessedCount;
      },
      { statementMs: STEP_MS_MAX, deadlineMs: STEP_MS_MAX },
    );

  /** All that wait in this instance share a step. */
  function step(): Promise<boolean> {
    stepping ??= takeOver().finally(() => (stepping = null));
    return stepping;
  }

  /** Returns milliseconds until the next time. */
  async function stepInBackground(): Promise<number> {
    try {
      const now = await progress(pool.query);
      const isArriving = now.lastEventId > seenEventId;
      seenEventId = now.lastEventId;
      hasFailed = false;
      if (!isBehind(now, now)) return IDLE_MS;
      if (now.eventId === 0 && !hasBegun) log.info("The search index is being made from the events");
      hasBegun = true;
      const startedMs = performance.now();
      if (!(await step())) return IDLE_MS;
      return (performance.now() - startedMs) * (isArriving ? REST_FACTOR_BUSY : REST_FACTOR);
    } catch (error) {
      // Said once: a search tries again, and reports it in the answer.
      if (!hasFailed && isFollowing)
        log.warning(`The search index can't be written: ${faultText(error)}`, { error: errorCode(error) });
      hasFailed = true;
      return FAILED_MS;
    }
  }

  async function goOn(): Promise<void> {
    const restMs = await stepInBackground();
    if (isFollowing) timer = setTimeout(() => void goOn(), restMs);
  }

  return {
    /** Begins to follow the events. */
    follow(): void {
      if (isFollowing) return;
      isFollowing = true;
      void goOn();
    },

    /**
     * Takes over everything that has arrived by now.
     *
     * @returns false if that takes longer than `msMax`
     */
    async catchUp(msMax: number): Promise<boolean> {
      const endMs = performance.now() + msMax;
      const target = await progress(pool.query);
      for (let now = target; isBehind(now, target); now = await progress(pool.query)) {
        if (performance.now() > endMs) return false;
        if (!(await step())) await Bun.sleep(OTHER_MS);
      }
      return true;
    },

    close(): void {
      isFollowing = false;
      clearTimeout(timer);
    },
  };
}

function isBehind(now: Progress, target: Progress): boolean {
  const seen = readReprocessedText(target.reprocessed).count;
  return now.eventId < target.lastEventId || now.reprocessedCount < seen;
}

/**
 * Some of the reprocessed events, and where the index is after them. They keep their ids: the index has passed them. If it is
 * not known any more which they were, all events are gone through once more.
 */
function reprocessedOf({ eventId, reprocessedCount, reprocessed }: Progress) {
  const { count, eventIds } = readReprocessedText(reprocessed);
  const unseenCount = count - reprocessedCount;
  if (unseenCount > eventIds.length) return { some: [], next: { eventId: 0, reprocessedCount: count } };
  const some = eventIds.slice(eventIds.length - unseenCount).slice(0, EVENTS_AT_ONCE_MAX);
  return { some, next: { eventId, reprocessedCount: reprocessedCount + some.length } };
}

/** How many of some new events can be taken over now. */
function endOf(rows: readonly EventWithConversation[]): number {
  let bytes = 0;
  const end = rows.findIndex(({ isUnfinished, payloadBytes }, index) => {
    bytes += payloadBytes ?? 0;
    return isUnfinished || (index > 0 && bytes > BYTES_AT_ONCE_MAX);
  });
  return end === -1 ? rows.length : end;
}

/** Each conversation once; of an event without one, or of one that is erased, there is none. */
function conversationsOf(rows: readonly EventWithConversation[]): WithSize[] {
  const byId = new Map<string, WithSize>();
  for (const { lastId: _id, isUnfinished: _is, payloadBytes, ...row } of rows) {
    const { conversationId } = row;
    if (conversationId !== null) byId.set(conversationId, { row: { ...row, conversationId }, payloadBytes });
  }
  return [...byId.values()];
}
