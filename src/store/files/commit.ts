import { linkSync, lstatSync, renameSync } from "node:fs";
import { dirname, join } from "node:path";
import { hasCode } from "../../platform/errors.ts";
import { onFileNow } from "../../platform/faults.ts";
import { syncFolder } from "../../platform/files.ts";
import type { Leftovers } from "./leftovers.ts";

/** What file systems without hard links answer to `link`: vfat, some network and user-space ones. */
const NO_LINKS = ["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS"];

/** Names that files are being committed to now. */
const underWay = new Map<string, Promise<unknown>>();

/**
 * Does what gives a name after everyone else who wants the same one: a name that is taken back because its folder could
 * not be flushed is nobody else's by then.
 */
export async function inTurn<T>(name: string, work: () => Promise<T>): Promise<T> {
  while (underWay.has(name)) await underWay.get(name)?.catch(() => {});
  const done = work();
  underWay.set(name, done);
  try {
    return await done;
  } finally {
    underWay.delete(name);
  }
}

/**
 * Gives a temporary file its final name below a folder; it is on disk when this returns. What is there under that name is
 * never replaced.
 *
 * @returns false if the name is taken
 * @throws FileFault; the name is taken back then, or is still to be removed
 */
export async function commitFile(
  from: string,
  { folder, path }: { folder: string; path: string },
  leftovers: Leftovers,
): Promise<boolean> {
  await leftovers.clear(folder, path);
  const to = join(folder, path);
  if (!onFileNow(to, () => renameIfFree(from, to))) return false;
  try {
    await syncFolder(dirname(to));
  } catch (error) {
    await leftovers.remove(folder, path);
    throw error;
  }
  return true;
}

/**
 * Gives a file another name unless that is taken. By a link, which the system refuses if there is a file: another
 * delivery, of this process or of its predecessor that is finishing, may want the same name at this moment.
 */
function renameIfFree(from: string, to: string): boolean {
  try {
    // The temporary name goes when the temporary file is discarded.
    linkSync(from, to);
    return true;
  } catch (error) {
    if (hasCode(error, "EEXIST")) return false;
    if (!NO_LINKS.some((code) => hasCode(error, code))) throw error;
    return renameWithoutLinks(from, to);
  }
}

/** For file systems without links: looks and renames without a pause, which no other delivery of this process can use. */
function renameWithoutLinks(from: string, to: string): boolean {
  try {
    lstatSync(to);
    return false;
  } catch (error) {
    if (!hasCode(error, "ENOENT")) throw error;
  }
  renameSync(from, to);
  return true;
}
