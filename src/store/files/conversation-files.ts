import { lstat, readdir } from "node:fs/promises";
import { join } from "node:path";
import { hasCode } from "../../platform/errors.ts";
import { findDataFile } from "./data-files.ts";
import { isRecordingName, readPath, stemOf } from "../../model/recording.ts";
import { fileSha256 } from "./recordings.ts";

/** The recordings of some conversations, and the first error of a folder that could not be read. */
export type FoundRecordings = { pathsOf: (conversationId: string) => string[]; problem: Error | null };

/**
 * Finds the recordings of conversations among those of all days, whether a row names them or not: the day of a recording
 * is that of its own event, which need not be there, nor be that of the conversation's other events.
 *
 * @returns paths relative to the folder of the recordings
 */
export async function findRecordings(
  folder: string,
  conversationIds: readonly string[],
): Promise<FoundRecordings> {
  const ids = new Map(conversationIds.map((id) => [stemOf(id), id]));
  const found = new Map<string, string[]>();
  let problem: Error | null = null;

  async function ownerOf(path: string): Promise<string | null> {
    const { stem, second } = readPath(path);
    const owner = ids.get(stem);
    if (owner !== undefined) return owner;
    const other = ids.get(second?.stemOfFirst ?? "");
    if (second === null || other === undefined) return null;
    if ((await findDataFile("recording", folder, path)) === null) return null;
    return (await fileSha256(join(folder, path))).startsWith(second.hashStart) ? other : null;
  }

  async function lookIn(day: string): Promise<void> {
    for (const name of await namesIn(join(folder, day))) {
      if (!isRecordingName(name)) continue;
      const owner = await ownerOf(`${day}/${name}`);
      if (owner !== null) found.set(owner, [...(found.get(owner) ?? []), `${day}/${name}`]);
    }
  }

  async function walk(parts: string[]): Promise<void> {
    try {
      if (parts.length === 3) return await lookIn(parts.join("/"));
      for (const name of await foldersIn(join(folder, ...parts))) await walk([...parts, name]);
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      problem ??= error;
    }
  }

  await walk([]);
  return { pathsOf: (id) => found.get(id) ?? [], problem };
}

/** Folders that are named by numbers, as those of years, months and days are. Symlinks are not followed. */
async function foldersIn(folder: string): Promise<string[]> {
  const names = (await namesIn(folder)).filter((name) => /^\d{2,4}$/.test(name));
  const areFolders = await Promise.all(names.map((name) => isFolder(join(folder, name))));
  return names.filter((_, index) => areFolders[index]);
}

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await lstat(path)).isDirectory();
  } catch (error) {
    if (isGone(error)) return false;
    throw error;
  }
}

/** None if the folder is gone. */
async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (isGone(error)) return [];
    throw error;
  }
}

function isGone(error: unknown): boolean {
  return hasCode(error, "ENOENT") || hasCode(error, "ENOTDIR");
}
