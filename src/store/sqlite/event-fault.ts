import { errorCode } from "../../platform/errors.ts";
import type { Log } from "../../platform/log.ts";
import type { Connection } from "./connection.ts";
import type { EventRecord, StoreOutcome } from "../../model/event.ts";

/** Codes of SQLite that blame a value. Any other, and any other error, speaks of the disk, the file or the process. */
const EVENT_FAULTS = [
  "SQLITE_CONSTRAINT",
  "SQLITE_MISMATCH",
  "SQLITE_TOOBIG",
  "SQLITE_RANGE",
  "SQLITE_ERROR",
];

/** Whether an event can't be stored because of what is in it. */
export function isEventFault(error: unknown): boolean {
  const code = errorCode(error);
  return error instanceof TypeError || EVENT_FAULTS.some((fault) => code.startsWith(fault));
}

/** Stores an event, or quarantines it if it is odd. @throws where the disk fails */
export function insertOrQuarantine(connection: Connection, record: EventRecord, log: Log): StoreOutcome {
  try {
    const [outcome] = connection.insertAll([record]);
    if (outcome === undefined) throw new Error("an event was written without an outcome");
    return outcome;
  } catch (error) {
    if (!isEventFault(error) || record.status === "quarantined") throw error;
    log.error("An event can't be stored as it is and is quarantined", { error: errorCode(error) });
    return insertOrQuarantine(connection, quarantined(record), log);
  }
}

/** The same event without what was derived from it. Its recording is on disk already, and keeps its row. */
function quarantined(record: EventRecord): EventRecord {
  return {
    ...record,
    status: "quarantined",
    error: "invalid_payload: it could not be stored with what was derived from it",
    turnsPayload: null,
    facts: null,
    failure: null,
  };
}
