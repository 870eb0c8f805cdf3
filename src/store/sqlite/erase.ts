import type { Database } from "bun:sqlite";
import { lstat, readdir } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { findRecordings } from "../files/blobs.ts";
import type { FileBlobs } from "../files/blobs.ts";
import type { Eraser } from "../port.ts";
import { dueConversations, dueEvents } from "./due.ts";
import { eraseLoneEvents, eraseRecordings } from "./erase-parts.ts";
import {
  areTracesLeft,
  completeTombstones,
  forgetIds,
  isUnfinished,
  unfinishedErasures,
  writeTombstones,
  writeTombstonesOfOld,
} from "./erasures.ts";
import { withDatabase } from "./open.ts";
import { scrub } from "./scrub.ts";

/** Statements that hold for every schema: tables and columns are only ever added. */
const DELETE_ROWS = [
  "DELETE FROM conversations WHERE conversation_id = ?",
  "DELETE FROM call_failures WHERE event_id IN (SELECT id FROM events WHERE conversation_id = ?)",
  "DELETE FROM events WHERE conversation_id = ?",
];
/** From schema 6 on. */
const PENDING_TABLE = "recovery_pending";
const DELETE_PENDING = `DELETE FROM ${PENDING_TABLE} WHERE conversation_id = ?`;

/**
 * Erases conversations: rows, recordings and quarantined bodies, the traces of the rows in the database's file and in
 * its log, and all of it in the copies that were made before migrations. It can be stopped at any instruction: what was
 * begun is in `unfinished` until it is done.
 */
export function createEraser(options: {
  databasePath: string;
  bodies: FileBlobs;
  recordings: FileBlobs;
  /** Whether an event of a conversation is being stored at this moment. */
  isHeld: (conversationId: string) => boolean;
}): Eraser {
  const { databasePath, bodies, recordings, isHeld } = options;
  const databaseFolder = dirname(databasePath);
  const within = <T>(work: (sqlite: Database) => T | Promise<T>) => withDatabase(databasePath, work);

  return {
    unfinished: () =>
      within((sqlite) => unfinishedErasures(sqlite).flatMap(({ conversationId }) => conversationId ?? [])),

    begin: (conversationId, nowMs) =>
      within(async (sqlite) => {
        if (!hasRows(sqlite, conversationId) && !isUnfinished(sqlite, conversationId)) {
          const { pathsOf, problem } = await findRecordings(recordings.folder, [conversationId]);
          if (pathsOf(conversationId).length === 0 && problem !== null) throw problem;
          if (pathsOf(conversationId).length === 0) return false;
        }
        writeTombstones(sqlite, [conversationId], nowMs);
        return true;
      }),

    beginOld: (conversationIds, beforeMs, nowMs) =>
      within((sqlite) => writeTombstonesOfOld(sqlite, conversationIds, { beforeMs, nowMs, isHeld })),

    async erase(conversationIds) {
      const { pathsOf, problem } = await findRecordings(recordings.folder, conversationIds);
      const erased: string[] = [];
      const failures: unknown[] = [];
      await within(async (sqlite) => {
        for (const id of conversationIds) {
          try {
            // Files first: as long as a row names them they can be found again.
            await removeFiles(sqlite, id, pathsOf(id));
            erased.push(id);
          } catch (error) {
            failures.push(error);
          }
        }
        deleteRows(sqlite, erased);
      });
      for (const copy of await migrationCopies()) {
        await withDatabase(copy, async (sqlite) => {
          deleteRows(sqlite, erased);
          await scrub(sqlite, copy);
        });
      }
      // A folder that can't be read may hold a recording of each.
      return problem === null ? { erased, failures } : { erased: [], failures: [problem] };
    },

    forget: (conversationIds) => within((sqlite) => forgetIds(sqlite, conversationIds)),

    areTracesLeft: () => within((sqlite) => areTracesLeft(sqlite) || forgotten(sqlite).length > 0),

    finish: () =>
      within(async (sqlite) => {
        const hashes = forgotten(sqlite);
        await scrub(sqlite, databasePath);
        completeTombstones(sqlite, hashes);
      }),

    eraseRecordings: (conversationIds, beforeMs) =>
      within((sqlite) =>
        eraseRecordings(sqlite, conversationIds, {
          recordings,
          beforeMs,
          isHeld,
        }),
      ),

    eraseEvents: (eventIds) => within((sqlite) => eraseLoneEvents(sqlite, eventIds, bodies)),

    dueConversations: (afterRow, limits) => within((sqlite) => dueConversations(sqlite, afterRow, limits)),
    dueEvents: (after, beforeMs) => within((sqlite) => dueEvents(sqlite, after, beforeMs)),
  };

  async function removeFiles(
    sqlite: Database,
    conversationId: string,
    found: readonly string[],
  ): Promise<void> {
    const ofEvents = sqlite
      .query<{ path: string }, [string]>(
        "SELECT payload_path AS path FROM events WHERE conversation_id = ? AND payload_path IS NOT NULL",
      )
      .all(conversationId);
    const ofRow = sqlite
      .query<{ path: string }, [string]>(
        "SELECT audio_path AS path FROM conversations WHERE conversation_id = ? AND audio_path IS NOT NULL",
      )
      .all(conversationId);
    for (const { path } of ofEvents) await bodies.remove(path);
    for (const path of new Set([...found, ...ofRow.map((row) => row.path)])) await recordings.remove(path);
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

/** The hashes of conversations of which nothing but traces is left. */
function forgotten(sqlite: Database): string[] {
  const left = unfinishedErasures(sqlite).filter(({ conversationId }) => conversationId === null);
  return left.map(({ sha256 }) => sha256);
}

function hasRows(sqlite: Database, conversationId: string): boolean {
  return ["conversations", "events", PENDING_TABLE].some(
    (table) =>
      sqlite.query(`SELECT 1 FROM ${table} WHERE conversation_id = ? LIMIT 1`).get(conversationId) !== null,
  );
}

function deleteRows(sqlite: Database, conversationIds: readonly string[]): void {
  // A copy has the schema of its time.
  const hasPending = sqlite.query("SELECT 1 FROM sqlite_schema WHERE name = ?").get(PENDING_TABLE) !== null;
  const statements = hasPending ? [...DELETE_ROWS, DELETE_PENDING] : DELETE_ROWS;
  sqlite
    .transaction(() => {
      for (const id of conversationIds) {
        for (const sql of statements) sqlite.query(sql).run(id);
      }
    })
    .immediate();
}
