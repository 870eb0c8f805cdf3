import { constants } from "node:fs";
import { chmod, copyFile, lstat, open, utimes } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { hasCode } from "../platform/errors.ts";
import { TemporaryFile } from "../platform/files.ts";
import { fileSha256 } from "../platform/files.ts";

const FILE_MODE = 0o600;
const COPIED_AT_ONCE_BYTES = 1024 * 1024;

/** What a file holds and when it was written. */
type FileFacts = { byteCount: number; modifiedAtMs: number };

/** null if there is no such file, or something else is in its place, such as a symlink. */
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
 * Copies into a file that is not there yet, sharing the blocks if the file system can and a path is given. When it returns
 * the copy is on disk. The hash is that of the copy, read back.
 *
 * @param from a file that is open already if it can't be opened with the rights that the copy is to be made with
 * @returns null if the file to copy is not there any more
 */
export async function copyDurably(
  from: string | FileHandle,
  to: string,
): Promise<{ byteCount: number; sha256: string } | null> {
  const mtime = typeof from === "string" ? await copyNamed(from, to) : await copyOpen(from, to);
  if (mtime === null) return null;
  await chmod(to, FILE_MODE);
  await utimes(to, new Date(), mtime);
  await syncFile(to);
  const copied = await fileFacts(to);
  return { byteCount: copied?.byteCount ?? 0, sha256: await fileSha256(to) };
}

/** Returns when it was written. */
async function copyNamed(from: string, to: string): Promise<Date | null> {
  const facts = await fileFacts(from);
  if (facts === null) return null;
  try {
    await copyFile(from, to, constants.COPYFILE_FICLONE | constants.COPYFILE_EXCL);
  } catch (error) {
    if (hasCode(error, "ENOENT") && (await fileFacts(from)) === null) return null;
    throw error;
  }
  return new Date(facts.modifiedAtMs);
}

async function copyOpen(from: FileHandle, to: string): Promise<Date> {
  const { mtime } = await from.stat();
  const copy = await TemporaryFile.create(to, { isFlushedEarly: true });
  try {
    const buffer = Buffer.allocUnsafe(COPIED_AT_ONCE_BYTES);
    for (let position = 0; ; position = copy.byteCount) {
      const { bytesRead } = await from.read(buffer, 0, buffer.byteLength, position);
      if (bytesRead === 0) break;
      copy.write(buffer.subarray(0, bytesRead));
    }
    await copy.sync();
  } catch (error) {
    await copy.discard();
    throw error;
  }
  return mtime;
}

/** The hash of a file's content; null if it is gone, or can't be read for lack of rights or a damaged disk. */
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
