import { randomBytes } from "node:crypto";
import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { makeFolder, TemporaryFile } from "../platform/files.ts";

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
 */
export async function openSpool(
  folder: string,
  databasePath: string,
  { isShared = false } = {},
): Promise<Spool> {
  await makeFolder(folder);
  const owner = new Bun.CryptoHasher("sha256").update(databasePath).digest("hex").slice(0, 12);
  const ours = new RegExp(`^\\.${owner}-[0-9a-f]{16}-\\d+\\.tmp$`);
  for (const name of isShared ? [] : await readdir(folder)) {
    if (ours.test(name)) await rm(join(folder, name), { force: true });
  }
  const instance = randomBytes(8).toString("hex");
  let count = 0;
  return {
    create: (options) => TemporaryFile.create(join(folder, `.${owner}-${instance}-${++count}.tmp`), options),
  };
}
