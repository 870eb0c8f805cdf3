import { forwardThread } from "../../app.ts";
import type { Config } from "../../config/config.ts";
import type { SharedData } from "../../config/data.ts";
import { indexOfQueries } from "../../erase/erase-index.ts";
import { createForwarding } from "../../forward/forwarding.ts";
import { prepareSharedForwarding } from "../../forward/postgres/prepare.ts";
import { announceErased } from "../../forward/postgres/state.ts";
import { FileFault, faultText, RemoteFault } from "../../platform/faults.ts";
import type { Log } from "../../platform/log.ts";
import { figuresByThread } from "../../query/figures.ts";
import { createPostgresQueries } from "../../query/postgres/queries.ts";
import { OtherOwnerError } from "../../store/files/recordings-owner.ts";
import { openObjects } from "../../store/objects/objects.ts";
import { openPool } from "../../store/postgres/pool.ts";
import type { Pool } from "../../store/postgres/pool.ts";
import { openPostgresStore } from "../../store/postgres/store.ts";
import type { Store } from "../../store/port.ts";
import { recordOfLeftBody } from "../../webhook/record.ts";
import type { Data, DataOptions, OpenedData } from "./port.ts";

/** What is asked once in a while: the destinations, and the server of its version. */
const SIDE_CONNECTIONS_MAX = 2;

/** Opens data that are in Postgres and a bucket. */
export async function openShared(place: SharedData, options: DataOptions): Promise<OpenedData> {
  const { config, log } = options;
  const pool = openPool({ url: place.databaseUrl, connectionsMax: SIDE_CONNECTIONS_MAX });
  try {
    const { takesOverRecordings } = options;
    const store = await openSharedStore(place, { storeAudio: config.storeAudio, log, takesOverRecordings });
    return { kind: "open", data: await withReaders(place, options, { store, pool }) };
  } catch (error) {
    await pool.close();
    const isOfConfig =
      error instanceof OtherOwnerError || (error instanceof RemoteFault && !error.isTransient);
    return { kind: "failed", problem: problemOf(error), isOfConfig };
  }
}

/**
 * Opens what is stored, and nothing that reads it. A bucket that does not answer is logged: what needs none is stored.
 *
 * @throws PostgresFault, PostgresSchemaError; OtherOwnerError; FileFault of the spool
 */
export async function openSharedStore(
  { databaseUrl, objects: place, spoolFolder }: SharedData,
  options: Pick<Config, "storeAudio"> & { log: Log; takesOverRecordings?: boolean },
): Promise<Store> {
  const { storeAudio, log, takesOverRecordings = false } = options;
  const objects = await openObjects({ objects: place, spoolFolder, storesRecordings: storeAudio, log });
  const common = { recordOfLeftBody, log, takesOverRecordings };
  const store = await openPostgresStore({ databaseUrl, objects, spoolFolder, ...common });
  for (const { level, text, remedy } of await objects.check()) {
    if (level === "warning") log.warning(`${text}. ${remedy ?? ""}`);
    if (level !== "error") continue;
    log.error(`${text}. ${remedy ?? ""}`);
    store.suspectDisk();
  }
  return store;
}

async function withReaders(
  place: SharedData,
  options: DataOptions,
  { store, pool }: { store: Store; pool: Pool },
): Promise<Data> {
  const { databaseUrl } = place;
  const { config, destinations, clock, log } = options;
  await store.events.beginKeepingRecordings();
  const queries = createPostgresQueries({ databaseUrl, recordings: store.recordings, log });
  if (config.apiTokens.length > 0) queries.warmUp();
  await prepareSharedForwarding({ pool, destinations, clock, log });
  const { publicUrl } = config;
  const common = { place, destinations: destinations ?? [], publicUrl };
  return {
    engine: await engineOf(pool),
    store: { ...store, close: () => Promise.all([store.close(), pool.close()]).then(([closed]) => closed) },
    queries,
    figures: figuresByThread(queries),
    index: indexOfQueries(queries),
    announceErased: (erased) => announceErased(pool.query, erased),
    forwarding: createForwarding({ ...common, thread: forwardThread, log }),
    startUpkeep: () => () => {},
  };
}

async function engineOf(pool: Pool): Promise<string> {
  const [row] = await pool.query<{ version: string }>("SELECT current_setting('server_version') AS version");
  return `Postgres ${row?.version ?? "unknown"}`;
}

function problemOf(error: unknown): string {
  if (error instanceof RemoteFault || error instanceof FileFault) return faultText(error);
  return error instanceof Error ? error.message : String(error);
}
