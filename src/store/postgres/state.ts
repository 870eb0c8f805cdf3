import { readReprocessedText, withReprocessed } from "../../model/reprocessed.ts";
import type { Reprocessed } from "../../model/reprocessed.ts";
import { audioTypes } from "../../vendor/event-type.ts";
import type { RetentionState } from "../port.ts";
import type { StateName } from "../sqlite/state.ts";
import { wholeMs } from "./due.ts";
import { leadOnce } from "./leader.ts";
import type { Pool, Query } from "./pool.ts";

type FactName =
  | StateName
  /** Where the data are: see data-id.ts. */
  | "data_place"
  /** When objects without rows were last looked for, in Unix ms: see orphans.ts. */
  | "orphans_sought_at";

/** A fact in the table `state`; null if there is none. */
export async function getFact(query: Query, name: FactName): Promise<string | null> {
  const [row] = await query<{ value: string }>("SELECT value FROM state WHERE name = $1", [name]);
  return row?.value ?? null;
}

export async function setFact(query: Query, name: FactName, value: string): Promise<void> {
  await query(
    "INSERT INTO state (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
    [name, value],
  );
}

/** Remembers an event that has been reprocessed; in the same transaction, under the lock of writes. */
export async function noteReprocessed(query: Query, eventId: number): Promise<void> {
  await setFact(query, "reprocessed", withReprocessed(await getFact(query, "reprocessed"), eventId));
}

export async function readReprocessed(query: Query): Promise<Reprocessed> {
  return readReprocessedText(await getFact(query, "reprocessed"));
}

/** What retention remembers beyond one run: the same for all instances, of which one erases at a time. */
export function createRetentionState(pool: Pool): RetentionState {
  const { query } = pool;
  return {
    get: (name) => getFact(query, name),
    set: (name, value) => setFact(query, name, value),
    async newestReceivedAtMs(untilMs) {
      const [row] = await query<{ newestMs: number | null }>(
        `SELECT max(received_at) AS "newestMs" FROM events WHERE received_at <= $1::bigint`,
        [wholeMs(untilMs)],
      );
      return row?.newestMs ?? null;
    },
    async alone(work) {
      const led = await leadOnce({ pool, role: "retention" }, work);
      return led.kind === "done" ? led.value : null;
    },
  };
}

/**
 * Remembers that recordings are kept from now on. Returns true the first time that is so for a database, if the newest
 * recording was acknowledged and not kept.
 */
export async function beginKeepingRecordings(query: Query): Promise<boolean> {
  // Type by type: the index then finds the newest without a look at the others.
  const newest = audioTypes
    .map(
      (type) => `(SELECT id, conversation_id FROM events WHERE type = '${type}' AND status = 'processed'
        AND conversation_id IS NOT NULL ORDER BY id DESC LIMIT 1)`,
    )
    .join(" UNION ALL ");
  const [first] = await query<{ wasDropped: boolean | null }>(
    `WITH newest AS (SELECT conversation_id FROM (${newest}) AS each ORDER BY id DESC LIMIT 1)
     INSERT INTO state (name, value)
     VALUES ('recordings_kept_since', floor(extract(epoch FROM clock_timestamp()) * 1000)::text)
     ON CONFLICT DO NOTHING
     RETURNING (SELECT NOT EXISTS (SELECT 1 FROM conversations
       WHERE conversations.conversation_id = newest.conversation_id AND audio_path IS NOT NULL) FROM newest)
       AS "wasDropped"`,
  );
  return first?.wasDropped === true;
}
