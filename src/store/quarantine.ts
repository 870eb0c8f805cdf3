import { rm } from "node:fs/promises";
import { basename, join } from "node:path";
import { moveDurably } from "../platform/files.ts";
import type { TemporaryFile } from "../platform/files.ts";
import type { Log } from "../platform/log.ts";
import { makeRealFolders, realNames } from "../platform/real-files.ts";
import type { Connection } from "./connection.ts";
import { removeDataFile } from "./data-files.ts";

const FOLDER = "quarantine";
const NAME = /^([0-9a-f]{64})\.body$/;

/** A larger body that can't be processed is kept as a file, a smaller one in the event's row. */
export const QUARANTINE_ROW_BYTES_MAX = 1024 * 1024;

/**
 * Gives the temporary file of a signed body that is not to be in a row its name, exact to the byte: one that can't be
 * processed, or one that nothing is derived from and that is too large. Both are in one folder: versions that only know
 * of the former find, erase and restore the latter too.
 *
 * @returns the path relative to the folder of the database; the file is on disk then
 */
export async function quarantineBody(
  databaseFolder: string,
  file: TemporaryFile,
  bodySha256: string,
): Promise<string> {
  const folder = join(databaseFolder, FOLDER);
  await makeRealFolders(databaseFolder, FOLDER);
  await file.sync();
  const path = join(folder, `${bodySha256}.body`);
  await moveDurably(file.path, path);
  return join(basename(folder), basename(path));
}

/** Takes back a body that is not to be kept after all. */
export function removeBody(databaseFolder: string, path: string): Promise<void> {
  return removeDataFile("body", databaseFolder, path);
}

/**
 * Removes bodies that have been processed since: a stop between the commit that says so and the removal of the file
 * leaves one. A body that nothing tells of stays.
 */
export async function removeLeftBodies(
  databaseFolder: string,
  connection: Connection,
  log: Log,
): Promise<void> {
  const folder = join(databaseFolder, FOLDER);
  let count = 0;
  for (const name of await realNames(databaseFolder, FOLDER)) {
    const [, bodySha256] = NAME.exec(name) ?? [];
    if (bodySha256 === undefined || connection.isBodyFile(join(FOLDER, name))) continue;
    if (!connection.isProcessed(bodySha256)) continue;
    await rm(join(folder, name), { force: true });
    count += 1;
  }
  if (count > 0) log.info("Removed quarantined bodies that have been processed", { count });
}
