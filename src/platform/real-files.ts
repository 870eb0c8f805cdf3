import { lstat, readdir } from "node:fs/promises";
import type { Stats } from "node:fs";
import { dirname, join, parse } from "node:path";
import { hasCode } from "./errors.ts";
import { makeFolder, removeFile, syncFolder } from "./files.ts";

/** A path that leads, or could lead, out of the folder that it should be in. */
export class UnsafePathError extends Error {
  override readonly name = "UnsafePathError";
}

/** A regular file, reached through real folders only. */
type RealFile = { path: string; byteCount: number; modifiedAtMs: number };

/**
 * What is at a path below a folder; null if nothing is there. A symlink at the end is returned as what it is, none on the
 * way is followed: someone who has broken into the receiver could lead another user's command elsewhere with it. The folder
 * itself may be a symlink, since a setting names it.
 *
 * @throws UnsafePathError
 */
async function statBelow(folder: string, path: string): Promise<Stats | null> {
  const parts = path.split("/");
  if (parts.some((part) => ["", ".", ".."].includes(part)))
    throw new UnsafePathError(`${path} leads out of ${folder}`);
  let at = folder;
  for (const [index, part] of parts.entries()) {
    at = join(at, part);
    const stat = await statIfThere(at);
    if (stat === null || index === parts.length - 1) return stat;
    refuseOther(at, stat);
  }
  return null;
}

function refuseOther(path: string, stat: Stats): void {
  if (stat.isDirectory()) return;
  throw new UnsafePathError(
    `${path} is not a folder: symlinks among the data are not followed, put a folder in its place`,
  );
}

async function statIfThere(path: string): Promise<Stats | null> {
  try {
    return await lstat(path);
  } catch (error) {
    if (hasCode(error, "ENOENT") || hasCode(error, "ENOTDIR")) return null;
    throw error;
  }
}

/** null if there is no such file, or something else in its place or on the way to it. */
export async function realFile(folder: string, path: string): Promise<RealFile | null> {
  try {
    const stat = await statBelow(folder, path);
    if (stat === null || !stat.isFile()) return null;
    return { path: join(folder, path), byteCount: stat.size, modifiedAtMs: Math.round(stat.mtimeMs) };
  } catch (error) {
    if (error instanceof UnsafePathError) return null;
    throw error;
  }
}

/** The names in a folder below another; none if it is not there. @throws UnsafePathError */
export async function realNames(folder: string, path: string): Promise<string[]> {
  const stat = await statBelow(folder, path);
  if (stat === null) return [];
  refuseOther(join(folder, path), stat);
  return readdir(join(folder, path));
}

/** Where a file is that may be removed, for those who do so themselves; null if it is gone. @throws UnsafePathError */
export async function removablePath(folder: string, path: string): Promise<string | null> {
  return (await statBelow(folder, path)) === null ? null : join(folder, path);
}

/** Removes a file, durably; one that is gone, with its folder or without, is removed. @throws UnsafePathError */
export async function removeRealFile(folder: string, path: string): Promise<void> {
  if ((await statBelow(folder, path)) === null) return;
  await removeFile(join(folder, path));
  await syncFolder(dirname(join(folder, path)));
}

/** Makes folders within a folder. @throws UnsafePathError */
export async function makeRealFolders(folder: string, path: string): Promise<void> {
  let at = folder;
  for (const part of path.split("/")) {
    at = join(at, part);
    await makeFolder(at);
    refuseOther(at, await lstat(at));
  }
}

/** The first symlink on the way to a path, and at its end, that somebody other than root has made; null if there is none. */
export async function linkOfOthers(path: string): Promise<string | null> {
  const { root } = parse(path);
  let at = root;
  for (const part of path.slice(root.length).split("/")) {
    at = join(at, part);
    const stat = await statIfThere(at);
    if (stat === null) return null;
    if (stat.isSymbolicLink() && stat.uid !== 0) return at;
  }
  return null;
}
