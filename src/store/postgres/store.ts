import { randomBytes } from "node:crypto";
import { bodyPath } from "../../model/body.ts";
import { freeDiskBytes } from "../../platform/disk.ts";
import type { Log } from "../../platform/log.ts";
import type { Objects } from "../objects/objects.ts";
import type { EventStore, RecordOfLeftBody, Store } from "../port.ts";
import { createHolds } from "../holds.ts";
import { sha256Of } from "../sqlite/erasures.ts";
import { claimBucketIfThere } from "./bucket-owner.ts";
import { watchBucket } from "./bucket-health.ts";
import { ensureDataId } from "./data-id.ts";
import { createEraser } from "./erase.ts";
import { watchHealth } from "./health.ts";
import { leave, migrate } from "./migrate.ts";
import { startOrphans } from "./orphans.ts";
import { openPool } from "./pool.ts";
import { findQuarantined, replaceQuarantined } from "./quarantined.ts";
import { createRecoveries } from "./recoveries.ts";
import { refoldLeft } from "./refold-left.ts";
import { findFirst } from "./rows.ts";
import { beginKeepingRecordings, createRetentionState } from "./state.ts";
import { storedId } from "./text.ts";
import { createTidy } from "./tidy.ts";
import { createWriter, persist } from "./writer.ts";

/** One writes; the other is there while the first is being given up. */
const WRITING_CONNECTIONS_MAX = 2;
/** All that is not the storing of deliveries. */
const OTHER_CONNECTIONS_MAX = 4;

/**
 * Opens the tables in Postgres and brings their schema up to date. Several instances may do that at once, and work at the same
 * time.
 *
 * @param objects which the store closes
 * @param spoolFolder where deliveries wait in files
 * @throws PostgresFault; PostgresSchemaError if this version may not write there; OtherOwnerError
 */
export async function openPostgresStore(options: {
  databaseUrl: string;
  objects: Objects;
  spoolFolder: string;
  recordOfLeftBody: RecordOfLeftBody;
  log: Log;
  /** Whether to take the bucket from another database. */
  takesOverRecordings?: boolean;
}): Promise<Store> {
  const { databaseUrl: url, objects, spoolFolder, recordOfLeftBody, log } = options;
  const { takesOverRecordings: takesOver = false } = options;
  const { bodies, recordings, newRecordings, pages } = objects;
  const storesRecordings = newRecordings !== null;
  const instanceId = randomBytes(16).toString("hex");
  const writing = openPool({ url, connectionsMax: WRITING_CONNECTIONS_MAX });
  const pool = openPool({ url, connectionsMax: OTHER_CONNECTIONS_MAX });
  const closePools = () => Promise.all([writing.close(), pool.close()]);
  try {
    await persist(() => migrate(pool, { instanceId }));
    await persist(() => ensureDataId(pool));
    await persist(() => claimBucketIfThere({ pool, objects, takesOver, log }));
  } catch (error) {
    await Promise.all([closePools(), objects.close()]);
    throw error;
  }

  // By the connections that write: the others may all be at work on something long.
  const health = watchHealth({ pool: writing, instanceId, upkeep: () => refoldLeft(pool), log });
  const bucket = watchBucket(objects, log);
  const writer = createWriter({ pool: writing, health, log });
  const tidy = createTidy({ pool, bodies, recordings, log });
  const holds = createHolds();
  const endOrphans = startOrphans({
    pool,
    objects,
    storesRecordings,
    recordOfLeftBody,
    log,
  });

  const events: EventStore = {
    async add(record) {
      const outcome = await writer.store(record);
      await tidy(record, outcome, record.payloadPath);
      return outcome;
    },
    async firstOf(key) {
      const [found] = await persist(() => findFirst(pool.query, [key]));
      return found?.first ?? null;
    },
    async isErased(conversationId) {
      const id = storedId(conversationId);
      if (id === null) return false;
      const text = "SELECT 1 AS one FROM erasures WHERE conversation_sha256 = $1";
      return (await persist(() => pool.query(text, [sha256Of(id)]))).length > 0;
    },
    quarantined: (id) => findQuarantined(pool.query, id),
    async replace(id, record) {
      const replacement = await replaceQuarantined(pool, id, record);
      await tidy(record, replacement, bodyPath(record.bodySha256));
      return replacement;
    },
    hold: holds.hold,
    eraser: createEraser({ pool, bodies, recordings, pages, isHeld: holds.isHeld }),
    retentionState: createRetentionState(pool),
    beginKeepingRecordings: async () => storesRecordings && beginKeepingRecordings(pool.query),
    progress: writer.progress,
  };

  return {
    events,
    bodies,
    recordings,
    newRecordings,
    recoveries: createRecoveries({ pool, objects, storesRecordings, tidy }),
    suspectDisk: bucket.suspect,
    isHealthy: () => health.isHealthy() && bucket.isHealthy(),
    fault: () => health.fault() ?? bucket.fault(),
    freeDiskBytes: () => freeDiskBytes(spoolFolder),
    async size() {
      const text = "SELECT pg_database_size(current_database()) AS bytes";
      const [row] = await pool.query<{ bytes: number }>(text);
      return { databaseBytes: row?.bytes ?? null, logBytes: null };
    },

    async close() {
      await endOrphans();
      await health.close();
      // Otherwise it counts as running for half a minute more.
      await leave(pool.query, instanceId).catch(() => {});
      await Promise.all([closePools(), objects.close()]);
      return { isClean: true };
    },
  };
}
