import { randomBytes } from "node:crypto";
import { readAges, textOfAges } from "../../model/lineage.ts";
import type { Lineage } from "../../model/lineage.ts";
import type { Pool, Query } from "./pool.ts";
import { getFact, setFact } from "./state.ts";
import { inWriteLock } from "./lock-holder.ts";

/** Where the data are: another server or database, or another timeline of it, after a restore. */
const PLACE = `
  SELECT concat_ws(':', (SELECT system_identifier FROM pg_control_system()),
    (SELECT oid FROM pg_database WHERE datname = current_database()),
    left(pg_walfile_name(pg_current_wal_lsn()), 8)) AS place`;

/** It never goes down, whatever is deleted; ids that were given up count. */
const LAST_EVENT_ID = `
  SELECT CASE WHEN is_called THEN last_value ELSE 0 END AS "lastEventId" FROM events_id_seq`;

/**
 * Gives the data their id; and another one if they have been restored to another place, since the next events get ids that
 * others had before. A dump that is restored into the same database looks the same, though: the documents say what to do.
 */
export async function ensureDataId(pool: Pool): Promise<void> {
  const place = await placeOf(pool);
  await inWriteLock(pool, async (query) => {
    const ages = readAges((await getFact(query, "data_id")) ?? "");
    const before = await getFact(query, "data_place");
    const isElsewhere = place !== null && before !== null && before !== place;
    if (place !== null && before !== place) await setFact(query, "data_place", place);
    if (ages.length > 0 && !isElsewhere) return;
    const age = { dataId: randomBytes(16).toString("hex"), sinceEventId: await lastEventId(query) };
    await setFact(query, "data_id", textOfAges([age, ...ages]));
  });
}

/** Which data these are, and how far their ids go. */
export async function readLineage(query: Query): Promise<Lineage> {
  const ages = readAges((await getFact(query, "data_id")) ?? "");
  return { ages, lastEventId: await lastEventId(query) };
}

/** null if the server does not tell, as some providers' do not. */
async function placeOf({ query }: Pool): Promise<string | null> {
  try {
    return (await query<{ place: string }>(PLACE))[0]?.place ?? null;
  } catch {
    return null;
  }
}

async function lastEventId(query: Query): Promise<number> {
  return (await query<{ lastEventId: number }>(LAST_EVENT_ID))[0]?.lastEventId ?? 0;
}
