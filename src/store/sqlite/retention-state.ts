import { drizzle } from "drizzle-orm/bun-sqlite";
import { withDatabase } from "./erase-connection.ts";
import { createStateStore } from "./state.ts";
import type { StateName } from "./state.ts";

export type RetentionState = ReturnType<typeof createRetentionState>;

/** What retention remembers beyond one run. */
export function createRetentionState(databasePath: string) {
  return {
    get: (name: StateName): Promise<string | null> =>
      withDatabase(databasePath, (sqlite) => createStateStore(drizzle({ client: sqlite })).get(name)),

    /** It is on disk when this returns; its promise only tells of failures. */
    set: (name: StateName, value: string): Promise<void> =>
      withDatabase(databasePath, (sqlite) => createStateStore(drizzle({ client: sqlite })).set(name, value)),

    /** When the newest event was received, in unix milliseconds; null before the first. */
    newestReceivedAtMs: (): Promise<number | null> =>
      withDatabase(
        databasePath,
        (sqlite) =>
          sqlite
            .query<{ newestMs: number | null }, []>(
              "SELECT max(received_at) AS newestMs FROM events INDEXED BY events_received",
            )
            .get()?.newestMs ?? null,
      ),
  };
}
