import type { Database } from "bun:sqlite";
import { unlinkSync } from "node:fs";
import { dirname } from "node:path";
import { hasCode } from "../../platform/errors.ts";
import { syncFolder } from "../../platform/files.ts";
import { findRecordings } from "../files/blobs.ts";
import type { FileBlobs } from "../files/blobs.ts";
import type { Erased } from "../port.ts";
import { recordingAgeMs } from "./due.ts";
import { markTraces } from "./erasures.ts";

const FORGET_RECORDING = `UPDATE conversations
  SET audio_path = NULL, audio_bytes = NULL, audio_sha256 = NULL, audio_received_at = NULL WHERE conversation_id = ?`;

/**
 * Erases the recordings of conversations and leaves the rest. The transaction that decides on one removes its files too:
 * no delivery can be stored meanwhile, and a file that can't be removed keeps its row.
 */
export async function eraseRecordings(
  sqlite: Database,
  conversationIds: readonly string[],
  about: { recordings: FileBlobs; beforeMs: number; isHeld: (conversationId: string) => boolean },
): Promise<Erased> {
  const { recordings, beforeMs, isHeld } = about;
  const select = sqlite.query<{ path: string | null }, [string]>(
    "SELECT audio_path AS path FROM conversations WHERE conversation_id = ?",
  );
  const dueRow = (id: string) => {
    const row = select.get(id);
    if (row === null || row.path === null) return null;
    return (recordingAgeMs(sqlite, id) ?? Infinity) < beforeMs ? row : null;
  };

  const paths = new Map(conversationIds.map((id) => [id, dueRow(id)?.path ?? null]));
  const { pathsOf, problem } = await findRecordings(recordings.folder, conversationIds);
  if (problem !== null) throw problem;

  return eraseEach(conversationIds, async (id) => {
    const path = paths.get(id) ?? null;
    if (path === null) return false;
    const names = [...new Set([...pathsOf(id), path])];
    const files = await Promise.all(names.map(recordings.removablePath));
    return removeWithRow(sqlite, () => {
      // Another one may have come since.
      if (dueRow(id)?.path !== path || isHeld(id)) return null;
      sqlite.query(FORGET_RECORDING).run(id);
      return files;
    });
  });
}

/** Erases events that belong to no conversation, and did not come to belong to one. */
export function eraseLoneEvents(
  sqlite: Database,
  eventIds: readonly number[],
  bodies: FileBlobs,
): Promise<Erased<number>> {
  const select = sqlite.query<{ path: string | null }, [number]>(
    "SELECT payload_path AS path FROM events WHERE id = ? AND conversation_id IS NULL",
  );

  const isNamed = (path: string | null) =>
    sqlite.query("SELECT 1 FROM events WHERE payload_path = ?").get(path) !== null;

  return eraseEach(eventIds, async (id) => {
    const path = select.get(id)?.path ?? null;
    const file = path === null ? null : await bodies.removablePath(path);
    return removeWithRow(sqlite, () => {
      const row = select.get(id);
      if (row === null || row.path !== path) return null;
      sqlite.query("DELETE FROM call_failures WHERE event_id = ?").run(id);
      sqlite.query("DELETE FROM events WHERE id = ?").run(id);
      markTraces(sqlite);
      // The same body may have come again, and belong to a conversation by what this version makes of it.
      return isNamed(path) ? [] : [file];
    });
  });
}

async function eraseEach<Key>(
  keys: readonly Key[],
  erase: (key: Key) => Promise<boolean>,
): Promise<Erased<Key>> {
  const erased: Key[] = [];
  const failures: unknown[] = [];
  for (const key of keys) {
    try {
      if (await erase(key)) erased.push(key);
    } catch (error) {
      failures.push(error);
    }
  }
  return { erased, failures };
}

/**
 * Removes files in the transaction that changes what names them.
 *
 * @param change returns the files, of which null is none; null if it has changed nothing
 */
async function removeWithRow(
  sqlite: Database,
  change: () => readonly (string | null)[] | null,
): Promise<boolean> {
  const there = sqlite
    .transaction(() => {
      const files = change()?.filter((file) => file !== null) ?? null;
      for (const file of files ?? []) unlinkIfThere(file);
      return files;
    })
    .immediate();
  if (there === null) return false;
  for (const folder of new Set(there.map((file) => dirname(file)))) await syncIfThere(folder);
  return true;
}

function unlinkIfThere(path: string): void {
  try {
    unlinkSync(path);
  } catch (error) {
    if (!hasCode(error, "ENOENT") && !hasCode(error, "ENOTDIR")) throw error;
  }
}

async function syncIfThere(folder: string): Promise<void> {
  try {
    await syncFolder(folder);
  } catch (error) {
    if (!hasCode(error, "ENOENT") && !hasCode(error, "ENOTDIR")) throw error;
  }
}
