import { lstat } from "node:fs/promises";
import { join } from "node:path";
import { errorCode } from "../platform/errors.ts";
import { realFile } from "../platform/real-files.ts";
import { schemaVersion } from "../store/sqlite/database.ts";
import { fileSha256 } from "../platform/files.ts";
import { openSnapshot } from "../store/sqlite/snapshot.ts";
import type { NamedFile } from "../store/sqlite/snapshot.ts";
import { layout, storedDatabase, storedPath } from "./layout.ts";
import { isDataPath, readHeader, readManifest } from "./manifest.ts";
import type { ManifestFile, ManifestHeader } from "./manifest.ts";
import { requireBackup } from "./folder.ts";
import { BackupError, workingOn } from "./problem.ts";

const FAULTS_SHOWN_MAX = 10;

export type VerifyReport = {
  header: ManifestHeader;
  files: number;
  bytes: number;
  /** Files that were not there any more when the backup was made. */
  leftOut: number;
  faults: { count: number; first: string[] };
};

type Faults = VerifyReport["faults"];

/** What the manifest says of the files of the data, by their paths. */
type Known = Map<string, Pick<ManifestFile, "bytes" | "sha256"> | "left out">;

/**
 * Reads a backup whole and checks that it is what its manifest says, its database intact, and its rows and files fit.
 * Memory grows by about 300 bytes a file.
 *
 * @throws BackupError if the folder holds no backup that this program can read, or a new one is made meanwhile
 */
export async function verifyBackup(folder: string): Promise<VerifyReport> {
  await requireBackup(folder);
  return workingOn(folder, async () => {
    const path = layout.manifest(folder);
    const { ino } = await lstat(path);
    const header = await readHeader(path);
    if (header.schema > schemaVersion && !(await isForThisVersion(folder, header))) {
      throw new BackupError(
        `${folder} has schema ${header.schema}, this version of the program knows ${schemaVersion}: use version ${header.program} or a newer one`,
      );
    }
    const report: VerifyReport = { header, files: 0, bytes: 0, leftOut: 0, faults: { count: 0, first: [] } };
    const known = await verifyFiles(folder, report);
    await verifyDatabase(folder, report, known);
    if (report.faults.count > 0 && (await lstat(path)).ino !== ino)
      throw new BackupError(`a new backup was made in ${folder} meanwhile: run this again`);
    return report;
  });
}

/** Whether a newer version has made the database so that this one may use it. */
async function isForThisVersion(folder: string, { database, schema }: ManifestHeader): Promise<boolean> {
  const file = await realFile(folder, storedDatabase(database.sha256));
  if (file === null) return false;
  try {
    const snapshot = openSnapshot(file.path);
    const isFor = snapshot.schema === schema && snapshot.oldestWriter() <= schemaVersion;
    snapshot.close();
    return isFor;
  } catch {
    // What is wrong with it is said where it is read whole.
    return false;
  }
}

async function verifyFiles(folder: string, report: VerifyReport): Promise<Known> {
  const known: Known = new Map();
  for await (const line of readManifest(layout.manifest(folder))) {
    if ("left_out" in line) {
      known.set(line.left_out, "left out");
      report.leftOut += 1;
    } else if ("path" in line) {
      if (known.has(line.path)) note(report.faults, `the manifest names ${line.path} twice`);
      known.set(line.path, { bytes: line.bytes, sha256: line.sha256 });
      report.files += 1;
      report.bytes += line.bytes;
      await verifyStored(folder, storedPath(line), line, report.faults);
    }
  }
  return known;
}

/** Returns whether a stored file is what it has to be. */
async function verifyStored(
  folder: string,
  stored: string,
  { bytes, sha256 }: { bytes: number; sha256: string },
  faults: Faults,
): Promise<boolean> {
  const file = await realFile(folder, stored);
  if (file === null) note(faults, `${stored} is missing`);
  else if (file.byteCount !== bytes)
    note(faults, `${stored} has ${file.byteCount} bytes instead of ${bytes}`);
  else if ((await fileSha256(file.path)) !== sha256) note(faults, `${stored} has another content`);
  else return true;
  return false;
}

async function verifyDatabase(folder: string, report: VerifyReport, known: Known): Promise<void> {
  const { header, faults } = report;
  const stored = storedDatabase(header.database.sha256);
  if (!(await verifyStored(folder, stored, header.database, faults))) return;
  try {
    const database = openSnapshot(join(folder, stored));
    try {
      if (database.schema !== header.schema)
        return note(faults, `${stored} has schema ${database.schema} instead of ${header.schema}`);
      // Before anything that has SQLite evaluate what is in it.
      const schemaFaults = database.schemaFaults();
      for (const fault of schemaFaults) note(faults, `in ${stored} ${fault}`);
      if (schemaFaults.length > 0) return;
      const fault = database.fault();
      if (fault !== null) note(faults, `${stored} is damaged: ${fault}`);
      for (const row of database.recordings()) compare({ ...row, path: `audio/${row.path}` }, known, faults);
      for (const row of database.quarantinedBodies()) compare(row, known, faults);
    } finally {
      database.close();
    }
  } catch (error) {
    note(faults, `${stored} can't be read (${errorCode(error)})`);
  }
}

/** A row names a file that the backup has, as the row says. */
function compare({ path, byteCount, sha256 }: NamedFile, known: Known, faults: Faults): void {
  if (!isDataPath(path)) return note(faults, `a row names ${path}, which is no name of a file of the data`);
  const file = known.get(path);
  if (file === "left out") return;
  if (file === undefined) note(faults, `a row names ${path}, which is not in the backup`);
  else if ((byteCount ?? file.bytes) !== file.bytes || (sha256 ?? file.sha256) !== file.sha256)
    note(faults, `${path} is not what its row says`);
}

function note(faults: Faults, fault: string): void {
  faults.count += 1;
  if (faults.first.length < FAULTS_SHOWN_MAX) faults.first.push(fault);
}
