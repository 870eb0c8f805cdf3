import type { Database } from "bun:sqlite";
import { readdir, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { syncFolder } from "../platform/files.ts";
import { conversationAges, eventAges } from "./due.ts";
import { withDatabase } from "./erase-connection.ts";
import { sha256Of } from "./erasures.ts";
import { recordingsOf } from "./recordings.ts";
import { scrub } from "./scrub.ts";

export type Eraser = ReturnType<typeof createEraser>;

type EventRow = { eventTimestamp: number | null; receivedAtMs: number; payloadPath: string | null };

/** Statements that hold for every schema: tables and columns are only ever added. */
const DELETE_ROWS = [
  "DELETE FROM conversations WHERE conversation_id = ?",
  "DELETE FROM call_failures WHERE event_id IN (SELECT id FROM events WHERE conversation_id = ?)",
  "DELETE FROM events WHERE conversation_id = ?",
];

const FORGET_RECORDING = `UPDATE conversations
  SET audio_path = NULL, audio_bytes = NULL, audio_sha256 = NULL, audio_received_at = NULL WHERE conversation_id = ?`;

/**
 * Erases conversations: rows, recordings and quarantined bodies, the traces of the rows in the database's file and in
 * its log, and all of it in the copies that were made before migrations. It can be stopped at any instruction: what was
 * begun is in `unfinished` until it is done.
 */
export function createEraser(options: { databasePath: string; recordingsFolder: string }) {
  const { databasePath, recordingsFolder } = options;
  const databaseFolder = dirname(databasePath);

  return {
    /** Whether anything is known of a conversation. */
    isKnown: (conversationId: string): Promise<boolean> =>
      withDatabase(databasePath, (sqlite) =>
        ["conversations", "events"].some((table) => hasRow(sqlite, table, conversationId)),
      ),

    /** Conversations whose erasure was begun and did not end. */
    unfinished: (): Promise<string[]> =>
      withDatabase(databasePath, (sqlite) =>
        sqlite
          .query<{ id: string }, []>(
            "SELECT conversation_id AS id FROM erasures WHERE is_complete = 0 AND conversation_id IS NOT NULL",
          )
          .all()
          .map(({ id }) => id),
      ),

    /**
     * Erases conversations from the database and the folders. From here on their deliveries are dropped. `finish` has
     * to follow, when nothing else holds anything of them.
     *
     * @throws what SQLite or the system says; to be called again then
     */
    async erase(conversationIds: readonly string[], nowMs: number): Promise<void> {
      await withDatabase(databasePath, async (sqlite) => {
        begin(sqlite, conversationIds, nowMs);
        // Files first: as long as a row names them they can be found again.
        for (const id of conversationIds) await removeFiles(sqlite, id);
        deleteRows(sqlite, conversationIds);
      });
      for (const copy of await migrationCopies()) {
        await withDatabase(copy, async (sqlite) => {
          deleteRows(sqlite, conversationIds);
          await scrub(sqlite, copy);
        });
      }
    },

    /** Erases the recordings of conversations, and nothing else. */
    eraseRecordings: (conversationIds: readonly string[]): Promise<void> =>
      withDatabase(databasePath, async (sqlite) => {
        const statement = sqlite.query(FORGET_RECORDING);
        for (const id of conversationIds) {
          await removeAll(recordingsFolder, await recordingPathsOf(sqlite, id));
          statement.run(id);
        }
      }),

    /** Erases events that belong to no conversation, by their ids. */
    eraseEvents: (eventIds: readonly number[]): Promise<void> =>
      withDatabase(databasePath, async (sqlite) => {
        const select = sqlite.query<{ path: string | null }, [number]>(
          "SELECT payload_path AS path FROM events WHERE id = ?",
        );
        for (const id of eventIds) {
          await removeAll(databaseFolder, [select.get(id)?.path ?? null]);
          sqlite.query("DELETE FROM call_failures WHERE event_id = ?").run(id);
          sqlite.query("DELETE FROM events WHERE id = ?").run(id);
        }
      }),

    conversationAges: (afterRow: number) =>
      withDatabase(databasePath, (sqlite) => conversationAges(sqlite, afterRow)),
    eventAges: (afterRow: number, beforeMs: number) =>
      withDatabase(databasePath, (sqlite) => eventAges(sqlite, afterRow, beforeMs)),

    /** Clears what is left in the database's file and its log: when this returns, what was erased is gone. */
    finish: (conversationIds: readonly string[]): Promise<void> =>
      withDatabase(databasePath, async (sqlite) => {
        update(sqlite, conversationIds, "conversation_id = NULL");
        await scrub(sqlite, databasePath);
        update(sqlite, conversationIds, "is_complete = 1");
      }),
  };

  async function removeFiles(sqlite: Database, conversationId: string): Promise<void> {
    const bodies = eventsOf(sqlite, conversationId).map(({ payloadPath }) => payloadPath);
    await removeAll(databaseFolder, bodies);
    await removeAll(recordingsFolder, await recordingPathsOf(sqlite, conversationId));
  }

  async function recordingPathsOf(sqlite: Database, conversationId: string): Promise<(string | null)[]> {
    const row = sqlite
      .query<{ path: string | null }, [string]>(
        "SELECT audio_path AS path FROM conversations WHERE conversation_id = ?",
      )
      .get(conversationId);
    const events = eventsOf(sqlite, conversationId);
    return [...(await recordingsOf(recordingsFolder, conversationId, events)), row?.path ?? null];
  }

  async function migrationCopies(): Promise<string[]> {
    const ours = new RegExp(`^${RegExp.escape(basename(databasePath))}\\.before-schema-\\d+$`);
    const names = await readdir(databaseFolder);
    return names.filter((name) => ours.test(name)).map((name) => join(databaseFolder, name));
  }
}

function eventsOf(sqlite: Database, conversationId: string): EventRow[] {
  return sqlite
    .query<EventRow, [string]>(
      `SELECT event_timestamp AS eventTimestamp, received_at AS receivedAtMs, payload_path AS payloadPath
       FROM events WHERE conversation_id = ?`,
    )
    .all(conversationId);
}

function hasRow(sqlite: Database, table: string, conversationId: string): boolean {
  return (
    sqlite.query(`SELECT 1 FROM ${table} WHERE conversation_id = ? LIMIT 1`).get(conversationId) !== null
  );
}

function begin(sqlite: Database, conversationIds: readonly string[], nowMs: number): void {
  const statement = sqlite.query(
    `INSERT INTO erasures (conversation_sha256, erased_at, conversation_id) VALUES (?1, ?2, ?3)
     ON CONFLICT DO UPDATE SET erased_at = ?2, conversation_id = ?3, is_complete = 0`,
  );
  sqlite
    .transaction(() => {
      for (const id of conversationIds) statement.run(sha256Of(id), nowMs, id);
    })
    .immediate();
}

function update(sqlite: Database, conversationIds: readonly string[], change: string): void {
  const statement = sqlite.query(`UPDATE erasures SET ${change} WHERE conversation_sha256 = ?`);
  sqlite
    .transaction(() => {
      for (const id of conversationIds) statement.run(sha256Of(id));
    })
    .immediate();
}

function deleteRows(sqlite: Database, conversationIds: readonly string[]): void {
  sqlite
    .transaction(() => {
      for (const id of conversationIds) {
        for (const sql of DELETE_ROWS) sqlite.query(sql).run(id);
      }
    })
    .immediate();
}

async function removeAll(folder: string, paths: readonly (string | null)[]): Promise<void> {
  for (const path of new Set(paths)) {
    if (path === null) continue;
    await rm(join(folder, path), { force: true });
    await syncFolder(dirname(join(folder, path)));
  }
}
