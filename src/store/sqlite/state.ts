import type { Database } from "bun:sqlite";
import { eq, sql } from "drizzle-orm";
import type { RetentionFact } from "../port.ts";
import type { Orm } from "./database.ts";
import { state } from "./schema.ts";

/** What the receiver remembers beyond one run. Every name that is used stands here. */
export type StateName =
  | RetentionFact
  /** The id of this database, which the folder of its recordings is marked with: see recordings-owner.ts. */
  | "recordings_owner"
  /** Quarantined events that have become processed ones: see reprocessed.ts. */
  | "reprocessed"
  /** When recordings were kept for the first time, in Unix ms: see kept-recordings.ts. */
  | "recordings_kept_since"
  /** How far rows of earlier versions have been looked through: see turns-payloads.ts. */
  | "turns_payloads"
  /** There while traces of deleted rows are in the database's file: see scrub.ts. */
  | "traces_left";

export type StateStore = ReturnType<typeof createStateStore>;

/** The owner's id in a database of any schema that is open for reading only; null if there is none. */
export function readRecordingsOwner(sqlite: Database): string | null {
  const hasTable = sqlite.query("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'state'").get();
  if (hasTable === null) return null;
  const owner: StateName = "recordings_owner";
  const value = sqlite.query("SELECT value FROM state WHERE name = ?").values(owner)[0]?.[0];
  return typeof value === "string" ? value : null;
}

/** The `state` table: one row per fact. */
export function createStateStore(orm: Orm) {
  const select = orm
    .select({ value: state.value })
    .from(state)
    .where(eq(state.name, sql.placeholder("name")))
    .prepare();

  return {
    get: (name: StateName): string | null => select.get({ name })?.value ?? null,

    /** It is on disk when this returns, unless a transaction is open. */
    set(name: StateName, value: string): void {
      orm
        .insert(state)
        .values({ name, value })
        .onConflictDoUpdate({ target: state.name, set: { value } })
        .run();
    },
  };
}
