import type { Database } from "bun:sqlite";

const DAY_MS = 86_400_000;
/** The cursor of a destination that is no longer configured is kept for so long. */
const REMOVED_MS_MAX = 30 * DAY_MS;

/** Why nothing more is sent to a destination until `forward replay` is used. */
export type StopReason =
  /** It has answered 410. */
  | "gone"
  /** Not one success for five days. */
  | "failing"
  /** The database was restored: its ids are others. */
  | "data_replaced"
  /** The cursor lies beyond the newest event. */
  | "ahead_of_data";

/** A place in the events of one database. */
export type ForwardPosition = {
  /** Of the database; another one has other ids. */
  dataId: string;
  /** The last event that was dealt with; 0 before the first. */
  eventId: number;
  /** How many events had been reprocessed by then: they keep their ids, so that a cursor has passed them. */
  reprocessedCount: number;
};

/** How far a destination has been sent. */
export type ForwardCursor = ForwardPosition & {
  name: string;
  /** Grows when the cursor is set by a command: what was under way then does not count. */
  generation: number;
  /** null: it goes on */
  stopped: StopReason | null;
  /** Unix ms; null before the first success. */
  succeededAtMs: number | null;
  /** Unix ms of the first failure since the last success; null without one. */
  failingSinceMs: number | null;
  /** Unix ms; null while it is configured. */
  removedAtMs: number | null;
};

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
export function configureCursors(
  sqlite: Database,
  configured: { names: readonly string[]; position: ForwardPosition; nowMs: number },
): void {
  const { names, position, nowMs } = configured;
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

/** Stops a destination, with a reason. Nothing of it is lost: its cursor waits. */
export function stopDestination(sqlite: Database, name: string, reason: StopReason): void {
  sqlite.query("UPDATE destinations SET stopped = ? WHERE name = ?").run(reason, name);
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
