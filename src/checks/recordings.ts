import { statSync } from "node:fs";
import { join } from "node:path";
import { readPath } from "../model/recording.ts";
import { otherOwner } from "../store/files/recordings-owner.ts";
import { recordingFiles } from "../store/files/blobs.ts";
import type { DatabaseContent } from "./database.ts";
import { error, ok, warning } from "./result.ts";
import type { CheckResult } from "./result.ts";

/** The file comes first and its row second: a newer file may belong to a delivery that is just being stored. */
const SETTLED_MS = 60_000;

/** Compares the recordings on disk with those that the database knows. */
export async function checkRecordings(
  folder: string,
  { recordings }: DatabaseContent,
  nowMs: number,
): Promise<CheckResult[]> {
  const subject = "recordings";
  const files = await recordingFiles(folder).list();
  const onDisk = new Set(files);
  const known = new Set(recordings.map(({ path }) => path));
  const conversations = new Set(recordings.map(({ conversationId }) => conversationId));

  const lost = [...known].filter((path) => !onDisk.has(path));
  const strays = files.filter((path) => {
    if (known.has(path)) return false;
    // A conversation's row names its latest recording; the earlier ones stay beside it.
    const { stem, second } = readPath(path);
    if (conversations.has(stem) || conversations.has(second?.stemOfFirst ?? "")) return false;
    return nowMs - statSync(join(folder, path)).mtimeMs > SETTLED_MS;
  });

  const results: CheckResult[] = [];
  if (lost.length > 0) {
    const [first = ""] = lost;
    results.push(
      warning(
        subject,
        `${lost.length} of ${known.size} are not on disk, such as ${first}`,
        "Restore them from a backup, unless they were removed on purpose.",
      ),
    );
  }
  if (strays.length > 0) {
    const [first = ""] = strays;
    results.push(
      warning(
        subject,
        `${strays.length} on disk have no row, such as ${first}`,
        "Nothing is lost: a start after an interruption adopts them.",
      ),
    );
  }
  return results.length > 0 ? results : [ok(subject, `${known.size} rows, each with its file`)];
}

/** Whether a start would find the folder to be another database's; null if not. */
export async function checkRecordingsOwner(
  folder: string,
  { recordings, recordingsOwner }: DatabaseContent,
): Promise<CheckResult | null> {
  const other = await otherOwner(folder, recordingsOwner);
  if (other === null) return null;
  const onDisk = new Set(await recordingFiles(folder).list());
  // A database that has forgotten its owner has recordings there, and takes them over.
  if (recordingsOwner === null && recordings.some(({ path }) => onDisk.has(path))) return null;
  return error(
    "recordings",
    `${folder} is another database's (${other}): the receiver does not start on it`,
    "Name another folder, or start once with --take-over-audio if the other database is gone.",
  );
}
