import { lstat } from "node:fs/promises";
import { join } from "node:path";
import type { Log } from "../../platform/log.ts";
import { conversationOf } from "../../model/recording.ts";
import type { Connection } from "../sqlite/connection.ts";
import { putEachInOrder } from "./each-file.ts";
import type { Leftovers } from "./leftovers.ts";
import { fileSha256, recordingPaths } from "./recordings.ts";

/**
 * Finds finished recordings that no row knows, as a stop between the file and its row leaves them, and rebuilds the
 * conversation's row from name, date, size and hash. A recording is never deleted, unless its conversation was erased.
 *
 * @returns whether all could be looked at
 */
export function adoptRecordings(options: {
  folder: string;
  connection: Connection;
  leftovers: Leftovers;
  log: Log;
}): Promise<boolean> {
  const { folder, connection, leftovers, log } = options;

  async function adopt(path: string): Promise<void> {
    if (connection.hasRecording(path)) return;
    const file = join(folder, path);
    const sha256 = await fileSha256(file);
    const { size, mtimeMs } = await lstat(file);
    const conversation = conversationOf(path, sha256);
    const isErased =
      "conversationId" in conversation
        ? connection.isErased(conversation.conversationId)
        : connection.isHashErased(conversation.conversationSha256);
    if (isErased) {
      await leftovers.remove(folder, path);
      log.info("A recording of an erased conversation was removed");
      return;
    }
    const recording = { path, byteCount: size, sha256 };
    if (!("conversationId" in conversation)) {
      log.warning("A recording without a row can't be adopted: its name does not tell the conversation", {
        path,
      });
    } else if (connection.adoptRecording(conversation.conversationId, recording, Math.round(mtimeMs))) {
      log.warning("A recording without a row was adopted", {
        conversation: conversation.conversationId,
        path,
        bytes: size,
      });
    } else {
      log.info("A recording without a row stays beside the newer one of its conversation", { path });
    }
  }

  return putEachInOrder({ list: () => recordingPaths(folder), work: adopt, log });
}
