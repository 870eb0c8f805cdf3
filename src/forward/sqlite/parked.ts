import type { Database } from "bun:sqlite";
import type { Parked, ParkedCounts, Progress } from "../port.ts";

/** @returns false if the cursor was set by a command meanwhile: then nothing is written */
export function commitProgress(sqlite: Database, name: string, progress: Progress, nowMs: number): boolean {
  const { failed, done } = progress;
  const park = sqlite.query(PARK);
  const remove = sqlite.query("DELETE FROM parked WHERE destination = ? AND event_id = ?");
  return sqlite
    .transaction(() => {
      if (!moveCursor(sqlite, name, progress)) return false;
      for (const { eventId, attempts, dueAtMs, problem } of failed)
        park.run(name, eventId, attempts, dueAtMs, problem, nowMs);
      for (const eventId of done) remove.run(name, eventId);
      return true;
    })
    .immediate();
}

const PARK = `INSERT INTO parked (destination, event_id, attempts, due_at, problem, parked_at) VALUES (?, ?, ?, ?, ?, ?)
  ON CONFLICT DO UPDATE SET attempts = excluded.attempts, due_at = excluded.due_at, problem = excluded.problem`;

const MOVE = `UPDATE destinations SET event_id = coalesce($eventId, event_id),
    reprocessed_count = coalesce($reprocessedCount, reprocessed_count),
    succeeded_at = coalesce($succeededAtMs, succeeded_at),
    failing_since = iif($succeededAtMs IS NULL, coalesce(failing_since, $failedAtMs), $failedAtMs)
  WHERE name = $name AND generation = $generation`;

function moveCursor(sqlite: Database, name: string, progress: Progress): boolean {
  const { generation, position, succeededAtMs, failedAtMs } = progress;
  const { changes } = sqlite.query(MOVE).run({
    name,
    generation,
    eventId: position?.eventId ?? null,
    reprocessedCount: position?.reprocessedCount ?? null,
    succeededAtMs,
    failedAtMs,
  });
  return changes > 0;
}

/** Parked events whose time has come, those that have waited longest first. */
export function dueEvents(sqlite: Database, name: string, nowMs: number, rowsMax: number): Parked[] {
  return sqlite
    .query<Parked, [string, number, number]>(
      `SELECT event_id AS eventId, attempts, due_at AS dueAtMs, problem FROM parked
       WHERE destination = ? AND due_at <= ? ORDER BY due_at LIMIT ?`,
    )
    .all(name, nowMs, rowsMax);
}

export function countParked(sqlite: Database, name: string): ParkedCounts {
  const row = sqlite
    .query<ParkedCounts, [string]>(
      "SELECT count(due_at) AS waiting, count(*) - count(due_at) AS dead FROM parked WHERE destination = ?",
    )
    .get(name);
  return row ?? { waiting: 0, dead: 0 };
}

/** Has the dead events of a destination sent again, with all repeats. @returns how many */
export function reviveDead(sqlite: Database, name: string, nowMs: number): number {
  return sqlite
    .query("UPDATE parked SET attempts = 0, due_at = ? WHERE destination = ? AND due_at IS NULL")
    .run(nowMs, name).changes;
}

const DEAD_ROWS_MAX = 1000;

/** Forgets the dead events of a destination that are gone by now: they are nothing that could be replayed. */
export function forgetGone(sqlite: Database, name: string, isThere: (eventId: number) => boolean): void {
  let after = 0;
  for (let dead = deadEvents(sqlite, name, after); dead.length > 0; dead = deadEvents(sqlite, name, after)) {
    after = dead.at(-1) ?? after;
    const gone = dead.filter((id) => !isThere(id));
    forgetParked(sqlite, name, gone);
  }
}

/** Ids of some dead events after one, in their order. */
function deadEvents(sqlite: Database, name: string, afterId: number): number[] {
  return sqlite
    .query<{ id: number }, [string, number, number]>(
      `SELECT event_id AS id FROM parked WHERE destination = ? AND due_at IS NULL AND event_id > ?
       ORDER BY event_id LIMIT ?`,
    )
    .all(name, afterId, DEAD_ROWS_MAX)
    .map(({ id }) => id);
}

function forgetParked(sqlite: Database, name: string, eventIds: readonly number[]): void {
  if (eventIds.length === 0) return;
  sqlite
    .query("DELETE FROM parked WHERE destination = ? AND event_id IN (SELECT value FROM json_each(?))")
    .run(name, JSON.stringify(eventIds));
}
