import { linkSync, lstatSync, renameSync, unlinkSync } from "node:fs";
import { lstat } from "node:fs/promises";
import { join } from "node:path";
import { hasCode } from "../platform/errors.ts";
import { exists, syncFolder } from "../platform/files.ts";
import type { TemporaryFile } from "../platform/files.ts";
import { makeRealFolders } from "../platform/real-files.ts";
import { removeDataFile } from "./data-files.ts";
import { openSpool } from "./spool.ts";

/** A recording on disk. */
export type Recording = {
  /** Relative to the folder of the recordings: `2026/11/02/conv_1.mp3`. */
  path: string;
  byteCount: number;
  /** Lower-case hex. */
  sha256: string;
};

export type Recordings = Awaited<ReturnType<typeof openRecordings>>;

const SAFE_ID = /^[A-Za-z0-9_-]{1,128}$/;
/** What file systems without hard links answer to `link`: vfat, some network and user-space ones. */
const NO_LINKS = ["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS"];
const YEAR_MIN = 2020;
const YEAR_MAX = 2099;

/** Opens the folder of the recordings; to be called by the holder of the data lock only. */
export async function openRecordings(
  folder: string,
  databasePath: string,
  options: { isShared?: boolean } = {},
) {
  const spool = await openSpool(folder, databasePath, options);

  return {
    folder,

    /** A temporary file to write a recording to; it ends in `keep` or is discarded. */
    create: () => spool.create({ isFlushedEarly: true }),

    /**
     * Gives a complete recording its name. When this returns, file, name and new folders are on disk. Another recording
     * of the same conversation is never replaced: a different one gets its hash in its name.
     */
    async keep(
      file: TemporaryFile,
      about: { conversationId: string; sha256: string; eventTimestamp: number | null; receivedAtMs: number },
    ): Promise<Recording> {
      await file.sync();
      const dateFolder = datePath(about.eventTimestamp, about.receivedAtMs);
      await makeRealFolders(folder, dateFolder);
      const stem = fileStem(about.conversationId);
      for (const name of [`${stem}.mp3`, `${stem}-${about.sha256.slice(0, 12)}.mp3`]) {
        const recording = { path: `${dateFolder}/${name}`, byteCount: file.byteCount, sha256: about.sha256 };
        const target = join(folder, recording.path);
        if (renameIfFree(file.path, target)) {
          await syncFolder(join(folder, dateFolder));
          return recording;
        }
        if (await hasContent(target, recording)) {
          await file.discard();
          // The one that is there may have been renamed just before a crash, its name not yet on disk.
          await syncFolder(join(folder, dateFolder));
          return recording;
        }
      }
      throw new Error(`${join(folder, dateFolder)} holds other files under the names for ${stem}`);
    },

    /** Takes back a recording that is not to be kept after all. */
    remove: ({ path }: Recording): Promise<void> => removeDataFile("recording", folder, path),
  };
}

/** The name of a recording without its ending: never an unchecked id. */
export function fileStem(conversationId: string): string {
  if (SAFE_ID.test(conversationId)) return conversationId;
  return `sha256-${new Bun.CryptoHasher("sha256").update(conversationId).digest("hex")}`;
}

/** `YYYY/MM/DD` of the event in UTC, or of its receipt where the event has no sensible date. */
function datePath(eventTimestamp: number | null, receivedAtMs: number): string {
  const event = new Date((eventTimestamp ?? Number.NaN) * 1000);
  const year = event.getUTCFullYear();
  const date = year >= YEAR_MIN && year <= YEAR_MAX ? event : new Date(receivedAtMs);
  return date.toISOString().slice(0, 10).replaceAll("-", "/");
}

/**
 * Gives a file another name unless that is taken. By a link, which the system refuses where there is a file: another
 * delivery, of this process or of its predecessor that is finishing, may want the same name at this moment.
 */
function renameIfFree(from: string, to: string): boolean {
  try {
    linkSync(from, to);
  } catch (error) {
    if (hasCode(error, "EEXIST")) return false;
    if (!NO_LINKS.some((code) => hasCode(error, code))) throw error;
    return renameWithoutLinks(from, to);
  }
  unlinkSync(from);
  return true;
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

async function hasContent(path: string, recording: Recording): Promise<boolean> {
  const stat = await lstat(path);
  if (!stat.isFile() || stat.size !== recording.byteCount) return false;
  return (await fileSha256(path)) === recording.sha256;
}

/** Lower-case hex of a file's content, read piece by piece. */
export async function fileSha256(path: string): Promise<string> {
  const hasher = new Bun.CryptoHasher("sha256");
  for await (const piece of Bun.file(path).stream()) hasher.update(piece);
  return hasher.digest("hex");
}

/** The paths of all finished recordings, relative to their folder; none where there is no folder. */
export async function recordingPaths(folder: string): Promise<string[]> {
  if (!(await exists(folder))) return [];
  const glob = new Bun.Glob("[0-9][0-9][0-9][0-9]/[0-9][0-9]/[0-9][0-9]/*.mp3");
  return Array.fromAsync(glob.scan({ cwd: folder, onlyFiles: true, followSymlinks: false }));
}
