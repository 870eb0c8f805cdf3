import { drizzle } from "drizzle-orm/bun-sqlite";
import type { RetentionState } from "../port.ts";
import { withDatabase } from "./open.ts";
import { createStateStore } from "./state.ts";

/** What retention remembers beyond one run. */
export function createRetentionState(databasePath: string): RetentionState {
  return {
    get: (name) =>
      withDatabase(databasePath, (sqlite) => createStateStore(drizzle({ client: sqlite })).get(name)),

    /** It is on disk when this returns; its promise only tells of failures. */
    set: (name, value) =>
      withDatabase(databasePath, (sqlite) => createStateStore(drizzle({ client: sqlite })).set(name, value)),

    newestReceivedAtMs: (untilMs) =>
      withDatabase(
        databasePath,
        (sqlite) =>
          sqlite
            .query<{ newestMs: number | null }, [number]>(
              "SELECT max(received_at) AS newestMs FROM events INDEXED BY events_received WHERE received_at <= ?",
            )
            .get(untilMs)?.newestMs ?? null,
      ),
  };
}
