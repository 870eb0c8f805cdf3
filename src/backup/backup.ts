import { rm } from "node:fs/promises";
import type { Clock } from "../platform/clock.ts";
import { hasCode } from "../platform/errors.ts";
import { exists, moveDurably } from "../platform/files.ts";
import { copyDatabaseTo, openSnapshot } from "../store/sqlite/snapshot.ts";
import type { Snapshot } from "../store/sqlite/snapshot.ts";
import { createCollector } from "./collect.ts";
import { collectContent } from "./content.ts";
import type { Content } from "./content.ts";
import { syncFile } from "./files.ts";
import { layout, prune, storedDatabase } from "./layout.ts";
import { createManifest } from "./manifest.ts";
import type { ManifestHeader } from "./manifest.ts";
import { openBackupFolder } from "./folder.ts";
import type { DataPaths } from "./folder.ts";
import { refuseOtherDatabase } from "./previous.ts";
import { BackupError, diskFull, workingOn } from "./problem.ts";

export type BackupReport = Content & {
  /** What the database has that this program has not made: `restore` refuses it. */
  schemaFaults: string[];
  header: ManifestHeader;
  /** Recordings and large bodies that were not in the folder before. */
  copied: { files: number; bytes: number };
};

type Options = { paths: DataPaths; folder: string; clock: Clock };

/**
 * Backs up a receiver's data, which may go on receiving: everything that was stored when this began. Interrupted at any
 * moment, it leaves the backup that was in the folder before. Memory grows by about 200 bytes a recording.
 *
 * @throws BackupError if it can't be made
 */
export async function makeBackup(options: Options): Promise<BackupReport> {
  const { paths, folder } = options;
  if (!(await workingOn(paths.databasePath, () => exists(paths.databasePath)))) {
    throw new BackupError(
      `${paths.databasePath} is not there: nothing has been stored yet, or TRANSCRIPT_STORAGE_PATH names another file`,
    );
  }
  const unlock = await openBackupFolder(folder, paths);
  try {
    return await workingOn(folder, () => fillFolder(options));
  } finally {
    // What a full disk has cut off gives its room back.
    await rm(layout.unfinished(folder), { recursive: true, force: true });
    unlock();
  }
}

async function fillFolder({ paths, folder, clock }: Options): Promise<BackupReport> {
  const { databasePath } = paths;
  const collector = createCollector(folder);
  const createdAt = new Date(clock.nowMs()).toISOString();

  // The database first: the files of its rows were there before them.
  const copy = collector.temporary();
  await copyDatabase(databasePath, copy, folder);
  const live = await workingOn(databasePath, () => openSnapshot(databasePath));
  const snapshot = openSnapshot(copy);
  try {
    await refuseOtherDatabase(folder, databasePath, snapshot);
    const database = await collector.adoptDatabase(copy);
    const header = { schema: snapshot.schema, created_at: createdAt, database, ...eventsOf(snapshot) };
    const manifest = await createManifest(collector.temporary(), header);
    const needed = new Set([storedDatabase(database.sha256)]);
    const content = await collectContent({ paths, folder, snapshot, live, collector, manifest }, needed);
    await collector.sync();
    await manifest.finish();
    await moveDurably(manifest.path, layout.manifest(folder));
    await prune(folder, (stored) => needed.has(stored));
    const schemaFaults = snapshot.schemaFaults();
    return { ...content, header: manifest.header, copied: collector.copied, schemaFaults };
  } finally {
    snapshot.close();
    live.close();
  }
}

async function copyDatabase(databasePath: string, target: string, folder: string): Promise<void> {
  await workingOn(databasePath, () => {
    try {
      copyDatabaseTo(databasePath, target);
    } catch (error) {
      if (hasCode(error, "SQLITE_FULL")) throw diskFull(folder);
      throw error;
    }
  });
  await syncFile(target);
}

function eventsOf(snapshot: Snapshot) {
  const lastEventId = snapshot.lastEventId();
  return {
    events: snapshot.countEvents(),
    last_event_id: lastEventId,
    last_event_sha256: snapshot.bodySha256(lastEventId),
  };
}
