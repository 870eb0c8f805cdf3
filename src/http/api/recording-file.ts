import { basename } from "node:path";
import { realFile } from "../../platform/real-files.ts";

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
  const file = await realFile(folder, path);
  return file?.byteCount === byteCount ? { path: file.path, byteCount, name: basename(path) } : null;
}
