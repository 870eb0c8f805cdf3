import type { Database } from "bun:sqlite";
import { unlinkSync } from "node:fs";
import { dirname } from "node:path";
import { hasCode } from "../../platform/errors.ts";
import { syncFolder } from "../../platform/files.ts";
import { findRecordings } from "../files/blobs.ts";
import type { FileBlobs } from "../files/blobs.ts";
import type { Erased } from "../port.ts";
import { markTraces } from "./tombstones.ts";

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
  const select = sqlite.query<{ path: string | null; receivedAtMs: number | null }, [string]>(
    "SELECT audio_path AS path, audio_received_at AS receivedAtMs FROM conversations WHERE conversation_id = ?",
  );
  const dueRow = (id: string) => {
    const row = select.get(id);
    return row !== null && row.path !== null && (row.receivedAtMs ?? Infinity) < beforeMs ? row : null;
  };

  const paths = new Map(conversationIds.map((id) => [id, dueRow(id)?.path ?? null]));
  const { pathsOf, problem } = await findRecordings(recordings.folder, conversationIds);
  if (problem !== null) throw problem;

  return eraseEach(conversationIds, async (id) => {
    const path = paths.get(id) ?? null;
    if (path === null) return false;
    const names = [...new Set([...pathsOf(id), path])];
    const files = await Promise.all(names.map(recordings.removablePath));
    return removeWithRow(sqlite, files, () => {
      // Another one may have come since.
      if (dueRow(id)?.path !== path || isHeld(id)) return false;
      sqlite.query(FORGET_RECORDING).run(id);
      return true;
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

  return eraseEach(eventIds, async (id) => {
    const path = select.get(id)?.path ?? null;
    const file = path === null ? null : await bodies.removablePath(path);
    return removeWithRow(sqlite, [file], () => {
      const row = select.get(id);
      if (row === null || row.path !== path) return false;
      sqlite.query("DELETE FROM call_failures WHERE event_id = ?").run(id);
      sqlite.query("DELETE FROM events WHERE id = ?").run(id);
      markTraces(sqlite);
      return true;
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
 * @param files null: there is none
 * @param change returns false if it has changed nothing, and the files are to stay
 */
async function removeWithRow(
  sqlite: Database,
  files: readonly (string | null)[],
  change: () => boolean,
): Promise<boolean> {
  const there = files.filter((file) => file !== null);
  const isChanged = sqlite
    .transaction(() => {
      if (!change()) return false;
      for (const file of there) unlinkIfThere(file);
      return true;
    })
    .immediate();
  if (!isChanged) return false;
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
