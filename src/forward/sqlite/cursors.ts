import type { Database } from "bun:sqlite";
import { REMOVED_MS_MAX } from "../port.ts";
import type { ForwardConfiguration, ForwardCursor, ForwardPosition, StopReason } from "../port.ts";

const SELECT = `SELECT name, data_id AS dataId, event_id AS eventId, reprocessed_count AS reprocessedCount, generation,
  stopped, succeeded_at AS succeededAtMs, failing_since AS failingSinceMs, removed_at AS removedAtMs FROM destinations`;

/** Of all destinations, also of those that were removed less than 30 days ago. */
export function readCursors(sqlite: Database): ForwardCursor[] {
  return sqlite.query<ForwardCursor, []>(`${SELECT} ORDER BY name`).all();
}

/** null for a destination that has none yet. */
export function readCursor(sqlite: Database, name: string): ForwardCursor | null {
  return sqlite.query<ForwardCursor, [string]>(`${SELECT} WHERE name = ?`).get(name);
}

/**
 * Takes up the configuration: a new destination begins at a position, one that is gone keeps its cursor for 30 days and is
 * told of nothing any more.
 */
export function configureCursors(sqlite: Database, { names, position, nowMs }: ForwardConfiguration): void {
  const insert = sqlite.query(
    "INSERT INTO destinations (name, data_id, event_id, reprocessed_count) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
  );
  const isRemoved = (name: string): boolean => !names.includes(name);
  sqlite
    .transaction(() => {
      const { dataId, eventId, reprocessedCount } = position;
      for (const name of names) {
        insert.run(name, dataId, eventId, reprocessedCount);
        sqlite.query("UPDATE destinations SET removed_at = NULL WHERE name = ?").run(name);
      }
      for (const { name, removedAtMs } of readCursors(sqlite).filter((cursor) => isRemoved(cursor.name))) {
        if (removedAtMs === null)
          sqlite.query("UPDATE destinations SET removed_at = ? WHERE name = ?").run(nowMs, name);
        else if (removedAtMs < nowMs - REMOVED_MS_MAX) forgetDestination(sqlite, name);
      }
    })
    .immediate();
}

function forgetDestination(sqlite: Database, name: string): void {
  sqlite.query("DELETE FROM destinations WHERE name = ?").run(name);
  sqlite.query("DELETE FROM parked WHERE destination = ?").run(name);
}

/** Stops a destination, with a reason. Nothing of it is lost: its cursor waits. @returns whether it was not stopped yet */
export function stopDestination(sqlite: Database, name: string, reason: StopReason): boolean {
  const stop = sqlite.query("UPDATE destinations SET stopped = ? WHERE name = ? AND stopped IS NULL");
  return stop.run(reason, name).changes > 0;
}

/**
 * Sends again everything after a position, whatever became of it, and goes on if the destination was stopped. Parked events
 * before the position stay, unless they are of another database.
 */
export function replayFrom(
  sqlite: Database,
  name: string,
  { dataId, eventId, reprocessedCount }: ForwardPosition,
): void {
  sqlite
    .transaction(() => {
      sqlite
        .query(
          `DELETE FROM parked WHERE destination = ?1 AND (event_id > ?2
             OR EXISTS (SELECT 1 FROM destinations WHERE name = ?1 AND data_id <> ?3))`,
        )
        .run(name, eventId, dataId);
      sqlite
        .query(
          `INSERT INTO destinations (name, data_id, event_id, reprocessed_count) VALUES (?, ?, ?, ?)
           ON CONFLICT DO UPDATE SET data_id = excluded.data_id, event_id = excluded.event_id,
             reprocessed_count = excluded.reprocessed_count, generation = generation + 1, stopped = NULL,
             failing_since = NULL`,
        )
        .run(name, dataId, eventId, reprocessedCount);
    })
    .immediate();
}

/** Goes on at the cursor, with the same data, after a stop. */
export function resumeDestination(sqlite: Database, name: string): void {
  sqlite
    .query(
      "UPDATE destinations SET stopped = NULL, failing_since = NULL, generation = generation + 1 WHERE name = ?",
    )
    .run(name);
}
