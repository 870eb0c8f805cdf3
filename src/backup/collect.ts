import { rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { syncFolder } from "../platform/files.ts";
import { makeRealFolders, realFile } from "../platform/real-files.ts";
import { fileSha256 } from "../platform/files.ts";
import type { NamedFile } from "../store/sqlite/snapshot.ts";
import { copyDurably, fileFacts, sha256IfReadable } from "./files.ts";
import { layout, storedDatabase, storedPath } from "./layout.ts";
import type { ManifestFile } from "./manifest.ts";

/** A file of the data: its name in the manifest, the folder that it is in, and its name from there. */
export type Source = NamedFile & { base: string; name: string };

export type Collector = ReturnType<typeof createCollector>;

/** A file in the backup, and whether the data still has it as its row says. */
export type Collected = { entry: ManifestFile; isInData: boolean };

/**
 * Puts files into a backup folder, each under the hash of its content. What is there already is not copied again: a name
 * is only given to what has its hash and is on disk.
 */
export function createCollector(folder: string) {
  const copied = { files: 0, bytes: 0 };
  const touchedFolders = new Set<string>();
  let count = 0;

  const temporary = () => join(layout.unfinished(folder), `${++count}.tmp`);

  async function commit(unfinished: string, stored: string): Promise<void> {
    const target = join(folder, stored);
    await makeRealFolders(folder, dirname(stored));
    await rename(unfinished, target);
    touchedFolders.add(dirname(target));
  }

  /** Copies a file and returns its size; null if it is gone, unreadable, or not what its row says. */
  async function copy(file: string, stored: string, sha256: string): Promise<number | null> {
    const unfinished = temporary();
    const made = await copyDurably(file, unfinished).catch(async (error: unknown) => {
      await rm(unfinished, { force: true });
      // One bad file must not keep all others from being backed up; a bad disk for the backup does.
      if ((await sha256IfReadable(file)) === null) return null;
      throw error;
    });
    if (made === null) return null;
    if (made.sha256 !== sha256) {
      await rm(unfinished);
      return null;
    }
    await commit(unfinished, stored);
    copied.files += 1;
    copied.bytes += made.byteCount;
    return made.byteCount;
  }

  return {
    copied,
    temporary,

    /** Takes in the copy of the database, which is on disk. */
    async adoptDatabase(unfinished: string): Promise<{ bytes: number; sha256: string }> {
      const sha256 = await fileSha256(unfinished);
      const facts = await fileFacts(unfinished);
      await commit(unfinished, storedDatabase(sha256));
      return { bytes: facts?.byteCount ?? 0, sha256 };
    },

    /** Returns null if neither the data nor an earlier backup has the file. */
    async collect({ path, base, name, byteCount, ...source }: Source): Promise<Collected | null> {
      const inData = await realFile(base, name);
      const isInData = inData !== null && (byteCount === null || inData.byteCount === byteCount);
      const sha256 = source.sha256 ?? (isInData ? await sha256IfReadable(inData.path) : null);
      if (sha256 === null) return null;
      const stored = storedPath({ path, sha256 });
      const inBackup = await realFile(folder, stored);
      if (inBackup !== null && inBackup.byteCount === (byteCount ?? inData?.byteCount)) {
        // A backup that was killed may have left the name unflushed.
        touchedFolders.add(dirname(join(folder, stored)));
        return { entry: { path, bytes: inBackup.byteCount, sha256 }, isInData };
      }
      const bytes = isInData ? await copy(inData.path, stored, sha256) : null;
      return bytes === null ? null : { entry: { path, bytes, sha256 }, isInData };
    },

    /** Has the names of all files on disk when it returns. */
    async sync(): Promise<void> {
      for (const path of touchedFolders) await syncFolder(path);
    },
  };
}
