import type { Dirent } from "node:fs";
import { lstat, readdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { onFile } from "../../platform/faults.ts";
import { exists, syncFolder } from "../../platform/files.ts";
import type { TemporaryFile } from "../../platform/files.ts";
import { makeRealFolders } from "../../platform/real-files.ts";
import { isRecordingName, pathsOfRecording } from "../../model/recording.ts";
import type { Recording } from "../../model/recording.ts";
import type { Leftovers } from "./leftovers.ts";
import { commitFile, inTurn } from "./commit.ts";
import { openSpool } from "./spool.ts";

export type Recordings = Awaited<ReturnType<typeof openRecordings>>;

/** Opens the folder of the recordings; to be called by the holder of the data lock only. */
export async function openRecordings(
  folder: string,
  databasePath: string,
  options: {
    leftovers: Leftovers;
    /** Throws where no further file may get its final name. */
    requireRoom: () => void;
    isShared?: boolean;
  },
) {
  const { leftovers, requireRoom } = options;
  const spool = await openSpool(folder, databasePath, { ...options, discard: leftovers.discard });

  return {
    folder,
    isWritable: spool.isWritable,

    /** A temporary file to write a recording to; it ends in `commit` or is discarded. */
    create: () => spool.create({ isFlushedEarly: true }),

    /**
     * Gives a complete recording its name. When this returns, file, name and new folders are on disk; when it throws, no
     * name is left. Another recording of the same conversation is never replaced: a different one gets its hash in its
     * name.
     */
    async commit(
      file: TemporaryFile,
      about: { conversationId: string; sha256: string; eventTimestamp: number | null; receivedAtMs: number },
    ): Promise<Recording> {
      await file.sync();
      const paths = pathsOfRecording(about);
      await makeRealFolders(folder, dirname(paths.first));
      requireRoom();
      const recording = await inTurn(paths.first, () => commitRecording(file, paths, about.sha256));
      await file.discard();
      return recording;
    },
  };

  async function commitRecording(
    file: TemporaryFile,
    { first, second }: { first: string; second: string },
    sha256: string,
  ): Promise<Recording> {
    for (const path of [first, second]) {
      const recording = { path, byteCount: file.byteCount, sha256 };
      const target = join(folder, path);
      if (await commitFile(file.path, { folder, path }, leftovers)) return recording;
      if (await hasContent(target, recording)) {
        // The one that is there may have been named just before a crash, its name not yet on disk.
        await syncFolder(dirname(target));
        return recording;
      }
    }
    throw new Error(`${join(folder, first)} and the name with its hash are those of other files`);
  }
}

/** Whether a file has that size and content. */
export function hasContent(
  path: string,
  { byteCount, sha256 }: { byteCount: number; sha256: string },
): Promise<boolean> {
  return onFile(path, async () => {
    const stat = await lstat(path);
    if (!stat.isFile() || stat.size !== byteCount) return false;
    return (await fileSha256(path)) === sha256;
  });
}

/** Lower-case hex of a file's content, read piece by piece. */
export function fileSha256(path: string): Promise<string> {
  return onFile(path, async () => {
    const hasher = new Bun.CryptoHasher("sha256");
    for await (const piece of Bun.file(path).stream()) hasher.update(piece);
    return hasher.digest("hex");
  });
}

/** The paths of all finished recordings, relative to their folder; none if there is no folder. Links are not followed. */
export async function recordingPaths(folder: string): Promise<string[]> {
  if (!(await exists(folder))) return [];
  let folders = [""];
  for (const part of [/^\d{4}$/, /^\d{2}$/, /^\d{2}$/]) {
    folders = await entriesIn(folder, folders, (entry) => entry.isDirectory() && part.test(entry.name));
  }
  return entriesIn(folder, folders, (entry) => entry.isFile() && isRecordingName(entry.name));
}

/** The entries of some folders that are wanted, as paths. Not by `Bun.Glob`, whose faults do not name the folder. */
async function entriesIn(
  root: string,
  folders: readonly string[],
  isWanted: (entry: Dirent) => boolean,
): Promise<string[]> {
  const found: string[] = [];
  for (const folder of folders) {
    for (const entry of await readdir(join(root, folder), { withFileTypes: true })) {
      if (isWanted(entry)) found.push(join(folder, entry.name));
    }
  }
  return found;
}
