import { lstat } from "node:fs/promises";
import { basename, join } from "node:path";
import { hasCode } from "../platform/errors.ts";

const RECORDING_PATH = /^\d{4}\/\d\d\/\d\d\/[\w-]+\.mp3$/;

/** A file that is there, as it should be. */
export type SoundFile = { path: string; byteCount: number; name: string };

/**
 * Looks for a recording on disk.
 *
 * @param path as its row has it
 * @returns null where there is no such file, or one of another size than its row says
 */
export async function findRecordingFile(
  folder: string,
  path: string,
  byteCount: number | null,
): Promise<SoundFile | null> {
  if (!RECORDING_PATH.test(path)) return null;
  const file = join(folder, path);
  try {
    const stat = await lstat(file);
    if (!stat.isFile() || stat.size !== byteCount) return null;
    return { path: file, byteCount: stat.size, name: basename(path) };
  } catch (error) {
    if (hasCode(error, "ENOENT") || hasCode(error, "ENOTDIR")) return null;
    throw error;
  }
}
