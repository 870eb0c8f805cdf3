import { readdir, readFile, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { exists, moveDurably, syncFolder } from "../platform/files.ts";
import { asUser } from "../platform/user.ts";
import type { User } from "../platform/user.ts";
import { lockData, lockRecordings } from "../store/sqlite/data-lock.ts";
import { restoringMark, runningMark, setMark } from "../store/files/marks.ts";
import { markRestored } from "../store/files/recordings-owner.ts";
import { replaceDataId } from "../store/sqlite/data-id.ts";
import { openSnapshot } from "../store/sqlite/snapshot.ts";
import { recordingFiles } from "../store/files/blobs.ts";
import { layout, storedDatabase, storedPath } from "./layout.ts";
import { readManifest } from "./manifest.ts";
import { makeFolderFor, restoringUser } from "./owner.ts";
import { refuseNesting, requireBackup } from "./folder.ts";
import type { DataPaths } from "./folder.ts";
import { BackupError, workingOn } from "./problem.ts";
import { copyChecked, restoreFile } from "./restore-file.ts";
import { verifyBackup } from "./verify.ts";
import type { VerifyReport } from "./verify.ts";

/** What is restored, where to, and as whom. */
type Restore = { folder: string; paths: DataPaths; user: User | null };

/**
 * Puts the data of a backup, which is verified before, in a place without any. The database comes last, so that no
 * receiver starts on half of it; interrupted, it goes on where it was when it is run again. Root does it with the rights
 * of the user that it is restored for, and reads nothing but the backup with its own.
 *
 * @throws BackupError if there is data already, a receiver runs there, or the backup has faults; nothing is changed
 *   then
 */
export async function restoreBackup({
  folder,
  paths,
}: {
  folder: string;
  paths: DataPaths;
}): Promise<VerifyReport> {
  const { databasePath, audioFolder } = paths;
  await requireBackup(folder);
  await refuseNesting(folder, paths);
  const user = await workingOn(dirname(databasePath), () => restoringUser(paths));
  // Now for those who would wait for the verification in vain, and again when nobody else can put data there.
  await asUser(user, () => refuseData(paths));
  const report = await verifyBackup(folder);
  if (report.faults.count > 0) {
    throw new BackupError(
      `${folder} has faults and is not restored, such as: ${report.faults.first[0]}. Use another backup`,
    );
  }
  await workingOn(dirname(databasePath), () => makeFolderFor(user, dirname(databasePath)));
  const unlock = await workingOn(databasePath, () => asUser(user, () => lockData(databasePath)));
  let unlockRecordings = (): void => {};
  try {
    unlockRecordings = await workingOn(audioFolder, () => asUser(user, () => lockIfThere(audioFolder)));
    await asUser(user, () => refuseData(paths, report.header.database.sha256));
    await workingOn(databasePath, () => restoreAll({ folder, paths, user }, report));
  } finally {
    await asUser(user, () => {
      unlockRecordings();
      unlock();
    });
  }
  return report;
}

/** Of a folder that is not there yet nobody else keeps recordings. */
async function lockIfThere(audioFolder: string): Promise<() => void> {
  return (await exists(audioFolder)) ? lockRecordings(audioFolder) : () => {};
}

async function restoreAll({ folder, paths, user }: Restore, { header }: VerifyReport): Promise<void> {
  const { databasePath, audioFolder } = paths;
  const mark = restoringMark(databasePath);
  const touchedFolders = new Set<string>();
  await asUser(user, () => setMark(mark, header.database.sha256));
  for await (const line of readManifest(layout.manifest(folder))) {
    if (!("path" in line)) continue;
    const to = line.path.startsWith("audio/")
      ? { base: audioFolder, path: line.path.slice("audio/".length) }
      : { base: dirname(databasePath), path: line.path };
    await workingOn(to.base, async () => {
      await makeFolderFor(user, to.base);
      await restoreFile(join(folder, storedPath(line)), to, line, user);
    });
    touchedFolders.add(dirname(join(to.base, to.path)));
  }
  const unfinished = `${mark}.tmp`;
  const stored = join(folder, storedDatabase(header.database.sha256));
  await copyChecked(stored, unfinished, header.database, user);
  await asUser(user, async () => {
    replaceDataId(unfinished);
    for (const path of touchedFolders) await syncFolder(path);
    await markRecordings(unfinished, paths);
    // The first start then looks for every file, and for recordings that are newer than their rows.
    await setMark(runningMark(databasePath));
    await moveDurably(unfinished, databasePath);
    await rm(mark);
    await syncFolder(dirname(mark));
  });
}

async function markRecordings(
  restoredDatabase: string,
  { databasePath, audioFolder }: DataPaths,
): Promise<void> {
  const snapshot = openSnapshot(restoredDatabase);
  const id = snapshot.recordingsOwner();
  snapshot.close();
  await workingOn(audioFolder, () => markRestored(audioFolder, { id, databasePath }));
}

/** @param sha256 of the database in the backup: a restore of another one is not to be continued with this */
async function refuseData(paths: DataPaths, sha256?: string): Promise<void> {
  const mark = restoringMark(paths.databasePath);
  const begun = await workingOn(mark, async () => ((await exists(mark)) ? readFile(mark, "utf8") : null));
  if (begun === null) return refuseAnyData(paths);
  if (sha256 === undefined || begun === "" || begun === sha256) return;
  throw new BackupError(
    `a restore of another backup has not been finished: run that one again, or remove what it has copied and then ${mark}`,
  );
}

async function refuseAnyData({ databasePath, audioFolder }: DataPaths): Promise<void> {
  const folder = dirname(databasePath);
  const database = basename(databasePath);
  await workingOn(folder, async () => {
    const names = (await exists(folder)) ? await readdir(folder) : [];
    // How far destinations were sent the events of what was there before: see replaceDataId.
    const isKept = (name: string) =>
      /^\.(lock\d?(-journal)?|forward(-wal|-shm)?)$/.test(name.slice(database.length));
    // The database itself comes first: it is what the operator knows.
    const name = names.toSorted().find((each) => each.startsWith(database) && !isKept(each));
    if (name !== undefined) refuse(join(folder, name));
    const quarantine = join(folder, "quarantine");
    if (names.includes("quarantine") && (await readdir(quarantine)).length > 0) refuse(quarantine);
  });
  await workingOn(audioFolder, async () => {
    if ((await recordingFiles(audioFolder).list()).length > 0) refuse(audioFolder);
  });
}

function refuse(path: string): never {
  throw new BackupError(
    `${path} holds data, and a restore never overwrites any: stop the receiver and move it away, or name another place`,
  );
}
