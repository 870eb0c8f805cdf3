import { readdir, readFile, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { exists, makeFolder, moveDurably, syncFolder } from "../platform/files.ts";
import { makeRealFolders } from "../platform/real-files.ts";
import { lockData, lockRecordings } from "../store/data-lock.ts";
import { restoringMark, runningMark, setMark } from "../store/marks.ts";
import { markRestored } from "../store/recordings-owner.ts";
import { openSnapshot } from "../store/snapshot.ts";
import { fileSha256, recordingPaths } from "../store/recordings.ts";
import { copyDurably, fileFacts } from "./files.ts";
import { layout, storedDatabase, storedPath } from "./layout.ts";
import { readManifest } from "./manifest.ts";
import type { ManifestFile } from "./manifest.ts";
import { giveToReceiver } from "./owner.ts";
import { refuseNesting, requireBackup } from "./place.ts";
import type { DataPlace } from "./place.ts";
import { BackupError, workingOn } from "./problem.ts";
import { verifyBackup } from "./verify.ts";
import type { VerifyReport } from "./verify.ts";

/**
 * Puts the data of a backup, which is verified before, where there is none yet. The database comes last, so that no
 * receiver starts on half of it; interrupted, it goes on where it was when it is run again.
 *
 * @throws BackupError where there is data already, a receiver runs there, or the backup has faults; nothing is changed
 *   then
 */
export async function restoreBackup({
  folder,
  place,
}: {
  folder: string;
  place: DataPlace;
}): Promise<VerifyReport> {
  const { databasePath } = place;
  await requireBackup(folder);
  await refuseNesting(folder, place);
  // Now for those who would wait for the verification in vain, and again when nobody else can put data there.
  await refuseData(place);
  const report = await verifyBackup(folder);
  if (report.faults.count > 0) {
    throw new BackupError(
      `${folder} has faults and is not restored, such as: ${report.faults.first[0]}. Use another backup`,
    );
  }
  await workingOn(dirname(databasePath), () => makeFolder(dirname(databasePath)));
  const unlock = await workingOn(databasePath, () => lockData(databasePath));
  let unlockRecordings = (): void => {};
  try {
    unlockRecordings = await workingOn(place.audioFolder, () => lockIfThere(place.audioFolder));
    await refuseData(place, report.header.database.sha256);
    await workingOn(databasePath, () => restoreAll(folder, place, report));
  } finally {
    unlockRecordings();
    unlock();
  }
  return report;
}

/** Of a folder that is not there yet nobody else keeps recordings. */
async function lockIfThere(audioFolder: string): Promise<() => void> {
  return (await exists(audioFolder)) ? lockRecordings(audioFolder) : () => {};
}

async function restoreAll(folder: string, place: DataPlace, { header }: VerifyReport): Promise<void> {
  const { databasePath, audioFolder } = place;
  const mark = restoringMark(databasePath);
  const touchedFolders = new Set<string>();
  await setMark(mark, header.database.sha256);
  for await (const line of readManifest(layout.manifest(folder))) {
    if (!("path" in line)) continue;
    const { base, path } = line.path.startsWith("audio/")
      ? { base: audioFolder, path: line.path.slice("audio/".length) }
      : { base: dirname(databasePath), path: line.path };
    await workingOn(base, () => restoreFile({ folder, base, path }, line));
    touchedFolders.add(dirname(join(base, path)));
  }
  for (const path of touchedFolders) await syncFolder(path);

  const unfinished = `${mark}.tmp`;
  await copyChecked(join(folder, storedDatabase(header.database.sha256)), unfinished, header.database);
  await markRecordings(unfinished, place);
  // The first start then looks for every file, and for recordings that are newer than their rows.
  await setMark(runningMark(databasePath));
  await giveToReceiver(place);
  await moveDurably(unfinished, databasePath);
  await rm(mark);
  await syncFolder(dirname(mark));
}

async function markRecordings(
  restoredDatabase: string,
  { databasePath, audioFolder }: DataPlace,
): Promise<void> {
  const snapshot = openSnapshot(restoredDatabase);
  const id = snapshot.recordingsOwner();
  snapshot.close();
  await workingOn(audioFolder, () => markRestored(audioFolder, { id, databasePath }));
}

async function restoreFile(
  { folder, base, path }: { folder: string; base: string; path: string },
  line: ManifestFile,
): Promise<void> {
  const target = join(base, path);
  await makeFolder(base);
  await makeRealFolders(base, dirname(path));
  if (await exists(target)) {
    const isOurs =
      (await fileFacts(target))?.byteCount === line.bytes && (await fileSha256(target)) === line.sha256;
    if (!isOurs) throw new BackupError(`${target} is there with another content: move it away`);
    return;
  }
  const unfinished = join(base, ".restoring.tmp");
  await copyChecked(join(folder, storedPath(line)), unfinished, line);
  await rename(unfinished, target);
}

/** Copies to where at most an interrupted restore has left something. */
async function copyChecked(
  from: string,
  to: string,
  { bytes, sha256 }: { bytes: number; sha256: string },
): Promise<void> {
  await rm(to, { force: true });
  try {
    const copied = await copyDurably(from, to);
    if (copied?.byteCount !== bytes || copied.sha256 !== sha256)
      throw new BackupError(`${from} changed meanwhile: verify the backup and run this again`);
  } catch (error) {
    await rm(to, { force: true });
    throw error;
  }
}

/** @param sha256 of the database in the backup: a restore of another one is not to be continued with this */
async function refuseData(place: DataPlace, sha256?: string): Promise<void> {
  const mark = restoringMark(place.databasePath);
  const begun = await workingOn(mark, async () => ((await exists(mark)) ? readFile(mark, "utf8") : null));
  if (begun === null) return refuseAnyData(place);
  if (sha256 === undefined || begun === "" || begun === sha256) return;
  throw new BackupError(
    `a restore of another backup has not been finished: run that one again, or remove what it has copied and then ${mark}`,
  );
}

async function refuseAnyData({ databasePath, audioFolder }: DataPlace): Promise<void> {
  const folder = dirname(databasePath);
  const database = basename(databasePath);
  await workingOn(folder, async () => {
    const names = (await exists(folder)) ? await readdir(folder) : [];
    const isLock = (name: string) => name === `${database}.lock` || name === `${database}.lock-journal`;
    const name = names.find((each) => each.startsWith(database) && !isLock(each));
    if (name !== undefined) refuse(join(folder, name));
    const quarantine = join(folder, "quarantine");
    if (names.includes("quarantine") && (await readdir(quarantine)).length > 0) refuse(quarantine);
  });
  await workingOn(audioFolder, async () => {
    if ((await recordingPaths(audioFolder)).length > 0) refuse(audioFolder);
  });
}

function refuse(path: string): never {
  throw new BackupError(
    `${path} holds data, and a restore never overwrites any: stop the receiver and move it away, or name another place`,
  );
}
