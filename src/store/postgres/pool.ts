import { SQL } from "bun";
import { DeadlineError, PostgresFault } from "./fault.ts";

const DEADLINE_MS = 10_000;
const CONNECT_SECONDS = 5;

/** Of an array, the client asks for the type first: one round trip more. */
export type Value = string | number | boolean | null | Uint8Array | readonly string[] | readonly number[];

export type QueryOptions = {
  /** When an answer comes no more, as in a network that drops everything: the connections are given up then. */
  deadlineMs?: number;
};

/**
 * Runs a statement; without values, one or several. int8 comes as a number.
 *
 * @throws PostgresFault
 */
export type Query = <Row = Record<string, unknown>>(
  text: string,
  values?: readonly Value[],
  options?: QueryOptions,
) => Promise<Row[]>;

export type TransactionOptions = QueryOptions & {
  /** How long to wait for a lock; the fault is 55P03 then. */
  lockMs?: number;
  /** How long the server works on one statement. */
  statementMs?: number;
  isReadOnly?: boolean;
};

export type Pool = {
  query: Query;
  /** All or nothing. If the connection is lost while it commits, nobody knows which. */
  transaction: <T>(work: (query: Query) => Promise<T>, options?: TransactionOptions) => Promise<T>;
  /** Host and database, for messages. */
  where: string;
  close: () => Promise<void>;
};

/**
 * Connections to Postgres. Unnamed statements only and no setting that outlives a transaction, so that a pooler between may
 * change the connection after each; and every wait has an end, which the client by itself has not.
 */
export function openPool(options: { url: string; connectionsMax: number; deadlineMs?: number }): Pool {
  const { connectionsMax, deadlineMs: defaultDeadlineMs = DEADLINE_MS } = options;
  const { url, database, where } = addressOf(options.url);
  const connect = () =>
    new SQL(url, {
      ...(database === null ? {} : { database }),
      max: connectionsMax,
      prepare: false,
      bigint: true,
      connectionTimeout: CONNECT_SECONDS,
      connection: { application_name: "elevenlabs-webhook" },
    });
  let sql = connect();
  let isClosed = false;

  /** Ends everything that waits on connections which do not answer. */
  function giveUp(silent: SQL): void {
    if (sql === silent && !isClosed) sql = connect();
    void silent.close({ timeout: 0 }).catch(() => {});
  }

  async function within<T>(used: SQL, deadlineMs: number, work: Promise<T>): Promise<T> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        reject(new DeadlineError());
        giveUp(used);
      }, deadlineMs);
    });
    try {
      return await Promise.race([work, late]);
    } catch (error) {
      throw isOfPostgres(error) ? new PostgresFault(where, error) : error;
    } finally {
      clearTimeout(timer);
    }
  }

  const run = (on: Pick<SQL, "unsafe">, text: string, values: readonly Value[]): Promise<unknown[]> =>
    values.length === 0 ? on.unsafe(text).simple() : on.unsafe(text, [...values]);

  const queryOn =
    (used: SQL, on: Pick<SQL, "unsafe">): Query =>
    async <Row>(
      text: string,
      values: readonly Value[] = [],
      { deadlineMs = defaultDeadlineMs }: QueryOptions = {},
    ) => {
      const rows = await within(used, deadlineMs, run(on, text, values));
      return rows.map((row) => plain<Row>(row));
    };

  return {
    where,
    query: (...given) => queryOn(sql, sql)(...given),

    async transaction(
      work,
      { deadlineMs = defaultDeadlineMs, lockMs, statementMs, isReadOnly = false } = {},
    ) {
      const used = sql;
      // Time limits as start-up parameters are refused by poolers.
      const limits = [
        ["lock_timeout", lockMs],
        ["statement_timeout", statementMs],
        // One that is frozen or cut off between two statements must not hold up others for ever.
        ["idle_in_transaction_session_timeout", deadlineMs],
      ] as const;
      const settings = limits.flatMap(([name, ms]) =>
        ms === undefined ? [] : `SET LOCAL ${name} = ${Math.ceil(ms)};`,
      );
      const began = used.begin(isReadOnly ? "READ ONLY" : "READ WRITE", async (transaction) => {
        await run(transaction, settings.join(""), []);
        try {
          return await work(queryOn(used, transaction));
        } catch (error) {
          throw new WorkError(error);
        }
      });
      try {
        return await within(used, deadlineMs, began);
      } catch (error) {
        // What the work itself throws is not the database's.
        throw error instanceof WorkError ? error.cause : error;
      }
    },

    async close() {
      isClosed = true;
      await sql.close({ timeout: 1 }).catch(() => {});
    },
  };
}

class WorkError extends Error {
  constructor(override readonly cause: unknown) {
    super();
  }
}

function isOfPostgres(error: unknown): boolean {
  return (
    error instanceof SQL.SQLError ||
    error instanceof DeadlineError ||
    (error instanceof Error && "code" in error)
  );
}

/** Numbers in place of what the client gives for int8. */
function plain<Row>(row: unknown): Row {
  const columns = Object.entries(row as Record<string, unknown>);
  // The caller's statement says what a row is.
  return Object.fromEntries(
    columns.map(([name, value]) => [name, typeof value === "bigint" ? Number(value) : value]),
  ) as Row;
}

const LOOPBACK = /^(localhost|127\.[0-9.]+|\[::1\])$/;

/** The address for the client: TLS that verifies the server, except on this machine or if the address says otherwise. */
function addressOf(text: string): { url: string; database: string | null; where: string } {
  const url = new URL(text);
  const socket =
    url.searchParams.get("host") ?? url.searchParams.get("path") ?? url.searchParams.get("socket");
  const isHere = LOOPBACK.test(url.hostname) || (socket ?? "").startsWith("/");
  if (!url.searchParams.has("sslmode")) url.searchParams.set("sslmode", isHere ? "disable" : "verify-full");
  // The environment must not take the place of what the address names.
  const database = decodeURIComponent(url.pathname.slice(1)) || null;
  const host = socket ?? url.host;
  return {
    url: url.href,
    database,
    where: `Postgres at ${host}${database === null ? "" : `, database ${database}`}`,
  };
}
