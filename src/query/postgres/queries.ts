import { errorCode } from "../../platform/errors.ts";
import type { Log } from "../../platform/log.ts";
import { readLineage } from "../../store/postgres/data-id.ts";
import { PostgresFault } from "../../store/postgres/fault.ts";
import { openPool } from "../../store/postgres/pool.ts";
import type { Blobs } from "../../store/port.ts";
import { ANSWER_MS_MAX, QueriesBusyError, QueryError, WAITING_MAX } from "../asking.ts";
import { createMeter } from "../loudness/measure.ts";
import type { Answer, Argument, Queries, QuestionName } from "../port.ts";
import { createQueryReader } from "../search/query.ts";
import {
  exportConversations,
  findRecording,
  listAgents,
  readConversation,
  readDetails,
} from "./conversations.ts";
import {
  findEvent,
  findPayload,
  followEvents,
  groupQuarantined,
  listCallFailures,
  listEvents,
  readPayload,
} from "./events.ts";
import { createIndexer } from "./indexer.ts";
import { listConversations } from "./list-conversations.ts";
import { createMatcher } from "./matcher.ts";
import { selectsOf } from "./reader.ts";
import type { PostgresReader } from "./reader.ts";
import { countByDay, readFigures } from "./stats.ts";

/** Of the pool that questions are asked by: deliveries have their own. */
const CONNECTIONS_MAX = 4;

const operations: {
  [Name in QuestionName]: (reader: PostgresReader, argument: Argument<Name>) => Promise<Answer<Name>>;
} = {
  listCallFailures,
  listEvents,
  followEvents,
  readLineage: ({ find }) => readLineage(find),
  findEvent,
  findPayload,
  readPayload,
  countByDay,
  exportConversations,
  readFigures,
  listConversations,
  readConversation,
  readDetails,
  listAgents,
  groupQuarantined,
  findRecording,
  measureLoudness: ({ meter }, recording) => meter.measure(recording),
  // What is searched goes with the row of the conversation.
  eraseConversations: () => Promise.resolve(),
  cleanIndex: () => Promise.resolve(null),
};

/** SQLSTATE of a statement that took too long, and the client's word for the same. */
const TOO_LONG = new Set(["57014", "DEADLINE"]);

/** While the server restarts, or another takes its place, a question is asked again. */
const AWAY_MS_MAX = 5_000;
const AGAIN_MS = 50;

function isAway(error: unknown): boolean {
  return error instanceof PostgresFault && error.kind === "connection" && !TOO_LONG.has(error.code);
}

/** Reads what has been stored in Postgres, by connections of its own. */
export function createPostgresQueries(options: {
  databaseUrl: string;
  recordings: Pick<Blobs, "open">;
  log: Log;
}): Queries {
  const { databaseUrl, recordings, log } = options;
  const pool = openPool({
    url: databaseUrl,
    connectionsMax: CONNECTIONS_MAX,
    deadlineMs: ANSWER_MS_MAX,
  });
  const matcher = createMatcher();
  const indexer = createIndexer({ pool, matcher, log });
  const reader: PostgresReader = {
    ...selectsOf(pool),
    matcher,
    indexer,
    readQuery: createQueryReader(),
    meter: createMeter(recordings),
  };
  let isClosed = false;
  const waiting = new Set<(why: Error) => void>();

  async function answer<Name extends QuestionName>(
    name: Name,
    argument: Argument<Name>,
  ): Promise<Answer<Name>> {
    const endMs = performance.now() + AWAY_MS_MAX;
    for (;;) {
      try {
        return await operations[name](reader, argument);
      } catch (error) {
        if (!isAway(error) || isClosed || performance.now() > endMs) throw error;
        await Bun.sleep(AGAIN_MS);
      }
    }
  }

  return {
    async ask<Name extends QuestionName>(name: Name, argument: Argument<Name>): Promise<Answer<Name>> {
      if (waiting.size >= WAITING_MAX) throw new QueriesBusyError("too many questions");
      indexer.follow();
      const { promise: ended, reject: end } = Promise.withResolvers<never>();
      waiting.add(end);
      const late = setTimeout(() => end(new QueriesBusyError(`${name} took too long`)), ANSWER_MS_MAX);
      try {
        return await Promise.race([answer(name, argument), ended]);
      } catch (error) {
        if (error instanceof QueriesBusyError) throw error;
        const code = errorCode(error);
        if (TOO_LONG.has(code)) throw new QueriesBusyError(`${name} took too long`, { cause: error });
        throw new QueryError(name, code);
      } finally {
        clearTimeout(late);
        waiting.delete(end);
      }
    },

    warmUp: indexer.follow,

    close(): void {
      isClosed = true;
      indexer.close();
      for (const end of waiting) end(new QueriesBusyError("shutting down"));
      void pool.close();
    },
  };
}
