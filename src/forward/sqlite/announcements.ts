import type { Database } from "bun:sqlite";
import { scrub } from "../../store/sqlite/scrub.ts";
import { withDatabase } from "../../store/sqlite/open.ts";
import { ANNOUNCED_MS_MAX } from "../port.ts";
import type { Announced, Announcement } from "../port.ts";
import { forwardPath, withForwardFile } from "./file.ts";

/**
 * Has destinations told that conversations were erased. It is on disk when this returns. What was announced before and is
 * not confirmed yet is announced once.
 *
 * @param names of the destinations that asked for it
 * @returns how many destinations are told
 */
export function announceErased(
  databasePath: string,
  erased: { conversationIds: readonly string[]; names: readonly string[]; nowMs: number },
): number {
  const { conversationIds, names, nowMs } = erased;
  if (names.length === 0 || conversationIds.length === 0) return 0;
  withForwardFile(databasePath, (sqlite) => {
    // Nobody remembers the erasure but this row.
    sqlite.run("PRAGMA synchronous = FULL");
    const insert = sqlite.query(
      `INSERT INTO announcements (destination, conversation_id, erased_at, due_at) VALUES (?, ?, ?, ?)
       ON CONFLICT DO NOTHING`,
    );
    sqlite
      .transaction(() => {
        for (const name of names) for (const id of conversationIds) insert.run(name, id, nowMs, nowMs);
      })
      .immediate();
  });
  return names.length;
}

/** Announcements whose time has come. */
export function dueAnnouncements(
  sqlite: Database,
  name: string,
  nowMs: number,
  rowsMax: number,
): Announcement[] {
  return sqlite
    .query<Announcement, [string, number, number]>(
      `SELECT conversation_id AS conversationId, erased_at AS erasedAtMs, attempts FROM announcements
       WHERE destination = ? AND due_at <= ? ORDER BY due_at LIMIT ?`,
    )
    .all(name, nowMs, rowsMax);
}

export function commitAnnounced(sqlite: Database, name: string, announced: readonly Announced[]): void {
  const again = sqlite.query(
    "UPDATE announcements SET attempts = attempts + 1, due_at = ? WHERE destination = ? AND conversation_id = ?",
  );
  sqlite
    .transaction(() => {
      for (const { conversationId, dueAtMs } of announced) {
        if (dueAtMs === null) remove(sqlite, "destination = ? AND conversation_id = ?", name, conversationId);
        else again.run(dueAtMs, name, conversationId);
      }
    })
    .immediate();
}

/**
 * Gives up announcements that are too old, or of destinations that no longer ask for them.
 *
 * @param names of those that ask
 * @returns how many
 */
export function dropAnnouncements(sqlite: Database, names: readonly string[], nowMs: number): number {
  // It is asked for every second, and there is nothing of them in nearly all of them.
  if (sqlite.query("SELECT 1 FROM announcements LIMIT 1").get() === null) return 0;
  const isOld = "erased_at < ? OR destination NOT IN (SELECT value FROM json_each(?))";
  return sqlite
    .transaction(() => remove(sqlite, isOld, nowMs - ANNOUNCED_MS_MAX, JSON.stringify(names)))
    .immediate();
}

/** Deletes announcements; `clearTraces` has to follow. */
function remove(sqlite: Database, condition: string, ...values: (string | number)[]): number {
  const { changes } = sqlite.query(`DELETE FROM announcements WHERE ${condition}`).run(...values);
  if (changes > 0) sqlite.run("UPDATE traces SET left = left + 1");
  return changes;
}

/** Overwrites what the file and its log still hold of deleted announcements. @throws ScrubError if another process keeps reading */
export async function clearTraces(sqlite: Database, databasePath: string): Promise<void> {
  const left = readTraces(sqlite);
  if (left === 0) return;
  const path = forwardPath(databasePath);
  await withDatabase(path, (own) => scrub(own, path));
  // Others may have been deleted meanwhile.
  sqlite.query("UPDATE traces SET left = left - ?").run(left);
}

function readTraces(sqlite: Database): number {
  return sqlite.query<{ left: number }, []>("SELECT left FROM traces").get()?.left ?? 0;
}
