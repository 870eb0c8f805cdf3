import { existsSync } from "node:fs";
import { dirname } from "node:path";
import { freeDiskBytes } from "../platform/disk.ts";
import { atFault, faultText, onFile, onFileNow } from "../platform/faults.ts";
import { exists, makeFolder } from "../platform/files.ts";
import type { TemporaryFile } from "../platform/files.ts";
import type { Log } from "../platform/log.ts";
import { createAftermath } from "./aftermath.ts";
import { openConnection } from "./sqlite/connection.ts";
import { createEraser } from "./sqlite/erase.ts";
import type { EventKey, EventRecord, QuarantinedBody, Replacement, StoreOutcome } from "../model/event.ts";
import { findDataFile } from "./files/data-files.ts";
import { createHolds } from "./sqlite/holds.ts";
import { openDataFolders } from "./files/data-folders.ts";
import { lockData } from "./sqlite/data-lock.ts";
import { createLeftovers } from "./files/leftovers.ts";
import { refuseHalfRestored, removeRunningMark, runningMark, setMark } from "./files/marks.ts";
import { warnOfMissingFiles } from "./files/missing-files.ts";
import { putInOrder } from "./put-in-order.ts";
import { bodyPath, quarantineBody } from "./files/quarantine.ts";
import type { RecordOfLeftBody } from "./files/quarantine.ts";
import { claimRecordings } from "./files/recordings-owner.ts";
import { createRetentionState } from "./sqlite/retention-state.ts";
import { createRetry } from "./sqlite/retry.ts";
import { createWriter } from "./sqlite/writer.ts";

export type Store = Awaited<ReturnType<typeof openStore>>;

/**
 * Opens everything that is kept on disk and puts it in order: takes the lock, brings the schema up to date, clears away
 * what an interrupted run left half done, and gives the files that it finished their rows.
 *
 * @throws DataLockedError, SchemaError, or what the system or SQLite says; nothing is changed then that a later start
 *   would miss
 */
export async function openStore(options: {
  databasePath: string;
  /** null: recordings are not stored */
  audioFolder: string | null;
  /** Where recordings are, be they stored any more or not. */
  recordingsFolder: string;
  recordOfLeftBody: RecordOfLeftBody;
  log: Log;
  /** A predecessor hands over to this process: it is still at work on the same data, and nothing of its is touched. */
  isShared?: boolean;
  /** Whether to take the folder of the recordings from another database. */
  takesOverRecordings?: boolean;
}) {
  const { databasePath, audioFolder, recordingsFolder, log, isShared = false } = options;
  const { takesOverRecordings: takesOver = false } = options;
  const databaseFolder = dirname(databasePath);
  await makeFolder(databaseFolder);
  const unlockData = lockData(databasePath, { isShared });
  let unlockRecordings = (): void => {};
  const unlock = () => {
    unlockRecordings();
    unlockData();
  };
  try {
    await refuseHalfRestored(databasePath);
    const isNew = !existsSync(databasePath);
    const connection = openConnection(databasePath, { isShared });
    const connect = () => openConnection(databasePath);
    // SQLite opens a file that it may not write, and says so only at the first write.
    connection.probe();
    let isTakenOver = false;
    if (audioFolder !== null) {
      const claim = { folder: audioFolder, databasePath, connection, log, isShared, takesOver };
      ({ unlock: unlockRecordings, isTakenOver } = await claimRecordings(claim));
    }
    const running = runningMark(databasePath);
    const wasInterrupted = !isShared && (await exists(running));
    await setMark(running);

    const retry = createRetry(tryAgain);
    const leftovers = createLeftovers(log, retry.begin);
    const aftermath = createAftermath({
      databasePath,
      audioFolder,
      rows: {
        isBodyFile: (path) => writer.isBodyFile(path),
        adoptRecording: (...recording) => writer.adoptRecording(...recording),
      },
      leftovers,
      onLate: retry.begin,
      log,
    });
    const writer = createWriter({ connection, connect, onLate: aftermath.late, log });
    const requireRoom = () => onFileNow(databasePath, writer.requireRoomForFile);
    const about = { databasePath, audioFolder, leftovers, requireRoom, isShared };
    const { bodies, recordings, disks } = await openDataFolders(about);
    const areFilesInOrder =
      isNew || isTakenOver || wasInterrupted
        ? await putInOrder({ ...options, databaseFolder, connection, leftovers })
        : true;
    if (wasInterrupted) await warnOfMissingFiles({ databaseFolder, audioFolder, connection, log });
    const holds = createHolds();
    const eraser = createEraser({ databasePath, recordingsFolder, holds });

    /** Returns whether anything is left to be tried again. */
    async function tryAgain(): Promise<boolean> {
      await leftovers.retry();
      return writer.storeLate() || leftovers.hasToRetry();
    }

    return {
      /** Resolves when the event is on disk, rejects where it could not be stored. */
      async storeEvent(record: EventRecord): Promise<StoreOutcome> {
        const outcome = await onFile(databasePath, () => writer.store(record));
        await aftermath.tidy(record, outcome, record.payloadPath);
        return outcome;
      },

      findByBody: (key: EventKey) => onFileNow(databasePath, () => writer.findByBody(key)),
      isErased: (conversationId: string | null) =>
        onFileNow(databasePath, () => writer.isErased(conversationId)),

      /** The body of a quarantined event, and where its file is if it is there; null if there is no such event. */
      async findQuarantined(id: number): Promise<(QuarantinedBody & { filePath: string | null }) | null> {
        const found = onFileNow(databasePath, () => writer.findQuarantined(id));
        if (found === null) return null;
        const file = found.path === null ? null : await findDataFile("body", databaseFolder, found.path);
        return { ...found, filePath: file?.path ?? null };
      },

      /** Makes a quarantined event a processed one, then removes its file unless it stays one. Rejects where the disk fails. */
      async replaceQuarantined(id: number, record: EventRecord): Promise<Replacement> {
        const replacement = onFileNow(databasePath, () => writer.replaceQuarantined(id, record));
        await aftermath.tidy(record, replacement, bodyPath(record.bodySha256));
        return replacement;
      },

      /** Whether recordings are kept for the first time, though earlier ones were acknowledged. To be called once. */
      beginKeepingRecordings: (audioTypes: readonly string[]): boolean =>
        audioFolder !== null && connection.beginKeepingRecordings(audioTypes),

      suspectDisk: disks.suspect,

      /** Whether the next delivery can be stored; asking tries again what failed. */
      isHealthy(): boolean {
        return writer.isHealthy() && disks.areWritable();
      },
      retentionState: createRetentionState(databasePath),
      /** Keeps a conversation from being erased by age until the returned function is called. */
      hold: holds.hold,
      eraser: {
        ...eraser,
        begin(conversationId: string, nowMs: number): Promise<boolean> {
          // What waits for its row may be all that is known of it.
          writer.storeLate();
          return eraser.begin(conversationId, nowMs);
        },
      },
      progress: writer.progress,
      /** Temporary files for bodies on their way in. */
      bodies,
      /** null where recordings are not stored */
      recordings,
      async quarantineBody(file: TemporaryFile, bodySha256: string): Promise<string> {
        requireRoom();
        return quarantineBody(databaseFolder, file, bodySha256, leftovers);
      },

      /** Free bytes of the fullest disk that is written to. */
      freeDiskBytes: () => Math.min(...[databaseFolder, audioFolder ?? databaseFolder].map(freeDiskBytes)),

      /**
       * To be called once, when nothing is in flight any more.
       *
       * @param isShared another instance is still at work on the data: it is not told that the stop was an orderly one
       * @returns whether this instance leaves everything in order; if not, the next start that finds nobody at work has to
       *   look, and the mark has to stay
       */
      async close({ isShared: isStillShared = false } = {}): Promise<{ isClean: boolean }> {
        retry.end();
        const isLeft = await tryAgain();
        try {
          writer.close({ isShared: isStillShared });
        } catch (error) {
          log.error(
            `The log of the database stays, the next start reads it: ${faultText(atFault(databasePath, error))}`,
          );
        }
        const isClean = areFilesInOrder && aftermath.isInOrder() && !isLeft && leftovers.isEmpty();
        // What has no row yet is found by the next start.
        if (isClean && !isStillShared) await removeRunningMark(databasePath, log);
        unlock();
        return { isClean };
      },
    };
  } catch (error) {
    unlock();
    throw error;
  }
}
