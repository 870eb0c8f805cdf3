import { existsSync } from "node:fs";
import { rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { freeDiskBytes } from "../platform/disk.ts";
import { exists, makeFolder } from "../platform/files.ts";
import type { TemporaryFile } from "../platform/files.ts";
import type { Log } from "../platform/log.ts";
import { makeRealFolders } from "../platform/real-files.ts";
import { adoptRecordings } from "./adopt.ts";
import { openConnection } from "./connection.ts";
import type { FactsOfPayload } from "./conversations.ts";
import { createEraser } from "./erase.ts";
import type { EventRecord, StoreOutcome } from "./event-record.ts";
import { findDataFile } from "./data-files.ts";
import { createHolds } from "./holds.ts";
import { lockData } from "./data-lock.ts";
import { refuseHalfRestored, runningMark, setMark } from "./marks.ts";
import type { QuarantinedBody } from "./quarantined-events.ts";
import { warnOfMissingFiles } from "./missing-files.ts";
import { quarantineBody, removeBody, removeLeftBodies } from "./quarantine.ts";
import { claimRecordings } from "./recordings-owner.ts";
import { createRetentionState } from "./retention-state.ts";
import { openRecordings } from "./recordings.ts";
import { openSpool } from "./spool.ts";
import { createWriter } from "./writer.ts";
import type { Replacement } from "./writer.ts";

export type Store = Awaited<ReturnType<typeof openStore>>;

/**
 * Opens everything that is kept on disk and puts it in order: takes the lock, brings the schema up to date, clears away
 * what an interrupted run left half done, adopts the recordings that it finished.
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
  factsOfPayload: FactsOfPayload;
  log: Log;
  /** A predecessor hands over to this process: it is still at work on the same data, and nothing of its is touched. */
  isSuccessor?: boolean;
  /** Whether to take the folder of the recordings from another database. */
  takesOverRecordings?: boolean;
}) {
  const { databasePath, audioFolder, recordingsFolder, factsOfPayload, log, isSuccessor = false } = options;
  const { takesOverRecordings: takesOver = false } = options;
  const databaseFolder = dirname(databasePath);
  await makeFolder(databaseFolder);
  const unlockData = lockData(databasePath, { isSuccessor });
  let unlockRecordings = (): void => {};
  const unlock = () => {
    unlockRecordings();
    unlockData();
  };
  try {
    await refuseHalfRestored(databasePath);
    const isNew = !existsSync(databasePath);
    const connection = openConnection(databasePath, factsOfPayload, { isShared: isSuccessor });
    const connect = () => openConnection(databasePath, factsOfPayload);
    // SQLite opens a file that it may not write, and says so only at the first write.
    connection.probe();
    let isTakenOver = false;
    if (audioFolder !== null) {
      const claim = { folder: audioFolder, databasePath, connection, log, isSuccessor, takesOver };
      ({ unlock: unlockRecordings, isTakenOver } = await claimRecordings(claim));
    }
    const running = runningMark(databasePath);
    const wasInterrupted = !isSuccessor && (await exists(running));
    await setMark(running);

    await makeRealFolders(databaseFolder, "spool");
    const bodies = await openSpool(join(databaseFolder, "spool"), databasePath, { isShared: isSuccessor });
    const recordings =
      audioFolder === null
        ? null
        : await openRecordings(audioFolder, databasePath, { isShared: isSuccessor });
    if (audioFolder !== null && (isNew || isTakenOver || wasInterrupted))
      await adoptRecordings(audioFolder, connection, log);
    if (wasInterrupted) {
      await removeLeftBodies(databaseFolder, connection, log);
      await warnOfMissingFiles({ databaseFolder, audioFolder, connection, log });
    }

    const writer = createWriter({ connection, connect, log });
    const holds = createHolds();
    let leavesOrphan = false;

    return {
      /** Resolves when the event is on disk, rejects where it could not be stored. */
      async storeEvent(record: EventRecord): Promise<StoreOutcome> {
        try {
          return await writer.store(record);
        } catch (error) {
          leavesOrphan ||= record.recording !== null;
          throw error;
        }
      },

      findByBody: writer.findByBody,
      isErased: writer.isErased,

      /** The body of a quarantined event, and where its file is if it is there; null if there is no such event. */
      async findQuarantined(id: number): Promise<(QuarantinedBody & { filePath: string | null }) | null> {
        const found = writer.findQuarantined(id);
        if (found === null) return null;
        const file = found.path === null ? null : await findDataFile("body", databaseFolder, found.path);
        return { ...found, filePath: file?.path ?? null };
      },

      /** Makes a quarantined event a processed one, then removes its file unless it stays one. Rejects where the disk fails. */
      async replaceQuarantined(id: number, record: EventRecord): Promise<Replacement> {
        const path = writer.findQuarantined(id)?.path ?? null;
        const replacement = writer.replaceQuarantined(id, record);
        const isOver = replacement === "replaced" || replacement === "erased";
        if (isOver && path !== null && !writer.isBodyFile(path)) await removeBody(databaseFolder, path);
        return replacement;
      },

      /** Whether recordings are kept for the first time, though earlier ones were acknowledged. To be called once. */
      beginKeepingRecordings: (audioTypes: readonly string[]): boolean =>
        audioFolder !== null && connection.beginKeepingRecordings(audioTypes),
      isHealthy: writer.isHealthy,
      retentionState: createRetentionState(databasePath),
      eraser: createEraser({ databasePath, recordingsFolder, holds }),
      /** Keeps a conversation from being erased by age until the returned function is called. */
      hold: holds.hold,
      progress: writer.progress,
      /** Temporary files for bodies on their way in. */
      bodies,
      /** null where recordings are not stored */
      recordings,
      quarantineBody: (file: TemporaryFile, bodySha256: string) =>
        quarantineBody(databaseFolder, file, bodySha256),
      removeBody: (path: string) => removeBody(databaseFolder, path),

      /** Free bytes of the fullest disk that is written to. */
      freeDiskBytes: () => Math.min(...[databaseFolder, audioFolder ?? databaseFolder].map(freeDiskBytes)),

      /**
       * To be called once, when nothing is in flight any more.
       *
       * @param isShared another instance is still at work on the data: it is not told that the stop was an orderly one
       * @returns whether this instance leaves everything in order; if not, the next start that finds nobody at work has to
       *   look, and the mark has to stay
       */
      async close({ isShared = false } = {}): Promise<{ isClean: boolean }> {
        writer.close({ isShared });
        // The next start adopts a recording that has no row.
        if (!leavesOrphan && !isShared) await rm(running, { force: true });
        unlock();
        return { isClean: !leavesOrphan };
      },
    };
  } catch (error) {
    unlock();
    throw error;
  }
}
