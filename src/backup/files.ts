import { constants } from "node:fs";
import { chmod, copyFile, lstat, open, utimes } from "node:fs/promises";
import { hasCode } from "../platform/errors.ts";
import { fileSha256 } from "../store/recordings.ts";

const FILE_MODE = 0o600;

/** What a file holds and when it was written. */
export type FileFacts = { byteCount: number; modifiedAtMs: number };

/** null where there is no such file, or something else is in its place, such as a symlink. */
export async function fileFacts(path: string): Promise<FileFacts | null> {
  try {
    const stat = await lstat(path);
    return stat.isFile() ? { byteCount: stat.size, modifiedAtMs: Math.round(stat.mtimeMs) } : null;
  } catch (error) {
    if (hasCode(error, "ENOENT") || hasCode(error, "ENOTDIR")) return null;
    throw error;
  }
}

/**
 * Copies into a file that is not there yet, sharing the blocks where the file system can. When it returns the copy is
 * on disk. The hash is that of the copy, read back.
 *
 * @returns null where the file to copy is not there any more
 */
export async function copyDurably(
  from: string,
  to: string,
): Promise<{ byteCount: number; sha256: string } | null> {
  const facts = await fileFacts(from);
  if (facts === null) return null;
  try {
    await copyFile(from, to, constants.COPYFILE_FICLONE | constants.COPYFILE_EXCL);
  } catch (error) {
    if (hasCode(error, "ENOENT") && (await fileFacts(from)) === null) return null;
    throw error;
  }
  await chmod(to, FILE_MODE);
  await utimes(to, new Date(), new Date(facts.modifiedAtMs));
  await syncFile(to);
  const copied = await fileFacts(to);
  return { byteCount: copied?.byteCount ?? 0, sha256: await fileSha256(to) };
}

/** The hash of a file's content; null where it is gone, or can't be read for lack of rights or a damaged disk. */
export async function sha256IfReadable(path: string): Promise<string | null> {
  try {
    return await fileSha256(path);
  } catch (error) {
    if (["ENOENT", "EACCES", "EPERM", "EIO"].some((code) => hasCode(error, code))) return null;
    throw error;
  }
}

/** Flushes a file that another has written. */
export async function syncFile(path: string): Promise<void> {
  const handle = await open(path, constants.O_RDONLY);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
