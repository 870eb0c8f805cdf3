import type { EventRecord, StoreOutcome } from "../../model/event.ts";
import type { Objects } from "../objects/objects.ts";
import type { Recoveries } from "../port.ts";
import { isBucketOurs } from "./bucket-owner.ts";
import { PostgresFault } from "./fault.ts";
import type { Pool } from "./pool.ts";
import {
  firstReceivedAtMs,
  insertRecovered,
  knownConversations,
  onlyRecoveredInARow,
  pendingRecoveries,
} from "./recovered.ts";
import { inWriteLock } from "./lock-holder.ts";
import { getFact, setFact } from "./state.ts";
import type { Tidy } from "./tidy.ts";
import { createTurns } from "./turns.ts";

/** What a recovery asks of what stores. One instance at a time recovers by itself; what somebody asks for, any does. */
export function createRecoveries(options: {
  pool: Pool;
  objects: Pick<Objects, "recordings" | "readMark" | "writeMark">;
  /** Whether new recordings are stored. */
  storesRecordings: boolean;
  tidy: Tidy;
}): Recoveries {
  const { pool, objects, storesRecordings, tidy } = options;
  const { query } = pool;
  /** As they were when this instance last looked; another one may have changed them since. */
  let counts = { pendingCount: 0, failedCount: 0 };

  async function count(): Promise<void> {
    counts = await pendingRecoveries.count(query);
  }

  async function store(record: Parameters<Recoveries["add"]>[0], gonePath: string | null) {
    try {
      return await inWriteLock(pool, (within) => insertRecovered(within, record, gonePath));
    } catch (error) {
      if (error instanceof PostgresFault && error.kind === "event") return "unstorable";
      throw error;
    }
  }

  return {
    known: (ids) => knownConversations(query, ids),

    async isGone(audioPath) {
      if (!storesRecordings || (await objects.recordings.stat(audioPath)) !== null) return false;
      // In a bucket that is another's, or that was named by mistake, nothing is gone.
      return isBucketOurs(query, objects);
    },

    async add(record, gonePath) {
      const outcome: StoreOutcome | "unstorable" = await store(record, gonePath);
      await tidy(record satisfies EventRecord, outcome, null);
      if (outcome === "erased" || outcome === "unstorable") return outcome;
      return outcome.isDuplicate ? "present" : "stored";
    },

    async duePending(nowMs, rowsMax) {
      await count();
      return pendingRecoveries.due(query, nowMs, rowsMax);
    },
    countPending: () => counts,
    async putPending(pending) {
      await inWriteLock(pool, (within) => pendingRecoveries.put(within, pending));
      await count();
    },
    async removePending(conversationId) {
      await pendingRecoveries.remove(query, conversationId);
      await count();
    },
    async tidyPending(notedBeforeMs) {
      await pendingRecoveries.tidy(query, notedBeforeMs);
      await count();
    },
    async onlyRecoveredInARow(sinceMs) {
      await count();
      return onlyRecoveredInARow(query, sinceMs);
    },
    get: (name) => getFact(query, name),
    set: (name, value) => setFact(query, name, value),
    firstReceivedAtMs: () => firstReceivedAtMs(query),
    ...createTurns(pool),
  };
}
