import type { Database } from "bun:sqlite";
import { eq, sql } from "drizzle-orm";
import type { Orm } from "./database.ts";
import { isConversationOld } from "./due.ts";
import { erasures } from "./schema.ts";
import type { StateName } from "./state.ts";

const TRACES: StateName = "traces_left";

/** The `erasures` table: conversations whose later deliveries are dropped. */
export function createErasureStore(orm: Orm) {
  const select = orm
    .select({ erasedAtMs: erasures.erasedAtMs })
    .from(erasures)
    .where(eq(erasures.conversationSha256, sql.placeholder("conversationSha256")))
    .prepare();
  const selectAny = orm.select({ erasedAtMs: erasures.erasedAtMs }).from(erasures).limit(1).prepare();

  const isHashErased = (conversationSha256: string): boolean =>
    select.get({ conversationSha256 }) !== undefined;

  return {
    /** Takes the lower-case hex of the hash of a conversation's id. */
    isHashErased,

    isErased(conversationId: string | null): boolean {
      return conversationId !== null && isHashErased(sha256Of(conversationId));
    },

    /** Spares those who ask for many the work for each. */
    areThereAny: (): boolean => selectAny.get() !== undefined,
  };
}

/** Lower-case hex. */
export function sha256Of(conversationId: string): string {
  return new Bun.CryptoHasher("sha256").update(conversationId).digest("hex");
}

/**
 * The steps of an erasure, as the `erasures` table holds them: with the conversation's id while something of it may be
 * in the tables, the folders or the search index; without it while its traces are in the database's file; complete.
 */
export function writeTombstones(sqlite: Database, conversationIds: readonly string[], nowMs: number): void {
  sqlite
    .transaction(() => {
      for (const id of conversationIds) writeTombstone(sqlite, id, nowMs);
    })
    .immediate();
}

/**
 * Decides again what is too old, and writes its tombstones, in one transaction: an event that was stored before makes its
 * conversation young, one that comes later is dropped.
 *
 * @param isHeld whether an event of a conversation is being stored at this moment
 * @returns the conversations that are to be erased
 */
export function writeTombstonesOfOld(
  sqlite: Database,
  conversationIds: readonly string[],
  about: { beforeMs: number; nowMs: number; isHeld: (conversationId: string) => boolean },
): string[] {
  const { beforeMs, nowMs, isHeld } = about;
  return sqlite
    .transaction(() => {
      const old = conversationIds.filter(
        (id) => !isHeld(id) && !isUnfinished(sqlite, id) && isConversationOld(sqlite, id, beforeMs),
      );
      for (const id of old) writeTombstone(sqlite, id, nowMs);
      return old;
    })
    .immediate();
}

/** Of these conversations only traces in the database's file are left. */
export function forgetIds(sqlite: Database, conversationIds: readonly string[]): void {
  const statement = sqlite.query("UPDATE erasures SET conversation_id = NULL WHERE conversation_sha256 = ?");
  sqlite
    .transaction(() => {
      for (const id of conversationIds) statement.run(sha256Of(id));
    })
    .immediate();
}

/** Nothing is left of what these hashes stand for, nor any other traces. */
export function completeTombstones(sqlite: Database, hashes: readonly string[]): void {
  // Not one that was asked for again meanwhile.
  const statement = sqlite.query(
    "UPDATE erasures SET is_complete = 1 WHERE conversation_sha256 = ? AND conversation_id IS NULL",
  );
  sqlite
    .transaction(() => {
      for (const hash of hashes) statement.run(hash);
      sqlite.query("DELETE FROM state WHERE name = ?").run(TRACES);
    })
    .immediate();
}

/** Says, within the transaction that deletes what no tombstone tells of, that its traces are in the database's file. */
export function markTraces(sqlite: Database): void {
  sqlite.query("INSERT OR REPLACE INTO state (name, value) VALUES (?, '1')").run(TRACES);
}

export function areTracesLeft(sqlite: Database): boolean {
  return sqlite.query("SELECT 1 FROM state WHERE name = ?").get(TRACES) !== null;
}

/** Erasures that were begun and are not complete; the id is null if only traces are left. */
export function unfinishedErasures(sqlite: Database) {
  return sqlite
    .query<{ sha256: string; conversationId: string | null }, []>(
      `SELECT conversation_sha256 AS sha256, conversation_id AS conversationId
       FROM erasures WHERE is_complete = 0`,
    )
    .all();
}

export function isUnfinished(sqlite: Database, conversationId: string): boolean {
  const select = sqlite.query("SELECT 1 FROM erasures WHERE conversation_sha256 = ? AND is_complete = 0");
  return select.get(sha256Of(conversationId)) !== null;
}

function writeTombstone(sqlite: Database, conversationId: string, nowMs: number): void {
  sqlite
    .query(
      `INSERT INTO erasures (conversation_sha256, erased_at, conversation_id) VALUES (?1, ?2, ?3)
       ON CONFLICT DO UPDATE SET erased_at = ?2, conversation_id = ?3, is_complete = 0`,
    )
    .run(sha256Of(conversationId), nowMs, conversationId);
}
