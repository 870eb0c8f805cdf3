import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { bodyPath } from "../model/body.ts";
import type { EventRecord, QuarantinedBody } from "../model/event.ts";
import { freeDiskBytes } from "../platform/disk.ts";
import { atFault, faultText, onFile, onFileNow } from "../platform/faults.ts";
import { exists, fileBytes, makeFolder } from "../platform/files.ts";
import type { Log } from "../platform/log.ts";
import { bodyFiles, openBodyIntake, openRecordingIntake, recordingFiles } from "./files/blobs.ts";
import type { LateListener, LateOutcome } from "./sqlite/late.ts";
import { createLeftovers } from "./files/leftovers.ts";
import { refuseHalfRestored, removeRunningMark, runningMark, setMark } from "./files/marks.ts";
import { areOthers, claimRecordings } from "./files/recordings-owner.ts";
import { createHolds } from "./holds.ts";
import type { EventStore, RecordOfLeftBody, Store } from "./port.ts";
import { recoverFiles, warnOfMissingFiles } from "./recovery.ts";
import { openConnection } from "./sqlite/connection.ts";
import { lockData } from "./sqlite/data-lock.ts";
import { createEraser } from "./sqlite/erase.ts";
import { logBytes } from "./sqlite/open.ts";
import { createRetentionState } from "./sqlite/state.ts";
import { createRecoveries } from "./recoveries.ts";
import { createRetry } from "./retry.ts";
import { createWriter } from "./sqlite/writer.ts";

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
  /** Where recordings are, whether they are still stored or not. */
  recordingsFolder: string;
  recordOfLeftBody: RecordOfLeftBody;
  log: Log;
  /** A predecessor hands over to this process: it is still at work on the same data, and nothing of its is touched. */
  isShared?: boolean;
  /** Whether to take the folder of the recordings from another database. */
  takesOverRecordings?: boolean;
}): Promise<Store> {
  const { databasePath, audioFolder, recordingsFolder, recordOfLeftBody, log, isShared = false } = options;
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
    connection.ensureDataId();
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
    /** False if a file is left to the next start. */
    let isTidy = true;
    /** What follows from events that waited. */
    let tidying = Promise.resolve();
    const late: LateListener = {
      begun({ recording, payloadPath, bodyBytes }) {
        const path = recording?.path ?? payloadPath;
        log.warning("A file waits for its row until the database takes it", { path, bytes: bodyBytes });
        retry.begin();
      },
      ended(record, outcome) {
        log.info("A file that waited has its row", { path: record.recording?.path ?? record.payloadPath });
        tidying = tidying.then(() => tidy(record, outcome, bodyPath(record.bodySha256)));
      },
    };
    const writer = createWriter({ connection, connect, onLate: late, log });

    const bodies = bodyFiles(databaseFolder);
    const recordings = recordingFiles(recordingsFolder);
    const requireRoom = () => onFileNow(databasePath, writer.requireRoomForFile);
    const taking = { databasePath, leftovers, requireRoom, isShared };
    const newBodies = await openBodyIntake(databaseFolder, taking);
    const newRecordings = audioFolder === null ? null : await openRecordingIntake(audioFolder, taking);
    let isDiskSuspect = false;

    const blobs = { bodies, recordings: audioFolder === null ? null : recordings, connection, log };
    // By a start that keeps recordings, and has claimed their folder.
    const isRecoveryPutOff = wasInterrupted && audioFolder === null && existsSync(recordingsFolder);
    const areFilesInOrder =
      isNew || isTakenOver || wasInterrupted
        ? (await recoverFiles({ ...blobs, recordOfLeftBody, leftovers })) && !isRecoveryPutOff
        : true;
    if (wasInterrupted) await warnOfMissingFiles(blobs);
    const holds = createHolds();
    // What waits for its row is not stored yet either.
    const isHeld = (id: string) => holds.isHeld(id) || writer.isLate(id);
    const isOthers = audioFolder === null && (await areOthers(recordingsFolder, connection));
    const erasable = isOthers ? recordingFiles(join(databaseFolder, "none")) : recordings;
    const eraser = createEraser({ databasePath, bodies, recordings: erasable, isHeld });

    /** Returns whether anything is left to be tried again. */
    async function tryAgain(): Promise<boolean> {
      await leftovers.retry();
      return writer.storeLate() || leftovers.hasToRetry();
    }

    /**
     * Removes the files that are not to stay after an outcome, and gives a recording its row if its event stays
     * quarantined. Never throws: the outcome stands.
     *
     * @param body the quarantined body, if there was one
     */
    async function tidy(record: EventRecord, outcome: LateOutcome, body: string | null): Promise<void> {
      const { recording, conversationId, receivedAtMs } = record;
      if (outcome === "erased" && recording !== null && audioFolder !== null)
        await leftovers.remove(audioFolder, recording.path);
      try {
        if (outcome === "unstorable" && conversationId !== null && recording !== null)
          writer.adoptRecording(conversationId, recording, receivedAtMs);
        const isOver = outcome === "erased" || outcome === "replaced";
        if (isOver && body !== null && !writer.isBodyFile(body)) await leftovers.remove(databaseFolder, body);
      } catch (error) {
        isTidy = false;
        log.error(`A file is left to the next start: ${faultText(atFault(databasePath, error))}`);
      }
    }

    const recoveries = createRecoveries({ databasePath, recordings, audioFolder, writer, tidy });
    const events: EventStore = {
      async add(record) {
        const outcome = await onFile(databasePath, () => writer.store(record));
        await tidy(record, outcome, record.payloadPath);
        return outcome;
      },
      firstOf: async (key) => onFileNow(databasePath, () => writer.findByBody(key)),
      isErased: async (conversationId) => onFileNow(databasePath, () => writer.isErased(conversationId)),
      quarantined: async (id): Promise<QuarantinedBody | null> =>
        onFileNow(databasePath, () => writer.findQuarantined(id)),
      async replace(id, record) {
        const replacement = onFileNow(databasePath, () => writer.replaceQuarantined(id, record));
        await tidy(record, replacement, bodyPath(record.bodySha256));
        return replacement;
      },
      hold: holds.hold,
      eraser: {
        ...eraser,
        begin(conversationId, nowMs) {
          // What waits for its row may be all that is known of it.
          writer.storeLate();
          return eraser.begin(conversationId, nowMs);
        },
      },
      retentionState: createRetentionState(databasePath),
      beginKeepingRecordings: async () => audioFolder !== null && connection.beginKeepingRecordings(),
      progress: writer.progress,
    };

    return {
      events,
      bodies: { ...bodies, ...newBodies },
      recordings,
      newRecordings,
      recoveries,

      suspectDisk() {
        isDiskSuspect = true;
      },
      isHealthy() {
        if (!writer.isHealthy()) return false;
        if (isDiskSuspect) isDiskSuspect = !newBodies.isWritable() || newRecordings?.isWritable() === false;
        return !isDiskSuspect;
      },
      fault: () => null,
      freeDiskBytes: () => Math.min(...[databaseFolder, audioFolder ?? databaseFolder].map(freeDiskBytes)),
      async size() {
        const databaseBytes = fileBytes(databasePath);
        return { databaseBytes, logBytes: databaseBytes === null ? null : logBytes(databasePath) };
      },

      async close({ isShared: isLeftToOthers = false } = {}) {
        retry.end();
        const isLeft = await tryAgain();
        await tidying;
        try {
          writer.close({ isShared: isLeftToOthers });
        } catch (error) {
          log.error(
            `The log of the database stays, the next start reads it: ${faultText(atFault(databasePath, error))}`,
          );
        }
        const isClean = areFilesInOrder && isTidy && !isLeft && leftovers.isEmpty();
        // What has no row yet is found by the next start, as long as the mark tells it to look.
        if (isClean && !isLeftToOthers) await removeRunningMark(databasePath, log);
        unlock();
        return { isClean };
      },
    };
  } catch (error) {
    unlock();
    throw error;
  }
}
