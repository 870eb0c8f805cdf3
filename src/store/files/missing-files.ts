import { join } from "node:path";
import { faultText } from "../../platform/faults.ts";
import type { Log } from "../../platform/log.ts";
import type { Connection } from "../sqlite/connection.ts";
import { findDataFile } from "./data-files.ts";
import type { DataFileKind } from "./data-files.ts";

const LINES_MAX = 20;

/** A file that a row speaks of. */
type Named = {
  path: string;
  byteCount: number | null;
  conversationId: string | null;
  receivedAtMs: number | null;
};

const ERASED_BEFORE = { body: "bodies_erased_before", recording: "recordings_erased_before" } as const;

/**
 * Warns of rows whose file is missing or of another size, as a power failure on a disk that lies about its flushes, or
 * a person, leaves them. Nothing is changed: the row still tells what there was.
 */
export async function warnOfMissingFiles(options: {
  databaseFolder: string;
  /** null: recordings are not stored */
  audioFolder: string | null;
  connection: Connection;
  log: Log;
}): Promise<void> {
  const { databaseFolder, audioFolder, connection, log } = options;
  let count = 0;

  async function look(kind: DataFileKind, folder: string, named: Named): Promise<void> {
    const { path, byteCount } = named;
    const found = await findBytes(kind, folder, path);
    if (found === byteCount || found === "unreadable") return;
    if (found === null && isBeingErased(kind, named)) return;
    count += 1;
    if (count > LINES_MAX) return;
    const problem = found === null ? "is missing" : "has another size";
    log.warning(`A file that the database names ${problem}: restore it from a backup`, {
      path: join(folder, path),
      bytes: found,
      bytes_expected: byteCount,
    });
  }

  /** An erasure goes on by itself, and its files go before its rows. */
  function isBeingErased(kind: DataFileKind, { conversationId, receivedAtMs }: Named): boolean {
    if (connection.isErased(conversationId)) return true;
    return (receivedAtMs ?? Infinity) < Number(connection.state.get(ERASED_BEFORE[kind]) ?? 0);
  }

  async function findBytes(kind: DataFileKind, folder: string, path: string) {
    try {
      return (await findDataFile(kind, folder, path))?.byteCount ?? null;
    } catch (error) {
      log.warning(`A file that the database names can't be looked at: ${faultText(error)}`);
      return "unreadable";
    }
  }

  for (let rows = connection.bodyFilesAfter(0); rows.length > 0;) {
    for (const row of rows) await look("body", databaseFolder, row);
    rows = connection.bodyFilesAfter(rows.at(-1)?.id ?? Number.MAX_SAFE_INTEGER);
  }
  if (audioFolder !== null) {
    for (let rows = connection.recordingsAfter(""); rows.length > 0;) {
      for (const row of rows) await look("recording", audioFolder, row);
      rows = connection.recordingsAfter(rows.at(-1)?.path ?? "");
    }
  }
  if (count > LINES_MAX) log.warning("More files are missing or of another size than are listed", { count });
}
