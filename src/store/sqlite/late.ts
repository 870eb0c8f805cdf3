import type { Connection } from "./connection.ts";
import { isEventFault } from "./connection.ts";
import type { EventRecord, Replacement, StoreOutcome } from "../../model/event.ts";

/** When this much is late, no further file gets its name; what is in flight comes on top. */
const LATE_EVENTS_MAX = 64;
const LATE_BYTES_MAX = 16 * 1024 * 1024;

export type LateOutcome = StoreOutcome | Replacement;

/** Writes an event and tells the delivery that waits for it, if it still does. */
type Write = (connection: Connection) => LateOutcome;

export type LateListener = {
  /** The file of an event waits for its row. */
  begun: (record: EventRecord) => void;
  /** It does not wait any more. */
  ended: (record: EventRecord, outcome: LateOutcome) => void;
};

/** No further file gets its final name before those that have theirs have their rows. */
export class LateFilesError extends Error {
  readonly code = "LATE_FILES";
}

/**
 * Events whose file has its final name and whose row the disk has not taken. Such a file is not given up: what it holds
 * may have been sent once.
 */
export function createLate(listener: LateListener) {
  /** By the hash of the body. */
  const late = new Map<string, { record: EventRecord; write: Write }>();

  return {
    count: (): number => late.size,

    /** Whether further files may get their final names. */
    hasRoom(): boolean {
      let bytes = 0;
      for (const { record } of late.values()) bytes += record.payload?.byteLength ?? 0;
      return late.size < LATE_EVENTS_MAX && bytes < LATE_BYTES_MAX;
    },

    /** Whether an event of this conversation waits. */
    isLate: (conversationId: string): boolean =>
      [...late.values()].some(({ record }) => record.conversationId === conversationId),

    begin(record: EventRecord, write: Write): void {
      late.set(record.bodySha256, { record, write });
      listener.begun(record);
    },

    /** Stores what is late. @throws if the disk fails; what is not stored then stays late */
    store(connection: Connection): void {
      for (const [bodySha256, { record, write }] of late) {
        try {
          const outcome = write(connection);
          late.delete(bodySha256);
          listener.ended(record, outcome);
        } catch (error) {
          if (!isEventFault(error)) throw error;
        }
      }
    },
  };
}
