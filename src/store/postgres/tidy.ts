import type { EventRecord, Replacement, StoreOutcome } from "../../model/event.ts";
import { faultText } from "../../platform/faults.ts";
import type { Log } from "../../platform/log.ts";
import type { Blobs } from "../port.ts";
import { adoptRecording } from "./orphans.ts";
import type { Pool } from "./pool.ts";
import { isBodyFile } from "./quarantined.ts";

export type Tidy = ReturnType<typeof createTidy>;

/**
 * Removes the objects that are not to stay after an outcome, and gives a recording its row if its event stays quarantined.
 * Never throws: the outcome stands, and what could not be done is found among the orphans.
 */
export function createTidy(options: { pool: Pool; bodies: Blobs; recordings: Blobs; log: Log }) {
  const { pool, bodies, recordings, log } = options;

  /** @param body the quarantined body, if there was one */
  return async (
    record: EventRecord,
    outcome: StoreOutcome | Replacement,
    body: string | null,
  ): Promise<void> => {
    const { recording, conversationId, receivedAtMs } = record;
    try {
      if (outcome === "erased" && recording !== null) await recordings.remove(recording.path);
      if (outcome === "unstorable" && conversationId !== null && recording !== null)
        await adoptRecording(pool, conversationId, recording, receivedAtMs);
      const isOver = outcome === "erased" || outcome === "replaced";
      if (isOver && body !== null && !(await isBodyFile(pool.query, body))) await bodies.remove(body);
    } catch (error) {
      log.error(`An object is left to the hourly search for such: ${faultText(error)}`);
    }
  };
}
