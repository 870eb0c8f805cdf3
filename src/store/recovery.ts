import { join } from "node:path";
import { sha256OfBodyPath } from "../model/body.ts";
import { conversationOf } from "../model/recording.ts";
import { faultText } from "../platform/faults.ts";
import { fileSha256 } from "../platform/files.ts";
import type { Log } from "../platform/log.ts";
import type { FileBlobs } from "./files/blobs.ts";
import type { Leftovers } from "./files/leftovers.ts";
import type { BlobFacts, RecordOfLeftBody } from "./port.ts";
import type { Connection } from "./sqlite/connection.ts";

const LINES_MAX = 20;

type Options = {
  bodies: FileBlobs;
  /** null: recordings are not stored */
  recordings: FileBlobs | null;
  connection: Connection;
  log: Log;
};

/**
 * Gives their rows to files that a stop has left without. One that can't be read does not keep the others from it, nor the
 * receiver from receiving.
 *
 * @returns whether all are in order
 */
export async function recoverFiles(
  options: Options & { recordOfLeftBody: RecordOfLeftBody; leftovers: Leftovers },
): Promise<boolean> {
  const { bodies, recordings, connection, recordOfLeftBody, leftovers, log } = options;
  let isComplete = true;
  let processedCount = 0;

  async function attempt<T>(one: () => Promise<T>): Promise<T | null> {
    try {
      return await one();
    } catch (error) {
      isComplete = false;
      log.error(`A file could not be put in order, the next start tries again: ${faultText(error)}`);
      return null;
    }
  }

  async function recoverEach(
    blobs: FileBlobs,
    recover: (path: string, blobs: FileBlobs) => Promise<void>,
  ): Promise<void> {
    for (const path of (await attempt(blobs.list)) ?? []) await attempt(() => recover(path, blobs));
  }

  /**
   * A body that has been processed since goes: a stop between the commit that says so and the removal of the file leaves it.
   * Any other gets its row, as a stop between the file and its row leaves it.
   */
  async function recoverBody(payloadPath: string): Promise<void> {
    const bodySha256 = sha256OfBodyPath(payloadPath);
    if (bodySha256 === null || connection.isBodyFile(payloadPath)) return;
    if (connection.isProcessed(bodySha256)) {
      await leftovers.remove(bodies.folder, payloadPath);
      processedCount += 1;
      return;
    }
    const path = join(bodies.folder, payloadPath);
    const isIntact = (await fileSha256(path)) === bodySha256;
    const [blob, facts] = [await bodies.open(payloadPath), await bodies.stat(payloadPath)];
    if (!isIntact || blob === null || facts === null) {
      log.warning("A body without a row is not what its name says: restore or remove it", { path });
      return;
    }
    const { byteCount: bodyBytes, modifiedAtMs: receivedAtMs } = facts;
    const left = { blob, payloadPath, bodySha256, bodyBytes, receivedAtMs };
    const [outcome] = connection.insertAll([await recordOfLeftBody(left)]);
    if (outcome === "erased") {
      await leftovers.remove(bodies.folder, payloadPath);
      log.info("A body of an erased conversation was removed");
    } else {
      log.warning("A body without a row was given one", { path, bytes: bodyBytes });
    }
  }

  /**
   * Rebuilds a conversation's row from the recording's name, date, size and hash. A recording is never deleted, unless its
   * conversation was erased.
   */
  async function recoverRecording(path: string, { folder, stat }: FileBlobs): Promise<void> {
    if (connection.hasRecording(path)) return;
    const sha256 = await fileSha256(join(folder, path));
    const facts = await stat(path);
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
    if (!("conversationId" in conversation) || facts === null) {
      log.warning("A recording without a row can't be adopted: its name does not tell the conversation", {
        path,
      });
      return;
    }
    const { conversationId } = conversation;
    const { byteCount, modifiedAtMs } = facts;
    if (connection.adoptRecording(conversationId, { path, byteCount, sha256 }, modifiedAtMs)) {
      log.warning("A recording without a row was adopted", {
        conversation: conversationId,
        path,
        bytes: byteCount,
      });
    } else {
      log.info("A recording without a row stays beside the newer one of its conversation", { path });
    }
  }

  await recoverEach(bodies, recoverBody);
  if (processedCount > 0) {
    log.info("Removed quarantined bodies that have been processed", { count: processedCount });
  }
  if (recordings !== null) await recoverEach(recordings, recoverRecording);
  return isComplete;
}

/** A file that a row speaks of. */
type Named = {
  path: string;
  byteCount: number | null;
  conversationId: string | null;
  receivedAtMs: number | null;
};

/**
 * Warns of rows whose file is missing or of another size, as a power failure on a disk that lies about its flushes, or
 * a person, leaves them. Nothing is changed: the row still tells what there was.
 */
export async function warnOfMissingFiles({ bodies, recordings, connection, log }: Options): Promise<void> {
  let count = 0;

  async function look(
    { folder, stat }: FileBlobs,
    named: Named,
    erasedBefore: "bodies_erased_before" | "recordings_erased_before",
  ): Promise<void> {
    const { path, byteCount, conversationId, receivedAtMs } = named;
    const facts = await factsOf(() => stat(path));
    if (facts === "unreadable" || (facts?.byteCount ?? null) === byteCount) return;
    // An erasure goes on by itself, and its files go before its rows.
    const isBeingErased =
      connection.isErased(conversationId) ||
      (receivedAtMs ?? Infinity) < Number(connection.state.get(erasedBefore) ?? 0);
    if (facts === null && isBeingErased) return;
    count += 1;
    if (count > LINES_MAX) return;
    const problem = facts === null ? "is missing" : "has another size";
    log.warning(`A file that the database names ${problem}: restore it from a backup`, {
      path: join(folder, path),
      bytes: facts?.byteCount ?? null,
      bytes_expected: byteCount,
    });
  }

  async function factsOf(stat: () => Promise<BlobFacts | null>): Promise<BlobFacts | null | "unreadable"> {
    try {
      return await stat();
    } catch (error) {
      log.warning(`A file that the database names can't be looked at: ${faultText(error)}`);
      return "unreadable";
    }
  }

  for (let rows = connection.bodyFilesAfter(0); rows.length > 0;) {
    for (const row of rows) await look(bodies, row, "bodies_erased_before");
    rows = connection.bodyFilesAfter(rows.at(-1)?.id ?? Number.MAX_SAFE_INTEGER);
  }
  if (recordings !== null) {
    for (let rows = connection.recordingsAfter(""); rows.length > 0;) {
      for (const row of rows) await look(recordings, row, "recordings_erased_before");
      rows = connection.recordingsAfter(rows.at(-1)?.path ?? "");
    }
  }
  if (count > LINES_MAX) log.warning("More files are missing or of another size than are listed", { count });
}
