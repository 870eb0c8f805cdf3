import type { Database } from "bun:sqlite";
import { lstat, readdir } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { removeDataFile } from "./data-files.ts";
import type { DataFileKind } from "./data-files.ts";
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
    /** Whether there is anything of a conversation that could be erased. */
    isKnown: (conversationId: string): Promise<boolean> =>
      withDatabase(
        databasePath,
        (sqlite) =>
          ["conversations", "events"].some((table) => hasRow(sqlite, table, conversationId)) ||
          incomplete(sqlite).some(({ sha256 }) => sha256 === sha256Of(conversationId)),
      ),

    /**
     * Erasures that were begun and did not end: the conversations of which something may be left in the tables, the
     * folders or elsewhere. null where there are none; empty where only the traces in the file are left.
     */
    unfinished: (): Promise<string[] | null> =>
      withDatabase(databasePath, (sqlite) => {
        const found = incomplete(sqlite);
        return found.length === 0 ? null : found.flatMap(({ conversationId }) => conversationId ?? []);
      }),

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
          await removeAll("recording", recordingsFolder, await recordingPathsOf(sqlite, id));
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
          await removeAll("body", databaseFolder, [select.get(id)?.path ?? null]);
          sqlite.query("DELETE FROM call_failures WHERE event_id = ?").run(id);
          sqlite.query("DELETE FROM events WHERE id = ?").run(id);
        }
      }),

    conversationAges: (afterRow: number) =>
      withDatabase(databasePath, (sqlite) => conversationAges(sqlite, afterRow)),
    eventAges: (afterRow: number, beforeMs: number) =>
      withDatabase(databasePath, (sqlite) => eventAges(sqlite, afterRow, beforeMs)),

    /** Clears what is left in the database's file and its log: when this returns, what was erased is gone. */
    finish: (): Promise<void> =>
      withDatabase(databasePath, async (sqlite) => {
        sqlite.run("UPDATE erasures SET conversation_id = NULL WHERE is_complete = 0");
        await scrub(sqlite, databasePath);
        sqlite.run("UPDATE erasures SET is_complete = 1 WHERE is_complete = 0");
      }),
  };

  async function removeFiles(sqlite: Database, conversationId: string): Promise<void> {
    const bodies = eventsOf(sqlite, conversationId).map(({ payloadPath }) => payloadPath);
    await removeAll("body", databaseFolder, bodies);
    await removeAll("recording", recordingsFolder, await recordingPathsOf(sqlite, conversationId));
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
    const copies = names.filter((name) => ours.test(name)).map((name) => join(databaseFolder, name));
    for (const copy of copies) await refuseLink(copy);
    return copies;
  }
}

/** What is behind a symlink is not erased, so that it must not be said to be. */
async function refuseLink(path: string): Promise<void> {
  if ((await lstat(path)).isFile()) return;
  throw new Error(
    `${path} is not a file: symlinks among the data are not followed, put the copy in its place`,
  );
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

function incomplete(sqlite: Database) {
  return sqlite
    .query<{ sha256: string; conversationId: string | null }, []>(
      `SELECT conversation_sha256 AS sha256, conversation_id AS conversationId
       FROM erasures WHERE is_complete = 0`,
    )
    .all();
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

async function removeAll(
  kind: DataFileKind,
  folder: string,
  paths: readonly (string | null)[],
): Promise<void> {
  for (const path of new Set(paths)) {
    if (path !== null) await removeDataFile(kind, folder, path);
  }
}
