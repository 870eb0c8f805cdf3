import type { Database } from "bun:sqlite";
import { and, desc, eq, isNotNull, sql } from "drizzle-orm";
import { drizzle } from "drizzle-orm/bun-sqlite";
import { readReprocessedText, withReprocessed } from "../../model/reprocessed.ts";
import type { Reprocessed } from "../../model/reprocessed.ts";
import { audioTypes } from "../../vendor/event-type.ts";
import type { RecoveryFact, RetentionFact, RetentionState } from "../port.ts";
import type { Orm } from "./database.ts";
import { withDatabase } from "./open.ts";
import { conversations, events, state } from "./schema.ts";

/** What the receiver remembers beyond one run. Every name that is used stands here. */
export type StateName =
  | RetentionFact
  | RecoveryFact
  /** The id of this database, which the folder of its recordings is marked with: see recordings-owner.ts. */
  | "recordings_owner"
  /** Which data these are, since a restore gives events ids that others had before: see data-id.ts. */
  | "data_id"
  /** Quarantined events that have become processed ones: see noteReprocessed. */
  | "reprocessed"
  /** When recordings were kept for the first time, in Unix ms: see beginKeepingRecordings. */
  | "recordings_kept_since"
  /** How far rows of earlier versions have been looked through: see turns-payloads.ts. */
  | "turns_payloads"
  /** There while traces of deleted rows are in the database's file: see scrub.ts. */
  | "traces_left";

const REPROCESSED = "reprocessed" satisfies StateName;

type StateStore = ReturnType<typeof createStateStore>;

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

/** Remembers an event that has been reprocessed; in the same transaction. */
export function noteReprocessed(facts: StateStore, eventId: number): void {
  facts.set(REPROCESSED, withReprocessed(facts.get(REPROCESSED), eventId));
}

export function readReprocessed(sqlite: Database): Reprocessed {
  const row = sqlite
    .query<{ value: unknown }, [string]>("SELECT value FROM state WHERE name = ?")
    .get(REPROCESSED);
  return readReprocessedText(String(row?.value ?? ""));
}

/** What retention remembers beyond one run. */
export function createRetentionState(databasePath: string): RetentionState {
  const within = <T>(work: (state: StateStore) => T) =>
    withDatabase(databasePath, (sqlite) => work(createStateStore(drizzle({ client: sqlite }))));

  return {
    get: (name) => within((stored) => stored.get(name)),
    set: (name, value) => within((stored) => stored.set(name, value)),
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
    // Of two processes on one file, during a reload, one has stopped erasing: see daemon/run.ts.
    alone: (work) => work(),
  };
}

/**
 * Remembers that recordings are kept from now on. Returns true the first time that is so for a database, if the newest
 * recording was acknowledged and not kept.
 */
export function beginKeepingRecordings(orm: Orm, facts: StateStore): boolean {
  if (facts.get("recordings_kept_since") !== null) return false;
  // Type by type: the index then finds the newest without a look at the others.
  const newest = audioTypes
    .flatMap((type) =>
      orm
        .select({ id: events.id, conversationId: events.conversationId })
        .from(events)
        .where(and(eq(events.type, type), eq(events.status, "processed"), isNotNull(events.conversationId)))
        .orderBy(desc(events.id))
        .limit(1)
        .all(),
    )
    .toSorted((a, b) => b.id - a.id)[0];
  const wasDropped = newest !== undefined && !hasRecording(orm, newest.conversationId ?? "");
  facts.set("recordings_kept_since", String(Date.now()));
  return wasDropped;
}

function hasRecording(orm: Orm, conversationId: string): boolean {
  const isOfConversation = eq(conversations.conversationId, conversationId);
  const kept = orm
    .select({ path: conversations.audioPath })
    .from(conversations)
    .where(and(isOfConversation, isNotNull(conversations.audioPath)))
    .get();
  return kept !== undefined;
}
