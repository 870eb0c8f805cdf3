import { mkdir, readdir, realpath, rm, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { hasCode } from "../platform/errors.ts";
import { exists, syncFolder } from "../platform/files.ts";
import { takeLock } from "../store/sqlite/data-lock.ts";
import { layout } from "./layout.ts";
import { readHeader } from "./manifest.ts";
import { BackupError, workingOn } from "./problem.ts";

/** Where a receiver keeps its data. */
export type DataPaths = { databasePath: string; audioFolder: string };

/**
 * Takes a folder to back up into: an empty or a new one, or one with a backup, whole or interrupted.
 *
 * @returns a function that frees it
 * @throws BackupError if it is in use or is something else; nothing is changed then
 */
export async function openBackupFolder(folder: string, paths: DataPaths): Promise<() => void> {
  await refuseNesting(folder, paths);
  const names = await namesIn(folder);
  const has = (path: string) => names?.includes(basename(path)) === true;
  if (has(layout.manifest(folder))) await workingOn(folder, () => readHeader(layout.manifest(folder)));
  else if (names !== null && names.length > 0 && !has(layout.lock(folder)))
    throw new BackupError(
      `${folder} is not empty and holds no backup: name a new folder, such as one in it`,
      true,
    );

  return workingOn(folder, async () => {
    if (names === null) {
      await mkdir(folder, { mode: 0o700 });
      await syncFolder(dirname(folder));
    }
    const unlock = takeLock(layout.lock(folder));
    if (unlock === null)
      throw new BackupError(`another backup is being made in ${folder}: wait until it is done`);
    const unfinished = layout.unfinished(folder);
    await rm(unfinished, { recursive: true, force: true });
    await mkdir(unfinished, { mode: 0o700 });
    return unlock;
  });
}

/** What a folder holds; null if it is not there. */
async function namesIn(folder: string): Promise<string[] | null> {
  const parent = dirname(folder);
  return workingOn(folder, async () => {
    try {
      return await readdir(folder);
    } catch (error) {
      if (hasCode(error, "ENOTDIR")) throw new BackupError(`${folder} is not a folder: name another`, true);
      if (!hasCode(error, "ENOENT")) throw error;
    }
    // Not made: it may be the mount point of a disk that is not there.
    if (!(await exists(parent)))
      throw new BackupError(`${parent} is not there: make it, or see whether its disk is mounted`, true);
    return null;
  });
}

/** A backup within the data would back up itself or go with it; data within a backup would be in its way. */
export async function refuseNesting(folder: string, { databasePath, audioFolder }: DataPaths): Promise<void> {
  const backup = await realPath(folder);
  for (const dataFolder of [dirname(databasePath), audioFolder]) {
    const data = await realPath(dataFolder);
    if (isWithin(backup, data)) {
      throw new BackupError(
        `${folder} is in the folder of the data, ${dataFolder}: name one outside of it, best on another disk`,
        true,
      );
    }
    if (isWithin(data, backup))
      throw new BackupError(
        `the folder of the data, ${dataFolder}, is in ${folder}: name a folder of its own for the backup`,
        true,
      );
  }
}

/** Without symlinks, for a path that need not be there. */
async function realPath(path: string): Promise<string> {
  try {
    return await realpath(path);
  } catch {
    const parent = dirname(path);
    return parent === path ? path : join(await realPath(parent), basename(path));
  }
}

function isWithin(inner: string, outer: string): boolean {
  return inner === outer || inner.startsWith(outer.endsWith("/") ? outer : `${outer}/`);
}

/** @throws BackupError if the folder holds no backup */
export async function requireBackup(folder: string): Promise<void> {
  await workingOn(folder, async () => {
    if (!(await exists(folder)))
      throw new BackupError(`${folder} is not there: name a backup's folder`, true);
    if (!(await stat(folder)).isDirectory()) throw new BackupError(`${folder} is not a folder`, true);
    if (!(await exists(layout.manifest(folder))))
      throw new BackupError(
        `${folder} holds no backup, or one that was never finished: name another folder`,
        true,
      );
  });
}
