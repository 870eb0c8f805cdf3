import type { Database } from "bun:sqlite";
import type { EventRecord } from "../model/event.ts";
import { onFileNow } from "../platform/faults.ts";
import { createLimit } from "../platform/limit.ts";
import type { FileBlobs } from "./files/blobs.ts";
import { isMarked } from "./files/recordings-owner.ts";
import type { Recoveries } from "./port.ts";
import type { LateOutcome } from "./sqlite/late.ts";
import {
  firstReceivedAtMs,
  knownConversations,
  onlyRecoveredInARow,
  pendingRecoveries,
} from "./sqlite/recovered.ts";
import type { Writer } from "./sqlite/writer.ts";

/** What a recovery asks of what stores, on the connection that deliveries are written with. */
export function createRecoveries(options: {
  databasePath: string;
  recordings: FileBlobs;
  /** null: recordings are not stored */
  audioFolder: string | null;
  writer: Writer;
  /** Removes the files that are not to stay after an outcome. */
  tidy: (record: EventRecord, outcome: LateOutcome, body: null) => Promise<void>;
}): Recoveries {
  const { databasePath, recordings, audioFolder, writer, tidy } = options;
  const oneAtATime = createLimit(1);
  const use = async <T>(work: (sqlite: Database) => T): Promise<T> =>
    onFileNow(databasePath, () => writer.use(work));

  return {
    known: (ids) => use((sqlite) => knownConversations(sqlite, ids)),

    async isGone(audioPath) {
      // Without its mark the folder is that of a disk that is not mounted, and nothing in it is gone.
      if (audioFolder === null || !(await isMarked(audioFolder))) return false;
      return (await recordings.stat(audioPath)) === null;
    },

    async add(record, gonePath) {
      const outcome = onFileNow(databasePath, () => writer.storeRecovered(record, gonePath));
      await tidy(record, outcome, null);
      if (outcome === "erased" || outcome === "unstorable") return outcome;
      return outcome.isDuplicate ? "present" : "stored";
    },

    duePending: (nowMs, rowsMax) => use((sqlite) => pendingRecoveries.due(sqlite, nowMs, rowsMax)),
    countPending: () => writer.use(pendingRecoveries.count),
    putPending: (pending) => use((sqlite) => pendingRecoveries.put(sqlite, pending)),
    removePending: (id) => use((sqlite) => pendingRecoveries.remove(sqlite, id)),
    tidyPending: (beforeMs) => use((sqlite) => pendingRecoveries.tidy(sqlite, beforeMs)),
    onlyRecoveredInARow: (sinceMs) => use((sqlite) => onlyRecoveredInARow(sqlite, sinceMs)),
    get: async (name) => onFileNow(databasePath, () => writer.state().get(name)),
    set: async (name, value) => onFileNow(databasePath, () => writer.state().set(name, value)),
    firstReceivedAtMs: () => use(firstReceivedAtMs),
    inTurn: (signal, run) => oneAtATime(() => run(signal)),
    // No other instance is at work on the data.
    keepAlone: (begin) => begin(),
  };
}
