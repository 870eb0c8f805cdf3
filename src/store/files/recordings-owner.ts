import { randomBytes } from "node:crypto";
import { constants } from "node:fs";
import { open, rename } from "node:fs/promises";
import { dirname, join } from "node:path";
import { hasCode } from "../../platform/errors.ts";
import { exists, makeFolder, removeFile, syncFolder, TemporaryFile } from "../../platform/files.ts";
import type { Log } from "../../platform/log.ts";
import type { Connection } from "../sqlite/connection.ts";
import { recordingFiles } from "./blobs.ts";
import { lockRecordings } from "../sqlite/data-lock.ts";

/** Its first line is the owner's id, which the owner's database holds too; its second where that database was. */
const MARK = ".owner";
const MARK_BYTES_MAX = 4096;
const ID = /^[0-9a-f]{32}$/;

/** The folder of the recordings belongs to another database. */
export class OtherOwnerError extends Error {
  override readonly name = "OtherOwnerError";
}

/** What a folder says of its owner; the id is "" if the mark is none of ours. */
type Mark = { id: string; databasePath: string };

type Claim = {
  folder: string;
  databasePath: string;
  connection: Connection;
  log: Log;
  /** A predecessor is still at work on the same data. */
  isShared: boolean;
  /** Whether to take the folder from another owner. */
  takesOver: boolean;
};

/**
 * Makes sure that no other database has its recordings in a folder: each of the two would adopt the other's recordings,
 * and erase them when they are too old.
 *
 * @returns `unlock` frees the folder; `isTakenOver`: it may hold recordings that no row knows
 * @throws OtherOwnerError; DataLockedError if another process is at work in the folder
 */
export async function claimRecordings(claim: Claim): Promise<{ unlock: () => void; isTakenOver: boolean }> {
  const { folder, isShared } = claim;
  await makeFolder(folder);
  const unlock = lockRecordings(folder, { isShared });
  try {
    return { unlock, isTakenOver: await claimByMark(claim) };
  } catch (error) {
    unlock();
    throw error;
  }
}

/** Returns whether the folder was marked as another's. */
async function claimByMark({ folder, databasePath, connection, log, takesOver }: Claim): Promise<boolean> {
  const { state } = connection;
  const known = state.get("recordings_owner");
  const mark = await readMark(folder);
  if (mark !== null && mark.id === known) return false;
  const id = known ?? randomBytes(16).toString("hex");
  if (mark === null) {
    // In this order: a start after an interruption then finds no mark, and not one that nobody has.
    state.set("recordings_owner", id);
    await writeMark(folder, { id, databasePath });
    return false;
  }
  // A database without an id is of an earlier version, or a copy that one made before an upgrade.
  const isOurs = known === null && (await hasRecordingsOf(connection, folder));
  if (!isOurs && !takesOver) throw new OtherOwnerError(refusal({ folder, databasePath, known, mark }));
  // In this order: a start after an interruption takes it over again.
  await writeMark(folder, { id, databasePath });
  state.set("recordings_owner", id);
  log.warning("The folder of the recordings was another database's, and is this one's from now on", {
    folder,
    before: shown(mark),
  });
  return true;
}

function refusal(about: { folder: string; databasePath: string; known: string | null; mark: Mark }): string {
  const { folder, databasePath, known, mark } = about;
  const own = known === null ? "none yet" : known;
  return (
    `the recordings in ${folder} belong to another database (${shown(mark)}), not to ${databasePath} (owner ${own}). ` +
    "Two receivers in one folder would erase each other's recordings: give this one an AUDIO_STORAGE_PATH of its own. " +
    "If the other database is gone and this one is to have the recordings, start it once with --take-over-audio, or remove " +
    join(folder, MARK)
  );
}

/** A mark may have been written by anybody: no line of it reaches a log as it is. */
function shown({ id, databasePath }: Mark): string {
  const place = databasePath.replace(/\p{C}/gu, " ").trim();
  return `owner ${id || "unknown"}, at ${place || "an unknown place"}`;
}

/** Whom a folder is marked as belonging to, in words; null if that is this owner, or nobody. */
export async function otherOwner(folder: string, id: string | null): Promise<string | null> {
  const mark = await readMark(folder);
  return mark === null || mark.id === id ? null : shown(mark);
}

/**
 * Whether the recordings in a folder are another database's. One that keeps none itself claims no folder, and still erases
 * in it.
 */
export async function areOthers(folder: string, connection: Connection): Promise<boolean> {
  const known = connection.state.get("recordings_owner");
  if ((await otherOwner(folder, known)) === null) return false;
  return known !== null || !(await hasRecordingsOf(connection, folder));
}

/** Whether a folder has an owner's mark: that of a disk that is not mounted has none. */
export function isMarked(folder: string): Promise<boolean> {
  return exists(join(folder, MARK));
}

/** Whether a row names a file that is in the folder. */
async function hasRecordingsOf(connection: Connection, folder: string): Promise<boolean> {
  const recordings = recordingFiles(folder);
  for (let rows = connection.recordingsAfter(""); rows.length > 0;) {
    for (const { path } of rows) {
      if ((await recordings.stat(path)) !== null) return true;
    }
    rows = connection.recordingsAfter(rows.at(-1)?.path ?? "");
  }
  return false;
}

/** null if there is none. */
async function readMark(folder: string): Promise<Mark | null> {
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
  try {
    const handle = await open(join(folder, MARK), flags);
    try {
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(MARK_BYTES_MAX), 0, MARK_BYTES_MAX, 0);
      const [id = "", databasePath = ""] = buffer.toString("utf8", 0, bytesRead).split("\n");
      return ID.test(id) ? { id, databasePath } : { id: "", databasePath: "" };
    } finally {
      await handle.close();
    }
  } catch (error) {
    // ENOTDIR: its parent is a file, so there is no folder.
    if (hasCode(error, "ENOENT") || hasCode(error, "ENOTDIR")) return null;
    throw error;
  }
}

async function writeMark(folder: string, { id, databasePath }: Mark): Promise<void> {
  const path = join(folder, MARK);
  // Left by an interruption: the holder of the folder's lock is alone here.
  await removeFile(`${path}.tmp`);
  const file = await TemporaryFile.create(`${path}.tmp`);
  file.write(Buffer.from(`${id}\n${databasePath}\n`));
  await file.sync();
  await rename(file.path, path);
  await syncFolder(dirname(path));
}

/**
 * Marks a folder as that of a database that has just been restored.
 *
 * @param id null: the database is of a version that had none, and its first start gives it one
 */
export async function markRestored(
  folder: string,
  { id, databasePath }: { id: string | null; databasePath: string },
): Promise<void> {
  if (!(await exists(folder))) return;
  if (id !== null && ID.test(id)) return writeMark(folder, { id, databasePath });
  await removeFile(join(folder, MARK));
  await syncFolder(folder);
}
