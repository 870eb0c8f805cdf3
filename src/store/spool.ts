import { randomBytes } from "node:crypto";
import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { makeFolder, TemporaryFile } from "../platform/files.ts";

const TEMPORARY_NAME = /^\.[0-9a-f]{16}-\d+\.tmp$/;

/** Makes temporary files in one folder, and removes those that earlier instances left there. */
export type Spool = {
  create: () => Promise<TemporaryFile>;
};

/** Opens a folder for temporary files; to be called by the holder of the data lock only, since it clears the folder. */
export async function openSpool(folder: string): Promise<Spool> {
  await makeFolder(folder);
  for (const name of await readdir(folder)) {
    // Only our own names: the folder of the recordings holds other people's work too.
    if (TEMPORARY_NAME.test(name)) await rm(join(folder, name), { force: true });
  }
  const instance = randomBytes(8).toString("hex");
  let count = 0;
  return {
    create: () => TemporaryFile.create(join(folder, `.${instance}-${++count}.tmp`)),
  };
}
