import type { Log } from "../../platform/log.ts";
import type { Connection } from "./connection.ts";
import { createSteadyConnection, insertOrQuarantine, isEventFault } from "./connection.ts";
import type { EventKey, EventRecord, Replacement, StoreOutcome } from "../../model/event.ts";
import { createLate, LateFilesError } from "./late.ts";
import type { LateListener } from "./late.ts";
import type { Recording } from "../../model/recording.ts";

const BATCH_EVENTS_MAX = 256;

type Waiting = {
  record: EventRecord;
  resolve: (outcome: StoreOutcome) => void;
  reject: (error: unknown) => void;
};

export type Writer = ReturnType<typeof createWriter>;

/**
 * Writes events in groups: all that wait when a commit begins share it, and its one flush to disk. A group never fails
 * because of one of its events; when the disk fails, nothing of it is stored and every one of its deliveries hears so.
 * Only an event whose file has its final name is not given up then: it is stored as soon as the disk takes it.
 */
export function createWriter(options: {
  connection: Connection;
  connect: () => Connection;
  onLate: LateListener;
  log: Log;
}) {
  const { onLate, log } = options;
  const steady = createSteadyConnection(options);
  let waiting: Waiting[] = [];
  let groupCount = 0;
  let storedCount = 0;
  const late = createLate(onLate);

  function commitWaiting(): void {
    const group = waiting.splice(0, BATCH_EVENTS_MAX);
    groupCount += 1;
    if (waiting.length > 0) setImmediate(commitWaiting);
    try {
      settle(group, usableConnection().insertAll(group.map(({ record }) => record)));
    } catch (error) {
      if (!isEventFault(error)) return failAll(group, error);
      for (const one of group) commitAlone(one);
    }
  }

  /** One event of a group that failed together: stored, or quarantined if it is the odd one. */
  function commitAlone(one: Waiting): void {
    try {
      settle([one], [insertOrQuarantine(usableConnection(), one.record, log)]);
    } catch (error) {
      failAll([one], error);
    }
  }

  function failAll(group: Waiting[], error: unknown): void {
    steady.fail();
    for (const { record, resolve } of group) {
      if (record.recording === null && record.payloadPath === null) continue;
      late.begin(record, (usable) => {
        const outcome = insertOrQuarantine(usable, record, log);
        settle([{ record, resolve, reject: () => {} }], [outcome]);
        return outcome;
      });
    }
    tryAgain();
    // Of those that were stored by now, this says nothing any more.
    for (const { reject } of group) reject(error);
  }

  function settle(group: Waiting[], outcomes: StoreOutcome[]): void {
    for (const [index, { resolve }] of group.entries()) {
      const outcome = outcomes[index];
      if (outcome === undefined) continue;
      if (outcome !== "erased" && !outcome.isDuplicate) storedCount += 1;
      resolve(outcome);
    }
  }

  function usableConnection(): Connection {
    const hasFailed = steady.isFailing();
    const connection = steady.usable();
    if (!hasFailed) return connection;
    storeLate();
    return steady.usable();
  }

  function tryAgain(): void {
    try {
      usableConnection();
    } catch {
      // It still fails: the next caller gets the error.
    }
  }

  function storeLate(): void {
    try {
      late.store(steady.usable());
    } catch {
      steady.fail();
    }
  }

  return {
    /** Resolves when the event is on disk. Rejects if the disk fails; the event is not stored then. */
    store(record: EventRecord): Promise<StoreOutcome> {
      return new Promise((resolve, reject) => {
        waiting.push({ record, resolve, reject });
        if (waiting.length === 1) setImmediate(commitWaiting);
      });
    },

    /** The first delivery of the same body, if there was one. */
    findByBody: (key: EventKey) => usableConnection().findByBody(key),

    /** Whether the conversation of this id was erased. */
    isErased: (conversationId: string | null) => usableConnection().isErased(conversationId),
    findQuarantined: (id: number) => usableConnection().findQuarantined(id),
    isBodyFile: (path: string) => usableConnection().isBodyFile(path),

    /**
     * Makes a quarantined event a processed one; it is on disk when this returns.
     *
     * @returns "gone" if there is no quarantined event of that id, "erased" if nothing is kept of its conversation,
     *   "unstorable" if what was derived from it can't be stored
     * @throws if the disk fails; nothing is changed then, and what has a recording is tried again
     */
    replaceQuarantined(id: number, record: EventRecord): Replacement {
      const replace = (usable: Connection) => usable.replaceQuarantined(id, record);
      try {
        return replace(usableConnection());
      } catch (error) {
        if (isEventFault(error)) return "unstorable";
        steady.fail();
        let replacement: Replacement | null = null;
        if (record.recording !== null) late.begin(record, (usable) => (replacement = replace(usable)));
        tryAgain();
        if (replacement !== null) return replacement;
        throw error;
      }
    },

    /**
     * Stores an event that was fetched from ElevenLabs, unless it is not missing any more; it is on disk when this
     * returns.
     *
     * @throws if the disk fails; what has a recording is tried again
     */
    storeRecovered(
      record: EventRecord & { conversationId: string },
      gonePath: string | null,
    ): StoreOutcome | "unstorable" {
      const insert = (usable: Connection) => usable.insertRecovered(record, gonePath);
      try {
        return insert(usableConnection());
      } catch (error) {
        if (isEventFault(error)) return "unstorable";
        steady.fail();
        if (record.recording !== null) late.begin(record, insert);
        tryAgain();
        throw error;
      }
    },

    /** Works on the database directly. @throws if the disk fails */
    use: <T>(work: (sqlite: Connection["sqlite"]) => T): T => work(usableConnection().sqlite),
    state: () => usableConnection().state,

    /** Enters a recording that no event names. @throws if the disk fails */
    adoptRecording(conversationId: string, recording: Recording, receivedAtMs: number): void {
      usableConnection().adoptRecording(conversationId, recording, receivedAtMs);
    },

    /** A file that gets its final name has to get its row. @throws if too many wait for theirs */
    requireRoomForFile(): void {
      usableConnection();
      if (!late.hasRoom()) throw new LateFilesError();
    },

    /** False while the database takes no writes; asking tries again. */
    isHealthy(): boolean {
      tryAgain();
      if (!steady.isFailing()) storeLate();
      return !steady.isFailing() && late.hasRoom();
    },

    /** Tries again to store what is late. Returns whether there is still any. */
    storeLate(): boolean {
      tryAgain();
      if (!steady.isFailing()) storeLate();
      return late.count() > 0;
    },

    /** Whether the file of an event of this conversation waits for its row. */
    isLate: late.isLate,

    /** Events that wait, groups that were tried and events that were stored, the last two since the start. */
    progress: () => ({ waitingCount: waiting.length, groupCount, storedCount }),

    /** @throws if the log can't be copied back: nothing is lost then, the next start reads it */
    close({ isShared = false } = {}): void {
      try {
        // Others at work would have to wait for it.
        if (!isShared) usableConnection().checkpoint();
      } finally {
        steady.close();
      }
    },
  };
}
