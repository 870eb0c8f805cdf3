import { rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { makeFolder, moveDurably, syncFolder } from "../platform/files.ts";
import type { TemporaryFile } from "../platform/files.ts";

/** Larger quarantined bodies are kept as a file, smaller ones in the event's row. */
export const QUARANTINE_ROW_BYTES_MAX = 1024 * 1024;

/**
 * Turns the temporary file of a signed body that can't be processed into its quarantined file, exact to the byte.
 * Returns the path relative to the folder of the database; the file is on disk then.
 */
export async function quarantineBody(
  databaseFolder: string,
  file: TemporaryFile,
  bodySha256: string,
): Promise<string> {
  const folder = join(databaseFolder, "quarantine");
  await makeFolder(folder);
  await file.sync();
  const path = join(folder, `${bodySha256}.body`);
  await moveDurably(file.path, path);
  return join(basename(folder), basename(path));
}

/** Takes back a body that is not to be kept after all. */
export async function removeBody(databaseFolder: string, path: string): Promise<void> {
  await rm(join(databaseFolder, path), { force: true });
  await syncFolder(dirname(join(databaseFolder, path)));
}
