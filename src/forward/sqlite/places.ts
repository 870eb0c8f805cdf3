import { readLineage } from "../../store/sqlite/data-id.ts";
import { openSqlite } from "../../store/sqlite/open.ts";
import { readReprocessed } from "../../store/sqlite/state.ts";

/** Reads from a database, which it does not change, what a cursor can be set by. */
export function openPlaces(databasePath: string) {
  const sqlite = openSqlite(databasePath, "inspector");
  return {
    lineage: () => readLineage(sqlite),
    reprocessedCount: () => readReprocessed(sqlite).count,

    eventIdBefore(receivedAtMs: number): number {
      const row = sqlite
        .query<{ id: number | null }, [number]>(
          "SELECT min(id) AS id FROM events INDEXED BY events_received WHERE received_at >= ?",
        )
        .get(receivedAtMs);
      const id = row?.id ?? null;
      return id === null ? readLineage(sqlite).lastEventId : id - 1;
    },

    countAfter: (eventId: number): number =>
      sqlite.query<{ n: number }, [number]>("SELECT count(*) AS n FROM events WHERE id > ?").get(eventId)
        ?.n ?? 0,

    close: () => sqlite.close(),
  };
}
