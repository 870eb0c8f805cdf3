import { realFile, removablePath, removeRealFile } from "../../platform/real-files.ts";
import type { RealFile } from "../../platform/real-files.ts";

import { isRecordingPath } from "../../model/recording.ts";

const BODY = /^quarantine\/[0-9a-f]{64}\.body$/;

/** A file that rows name: a recording, or a body that is not in its row. */
export type DataFileKind = "recording" | "body";

/** True for a name that the program gives. A row's may be another: its database may come from anybody. */
export function isDataFileName(kind: DataFileKind, path: string): boolean {
  return kind === "recording" ? isRecordingPath(path) : BODY.test(path);
}

/** The file that a row names; null if there is none, or if the name or something on the way leads elsewhere. */
export async function findDataFile(
  kind: DataFileKind,
  folder: string,
  path: string,
): Promise<RealFile | null> {
  return isDataFileName(kind, path) ? realFile(folder, path) : null;
}

/** Where the file that a row names can be removed: see `removeDataFile`. null if there is nothing to remove. */
export async function removableDataFile(
  kind: DataFileKind,
  folder: string,
  path: string,
): Promise<string | null> {
  return isDataFileName(kind, path) ? removablePath(folder, path) : null;
}

/**
 * Removes the file that a row names. What has another name than the program gives is not its own, and stays.
 *
 * @throws UnsafePathError if a symlink is on the way: what is behind it stays too
 */
export async function removeDataFile(kind: DataFileKind, folder: string, path: string): Promise<void> {
  if (isDataFileName(kind, path)) await removeRealFile(folder, path);
}
