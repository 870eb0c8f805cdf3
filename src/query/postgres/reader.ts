import type { Pool } from "../../store/postgres/pool.ts";
import { ANSWER_MS_MAX } from "../asking.ts";
import type { createMeter } from "../loudness/measure.ts";
import type { Indexer } from "./indexer.ts";
import type { Matcher } from "./matcher.ts";
import { selectBy } from "./sql.ts";
import type { Select } from "./sql.ts";

/** A second before the question's end, when all connections would be taken for dead. */
const STATEMENT_MS_MAX = ANSWER_MS_MAX - 1_000;

/** What answers are made from. */
export type PostgresReader = {
  /** Looks up what an index leads to; "?" stands for a value. */
  find: Select;
  /** Reads what may be a lot: the server stops when nobody waits for the answer any more. */
  scan: Select;
  /** The same, by indexes if there are any for it: Postgres underestimates what it takes to read the words of all calls. */
  search: Select;
  indexer: Indexer;
  matcher: Matcher;
  readQuery: (query: string) => string | null;
  meter: ReturnType<typeof createMeter>;
};

/** How a pool is asked. */
export function selectsOf({ query, transaction }: Pool): Pick<PostgresReader, "find" | "scan" | "search"> {
  const limits = { isReadOnly: true, statementMs: STATEMENT_MS_MAX };
  return {
    find: selectBy(query),
    scan: (text, values) => transaction((within) => selectBy(within)(text, values), limits),
    search: (text, values) =>
      transaction(async (within) => {
        await within("SET LOCAL enable_seqscan = off");
        return await selectBy(within)(text, values);
      }, limits),
  };
}
