import { exists } from "../platform/files.ts";
import { readPath } from "../model/recording.ts";
import type { Snapshot } from "../store/sqlite/snapshot.ts";
import { layout } from "./layout.ts";
import { readHeader, readManifest } from "./manifest.ts";
import type { ManifestFile } from "./manifest.ts";
import { BackupError } from "./problem.ts";

/**
 * Keeps a good backup from being replaced by one of another database, or of the empty one that a receiver makes when
 * its own has got lost. The numbers of events only ever grow, and a number stays that of one body.
 *
 * @throws BackupError if the backup in the folder has events that this database has never had
 */
export async function refuseOtherDatabase(
  folder: string,
  databasePath: string,
  snapshot: Snapshot,
): Promise<void> {
  if (!(await exists(layout.manifest(folder)))) return;
  const previous = await readHeader(layout.manifest(folder));
  const sha256 = snapshot.bodySha256(previous.last_event_id);
  const isOther =
    snapshot.lastEventId() < previous.last_event_id ||
    // An event that has been deleted is in neither.
    (sha256 !== null && previous.last_event_sha256 !== null && sha256 !== previous.last_event_sha256);
  if (!isOther) return;
  throw new BackupError(
    `${folder} holds a backup with events that ${databasePath} does not have: it is of another database, ` +
      `or this one has lost them. Restore the backup, or name another folder`,
  );
}

/**
 * The recordings of the backup before that no row names: those that a later recording of the same conversation has
 * followed. They stay as long as the conversation has a recording, even if the data's disk has lost them.
 */
export async function* overtakenRecordings(folder: string, snapshot: Snapshot): AsyncGenerator<ManifestFile> {
  const path = layout.manifest(folder);
  if (!(await exists(path))) return;
  for await (const line of readManifest(path)) {
    if (!("path" in line) || !line.path.startsWith("audio/")) continue;
    const { stem, second } = readPath(line.path);
    if (snapshot.namesRecording(line.path.slice("audio/".length))) continue;
    const ids = [stem, second?.stemOfFirst ?? stem];
    if (ids.some((id) => snapshot.hasRecordingOf(id))) yield line;
  }
}
