import { randomBytes } from "node:crypto";
import { closeSync, openSync, writeSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { hasCode } from "../../platform/errors.ts";
import { makeFolder, removeFile, TemporaryFile } from "../../platform/files.ts";

/** Enough for the disk to need a block of its own for it. */
const PROBE_BYTES = 4096;

/** Makes temporary files in one folder, and removes those that earlier instances left there. */
export type Spool = {
  /** `isFlushedEarly`: as in `TemporaryFile.create`. */
  create: (options?: { isFlushedEarly?: boolean }) => Promise<TemporaryFile>;
};

/**
 * Opens a folder for temporary files and clears away what earlier instances left, unless one is still at work.
 *
 * @param databasePath whose lock the caller holds. It is part of the names, since another receiver with a database of
 *   its own may write to the same folder: its files are alive.
 * @param isShared a predecessor is finishing what is in flight: nothing is cleared away
 * @param isRemade the folder is made again if it is gone; not that of the recordings, whose disk may have been unmounted
 */
export async function openSpool(
  folder: string,
  databasePath: string,
  {
    discard = removeFile,
    isShared = false,
    isRemade = false,
  }: {
    /** Removes a temporary file. */
    discard?: (path: string) => void | Promise<void>;
    isShared?: boolean;
    isRemade?: boolean;
  } = {},
): Promise<Spool & { isWritable: () => boolean }> {
  await makeFolder(folder);
  const owner = new Bun.CryptoHasher("sha256").update(databasePath).digest("hex").slice(0, 12);
  const ours = new RegExp(`^\\.${owner}-[0-9a-f]{16}-\\d+\\.tmp$`);
  for (const name of isShared ? [] : await readdir(folder)) {
    if (ours.test(name)) await discard(join(folder, name));
  }
  const instance = randomBytes(8).toString("hex");
  let count = 0;
  const nextPath = (): string => join(folder, `.${owner}-${instance}-${++count}.tmp`);

  return {
    async create(options = {}) {
      const more = { ...options, remove: discard };
      try {
        return await TemporaryFile.create(nextPath(), more);
      } catch (error) {
        if (!isRemade || !hasCode(error, "ENOENT")) throw error;
        await makeFolder(folder);
        return TemporaryFile.create(nextPath(), more);
      }
    },

    /** Whether a file can be made and written here now: tries it. */
    isWritable() {
      const path = nextPath();
      try {
        writeProbe(path);
        return true;
      } catch (error) {
        // One that is gone is made again by the next delivery.
        return isRemade && hasCode(error, "ENOENT");
      } finally {
        void discard(path);
      }
    },
  };
}

function writeProbe(path: string): void {
  const descriptor = openSync(path, "wx", 0o600);
  try {
    writeSync(descriptor, Buffer.alloc(PROBE_BYTES));
  } finally {
    closeSync(descriptor);
  }
}
