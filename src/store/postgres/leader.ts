import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { errorCode } from "../../platform/errors.ts";
import { withinMs } from "../../platform/wait.ts";
import type { Pool } from "./pool.ts";

// Work that one instance does at a time: the one that holds its lease, a row that it renews. A lock of a session would not
// do: behind a pooler the session is not ours, and one that is frozen or cut off would hold it for ever.

export type LeaderRole = "forward" | "recover" | "recover_run" | "retention" | "orphans";

/** How long a lease is good for after it was taken or renewed. The next instance takes over at most this and a try later. */
const LEASE_MS = 15_000;
const RENEW_MS = 3_000;
const TRY_MS = 4_000;
/** Before the lease ends its holder ends the work, which may need a moment for it. */
const MARGIN_MS = 4_000;
/** How long one may wait for the row that another writes; who holds it longer is frozen, and its connection is ended. */
const ROW_MS_MAX = 2_000;

/** What the one instance knows of its lease. */
export type Leading = {
  /** Grows each time that the lease is taken. A write that is to be made by the holder alone asks for it: `isTermSql`. */
  term: number;
  /** Aborted when the lease is lost, before another instance can take it, and when the work is to end. */
  signal: AbortSignal;
};

/** Other times than the usual ones, for tests. */
export type LeaderWaits = { leaseMs: number; renewMs: number; tryMs: number; marginMs: number };

type Options = { pool: Pick<Pool, "query" | "transaction">; role: LeaderRole; waits?: LeaderWaits };

const usualWaits = { leaseMs: LEASE_MS, renewMs: RENEW_MS, tryMs: TRY_MS, marginMs: MARGIN_MS };

/** SQL that is true for the holder of a lease. @param term SQL of its term, such as `$7` */
export const isTermSql = (role: LeaderRole, term: string): string =>
  `(SELECT term FROM leases WHERE role = '${role}') = ${term}::bigint`;

/** By the server's clock alone: those of the instances may differ. */
const NOW = "(extract(epoch FROM clock_timestamp()) * 1000)::bigint";
const IS_HELD = `SELECT 1 FROM leases WHERE role = $1 AND expires_at > ${NOW}`;
const TAKE = `INSERT INTO leases AS held (role, holder, term, expires_at) VALUES ($1, $2, 1, ${NOW} + $3::bigint)
  ON CONFLICT (role) DO UPDATE SET holder = excluded.holder, term = held.term + 1, expires_at = excluded.expires_at
  WHERE held.expires_at <= ${NOW} RETURNING term`;
const RENEW = `UPDATE leases SET expires_at = ${NOW} + $3::bigint WHERE role = $1 AND holder = $2 RETURNING term`;
const GIVE_BACK = "UPDATE leases SET expires_at = 0, holder = '' WHERE role = $1 AND holder = $2";
const END_FROZEN = `SELECT pg_terminate_backend(pid) FROM pg_locks JOIN pg_stat_activity USING (pid)
  WHERE relation = 'leases'::regclass AND mode = 'RowExclusiveLock' AND granted AND pid <> pg_backend_pid()
    AND xact_start < clock_timestamp() - interval '${ROW_MS_MAX} milliseconds'`;

/**
 * Does a piece of work unless another instance is at it.
 *
 * @param options `signal` ends the work; `waitsForTurn`: until the other one has finished
 * @returns "busy" if another instance is at it, or if it was ended before its turn
 * @throws PostgresFault; what the work throws
 */
export async function leadOnce<T>(
  options: Options & { signal?: AbortSignal; waitsForTurn?: boolean },
  work: (leading: Leading) => Promise<T>,
): Promise<{ kind: "done"; value: T } | { kind: "busy" }> {
  const { signal, waitsForTurn = false, waits = usualWaits } = options;
  while (signal?.aborted !== true) {
    const held = await take(options);
    if (held !== null) return { kind: "done", value: await lead(options, held, work) };
    if (!waitsForTurn) break;
    await pause(waits.tryMs, signal);
  }
  return { kind: "busy" };
}

/**
 * Does a piece of work whenever this instance is the one for it, until it is stopped. Work that ends by itself is done again
 * after a while; so is one that threw, which is told.
 *
 * @param onFault is told why the lease could not be taken, or the work ended
 * @returns stops it, and resolves when the work has ended
 */
export function keepLeading(
  options: Options & { work: (leading: Leading) => Promise<void>; onFault: (error: unknown) => void },
): () => Promise<void> {
  const { work, onFault, waits = usualWaits } = options;
  const ending = new AbortController();
  const { signal } = ending;
  const running = run();
  return () => {
    ending.abort();
    return running;
  };

  async function run(): Promise<void> {
    while (!signal.aborted) {
      await leadOnce({ ...options, signal }, work).catch(onFault);
      await pause(waits.tryMs, signal);
    }
  }
}

type Held = { holder: string; term: number; sinceMs: number };

async function take({ pool, role, waits = usualWaits }: Options): Promise<Held | null> {
  if ((await pool.query(IS_HELD, [role])).length > 0) return null;
  const holder = randomUUID();
  // Before it is asked for: the server counts from later on.
  const sinceMs = performance.now();
  try {
    const [row] = await pool.transaction(
      (query) => query<{ term: number }>(TAKE, [role, holder, waits.leaseMs]),
      { lockMs: ROW_MS_MAX },
    );
    return row === undefined ? null : { holder, term: row.term, sinceMs };
  } catch (error) {
    if (errorCode(error) !== "55P03") throw error;
    await pool.query(END_FROZEN);
    return null;
  }
}

async function lead<T>(
  { pool, role, signal, waits = usualWaits }: Options & { signal?: AbortSignal },
  { holder, term, sinceMs }: Held,
  work: (leading: Leading) => Promise<T>,
): Promise<T> {
  const lost = new AbortController();
  const done = new AbortController();
  let timer = loseAfter(sinceMs);
  void keepRenewing();
  try {
    const given = signal === undefined ? lost.signal : AbortSignal.any([signal, lost.signal]);
    return await work({ term, signal: given });
  } finally {
    done.abort();
    clearTimeout(timer);
    // If it can't be given back in time, others wait for its end.
    await withinMs(pool.query(GIVE_BACK, [role, holder]), ROW_MS_MAX).catch(() => {});
  }

  /** Nothing is to be heard of the server by then: another instance may be about to take the lease. */
  function loseAfter(fromMs: number): ReturnType<typeof setTimeout> {
    return setTimeout(() => lost.abort(), fromMs + waits.leaseMs - waits.marginMs - performance.now());
  }

  async function keepRenewing(): Promise<void> {
    for (;;) {
      await pause(waits.renewMs, done.signal);
      if (done.signal.aborted || lost.signal.aborted) return;
      const beganMs = performance.now();
      // What fails, or hangs on a connection that was lost, is tried again, as long as the lease is good.
      const renewed = pool.query(RENEW, [role, holder, waits.leaseMs]);
      const late = pause(waits.renewMs / 2, done.signal).then(() => null);
      const rows = await Promise.race([renewed, late]).catch(() => null);
      if (done.signal.aborted) return;
      if (rows === null) continue;
      clearTimeout(timer);
      if (rows.length === 0) return lost.abort();
      timer = loseAfter(beganMs);
    }
  }
}

async function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  // It only rejects at the end, which the caller looks for.
  await sleep(ms, undefined, signal && { signal }).catch(() => {});
}
