import { lstat } from "node:fs/promises";
import { join } from "node:path";
import { moveDurably, syncFolder } from "../../platform/files.ts";
import type { TemporaryFile } from "../../platform/files.ts";
import type { Log } from "../../platform/log.ts";
import { makeRealFolders, realNames } from "../../platform/real-files.ts";
import type { Connection } from "../sqlite/connection.ts";
import { putEachInOrder } from "./each-file.ts";
import type { EventRecord } from "../../model/event.ts";
import type { Leftovers } from "./leftovers.ts";
import { commitFile, inTurn } from "./commit.ts";
import { fileSha256, hasContent } from "./recordings.ts";

const FOLDER = "quarantine";
const NAME = /^([0-9a-f]{64})\.body$/;

/** A larger body that can't be processed is kept as a file, a smaller one in the event's row. */
export const QUARANTINE_ROW_BYTES_MAX = 1024 * 1024;

/** A body in a file that has no row: its full path, and what the row says of it. */
export type LeftBody = Pick<EventRecord, "bodySha256" | "bodyBytes" | "receivedAtMs"> & {
  path: string;
  payloadPath: string;
};

/** Makes the record of a body that a stop has left without its row. */
export type RecordOfLeftBody = (body: LeftBody) => Promise<EventRecord>;

/** Where the body of that hash is or would be, relative to the folder of the database. */
export function bodyPath(bodySha256: string): string {
  return join(FOLDER, `${bodySha256}.body`);
}

/**
 * Gives the temporary file of a signed body that is not to be in a row its name, exact to the byte: one that can't be
 * processed, or one that nothing is derived from and that is too large. Both are in one folder: versions that only know
 * of the former find, erase and restore the latter too.
 *
 * @returns the path relative to the folder of the database; the file is on disk then
 * @throws FileFault; no name is left then
 */
export async function quarantineBody(
  databaseFolder: string,
  file: TemporaryFile,
  bodySha256: string,
  leftovers: Leftovers,
): Promise<string> {
  const folder = join(databaseFolder, FOLDER);
  await makeRealFolders(databaseFolder, FOLDER);
  await file.sync();
  const path = bodyPath(bodySha256);
  const target = join(databaseFolder, path);
  await inTurn(target, async () => {
    if (await commitFile(file.path, { folder: databaseFolder, path }, leftovers)) return;
    if (await hasContent(target, { byteCount: file.byteCount, sha256: bodySha256 })) await syncFolder(folder);
    else await moveDurably(file.path, target);
  });
  return path;
}

/**
 * Puts bodies in order that no row names. One that has been processed since goes: a stop between the commit that says so
 * and the removal of the file leaves it. Any other gets its row, as a stop between the file and its row leaves it.
 *
 * @returns whether all could be put in order
 */
export async function settleBodies(options: {
  databaseFolder: string;
  connection: Connection;
  recordOfLeftBody: RecordOfLeftBody;
  leftovers: Leftovers;
  log: Log;
}): Promise<boolean> {
  const { databaseFolder, connection, leftovers, log } = options;
  let processedCount = 0;

  async function settle(bodySha256: string): Promise<void> {
    const payloadPath = bodyPath(bodySha256);
    if (connection.isBodyFile(payloadPath)) return;
    const path = join(databaseFolder, payloadPath);
    if (connection.isProcessed(bodySha256)) {
      await leftovers.remove(databaseFolder, payloadPath);
      processedCount += 1;
      return;
    }
    if ((await fileSha256(path)) !== bodySha256) {
      log.warning("A body without a row is not what its name says: restore or remove it", {
        path,
      });
      return;
    }
    const { size, mtimeMs } = await lstat(path);
    const left = { path, payloadPath, bodySha256, bodyBytes: size, receivedAtMs: Math.round(mtimeMs) };
    const [outcome] = connection.insertAll([await options.recordOfLeftBody(left)]);
    if (outcome === "erased") {
      await leftovers.remove(databaseFolder, payloadPath);
      log.info("A body of an erased conversation was removed");
    } else {
      log.warning("A body without a row was given one", { path, bytes: size });
    }
  }

  const isComplete = await putEachInOrder({
    list: () => realNames(databaseFolder, FOLDER),
    work: async (name) => {
      const [, bodySha256] = NAME.exec(name) ?? [];
      if (bodySha256 !== undefined) await settle(bodySha256);
    },
    log,
  });
  if (processedCount > 0) {
    log.info("Removed quarantined bodies that have been processed", { count: processedCount });
  }
  return isComplete;
}
