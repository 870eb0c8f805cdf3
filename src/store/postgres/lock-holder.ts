import { PostgresFault } from "./fault.ts";
import { LOCK_CLASS, lockSql, locks } from "./locks.ts";
import type { Pool, Query, TransactionOptions } from "./pool.ts";
import { LOCK_WAIT_MS } from "./rows.ts";

const WAITS_MAX = 12;

/** Whether a lock was not free in time. */
export const isBusy = (error: unknown): boolean => error instanceof PostgresFault && error.code === "55P03";

/**
 * Looks at who holds the lock of writes, after a wait for it: a frozen holder stops every instance, and frozen in the middle of
 * a message no time limit of the server ends it. The one that has held it since the last look is ended.
 *
 * @param seen what the last look has returned; null before the first
 */
export async function watchHolder({ query }: Pool, seen: string | null): Promise<string | null> {
  const [holder] = await query<{ pid: number; since: string }>(
    `SELECT pid, coalesce(xact_start, backend_start)::text AS since FROM pg_locks JOIN pg_stat_activity USING (pid)
     WHERE locktype = 'advisory' AND granted AND classid = ${LOCK_CLASS} AND objid = ${locks.writes} AND objsubid = 2
       AND pg_locks.database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
  );
  if (holder === undefined) return null;
  const now = `${holder.pid} ${holder.since}`;
  if (now === seen) await query("SELECT pg_terminate_backend($1::int)", [holder.pid]);
  return now;
}

/** Does something in a transaction that has the lock of writes. It has to be short: others wait. @throws PostgresFault */
export async function inWriteLock<T>(
  pool: Pool,
  work: (query: Query) => Promise<T>,
  options: TransactionOptions = {},
): Promise<T> {
  let seen: string | null = null;
  for (let waits = 1; ; waits += 1) {
    try {
      return await pool.transaction(
        async (query) => {
          await query(lockSql("writes"));
          return await work(query);
        },
        { lockMs: LOCK_WAIT_MS, ...options },
      );
    } catch (error) {
      if (!isBusy(error) || waits === WAITS_MAX) throw error;
      seen = await watchHolder(pool, seen);
    }
  }
}
