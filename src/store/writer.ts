import { errorCode } from "../platform/errors.ts";
import type { Log } from "../platform/log.ts";
import type { Connection } from "./connection.ts";
import type { EventRecord, StoreOutcome } from "./event-record.ts";
import type { EventKey } from "./events.ts";

const BATCH_EVENTS_MAX = 256;

/** Codes of SQLite that blame a value. Any other, and any other error, speaks of the disk, the file or the process. */
const EVENT_FAULTS = [
  "SQLITE_CONSTRAINT",
  "SQLITE_MISMATCH",
  "SQLITE_TOOBIG",
  "SQLITE_RANGE",
  "SQLITE_ERROR",
];

type Waiting = {
  record: EventRecord;
  resolve: (outcome: StoreOutcome) => void;
  reject: (error: unknown) => void;
};

/** What became of a quarantined event that can be processed now. */
export type Replacement = "replaced" | "gone" | "erased" | "unstorable";

export type Writer = ReturnType<typeof createWriter>;

/**
 * Writes events in groups: all that wait when a commit begins share it, and its one flush to disk. A group never fails
 * because of one of its events; when the disk fails, nothing of it is stored and every one of its deliveries hears so.
 */
export function createWriter(options: { connection: Connection; connect: () => Connection; log: Log }) {
  const { connect, log } = options;
  let { connection } = options;
  let isFailing = false;
  let waiting: Waiting[] = [];
  let groupCount = 0;
  let storedCount = 0;

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
      settle([one], usableConnection().insertAll([one.record]));
    } catch (error) {
      if (!isEventFault(error) || one.record.status === "quarantined") return failAll([one], error);
      log.error("An event can't be stored as it is and is quarantined", { error: errorCode(error) });
      commitAlone({ ...one, record: quarantined(one.record) });
    }
  }

  function failAll(group: Waiting[], error: unknown): void {
    // After a failed flush the kernel may have dropped the pages: only what is read back from a new connection counts.
    isFailing = true;
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
    if (!isFailing) return connection;
    connection.close();
    connection = connect();
    connection.probe();
    isFailing = false;
    log.info("The database takes writes again");
    return connection;
  }

  return {
    /** Resolves when the event is on disk. Rejects where the disk fails; the event is not stored then. */
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
     * @returns "gone" where there is no quarantined event of that id, "erased" where nothing is kept of its conversation,
     *   "unstorable" where what was derived from it can't be stored
     * @throws where the disk fails; nothing is changed then
     */
    replaceQuarantined(id: number, record: EventRecord): Replacement {
      try {
        return usableConnection().replaceQuarantined(id, record);
      } catch (error) {
        if (isEventFault(error)) return "unstorable";
        isFailing = true;
        throw error;
      }
    },

    /** False while the database takes no writes; asking tries again. */
    isHealthy(): boolean {
      try {
        usableConnection();
        return true;
      } catch {
        return false;
      }
    },

    /** Events that wait, groups that were tried and events that were stored, the last two since the start. */
    progress: () => ({ waitingCount: waiting.length, groupCount, storedCount }),

    close({ isShared = false } = {}): void {
      // Others at work would have to wait for it.
      if (!isShared) usableConnection().checkpoint();
      connection.close();
    },
  };
}

function quarantined(record: EventRecord): EventRecord {
  return {
    ...record,
    status: "quarantined",
    error: "invalid_payload: it could not be stored with what was derived from it",
    turnsPayload: null,
    facts: null,
    failure: null,
    recording: null,
  };
}

function isEventFault(error: unknown): boolean {
  const code = errorCode(error);
  return error instanceof TypeError || EVENT_FAULTS.some((fault) => code.startsWith(fault));
}
