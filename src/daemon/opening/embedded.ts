import { accessSync, closeSync, constants, existsSync, openSync } from "node:fs";
import { dirname } from "node:path";
import { forwardThread, readingThread } from "../../app.ts";
import type { EmbeddedData } from "../../config/data.ts";
import { indexFile, indexOfQueries } from "../../erase/erase-index.ts";
import { announceErased } from "../../forward/sqlite/announcements.ts";
import { createForwarding } from "../../forward/forwarding.ts";
import { prepareForwarding } from "../../forward/sqlite/prepare.ts";
import { hasCode } from "../../platform/errors.ts";
import { atFault, FileFault, faultText } from "../../platform/faults.ts";
import { figuresByConnection, figuresByThread } from "../../query/figures.ts";
import type { Queries } from "../../query/port.ts";
import { createQueries } from "../../query/queries.ts";
import { OtherOwnerError } from "../../store/files/recordings-owner.ts";
import type { Store } from "../../store/port.ts";
import { PredecessorInTheWayError } from "../../store/sqlite/database.ts";
import { sqliteVersion } from "../../store/sqlite/open.ts";
import { startTurnsPayloads } from "../../store/sqlite/turns-payloads.ts";
import { openStore } from "../../store/store.ts";
import { recordOfLeftBody } from "../../webhook/record.ts";
import { warnOfKeptRecordings } from "../start-report.ts";
import type { Data, DataOptions, OpenedData } from "./port.ts";

/** Opens data that are in a SQLite file and a folder. */
export async function openEmbedded(place: EmbeddedData, options: DataOptions): Promise<OpenedData> {
  const { databasePath } = place;
  try {
    return { kind: "open", data: await withReaders(place, options, await open(place, options)) };
  } catch (error) {
    if (error instanceof PredecessorInTheWayError) return { kind: "predecessor in the way" };
    const isOfConfig = error instanceof OtherOwnerError;
    return { kind: "failed", problem: whyNotOpened(error, databasePath), isOfConfig };
  }
}

async function open(place: EmbeddedData, options: DataOptions): Promise<Store> {
  const { config, log, isShared, takesOverRecordings } = options;
  const audioFolder = config.storeAudio ? place.recordingsFolder : null;
  const common = { recordOfLeftBody, log, isShared, takesOverRecordings };
  const store = await openStore({ ...place, audioFolder, ...common });
  if (await store.events.beginKeepingRecordings()) warnOfKeptRecordings(log);
  return store;
}

async function withReaders(place: EmbeddedData, options: DataOptions, store: Store): Promise<Data> {
  const { databasePath } = place;
  const { config, destinations, clock, log } = options;
  const queries = createQueries({ ...place, thread: readingThread, log });
  const isApiOn = config.apiTokens.length > 0;
  if (isApiOn) queries.warmUp();
  await prepareForwarding({ databasePath, destinations, clock, log });
  const { publicUrl } = config;
  const common = { place, destinations: destinations ?? [], publicUrl };
  return {
    engine: `SQLite ${sqliteVersion()}`,
    store,
    queries,
    ...embeddedParts(databasePath, { queries, isApiOn }),
    forwarding: createForwarding({ ...common, thread: forwardThread, log }),
    startUpkeep: (predecessorEnded) => startTurnsPayloads({ databasePath, log, predecessorEnded }),
  };
}

/** What works on the files beside the database. @param isApiOn without the API there is neither thread nor search index */
export function embeddedParts(
  databasePath: string,
  { queries, isApiOn }: { queries: Pick<Queries, "ask">; isApiOn: boolean },
): Pick<Data, "figures" | "index" | "announceErased"> {
  return {
    figures: isApiOn ? figuresByThread(queries) : figuresByConnection(databasePath),
    index: isApiOn ? indexOfQueries(queries) : indexFile(databasePath),
    announceErased: (erased) => announceErased(databasePath, erased),
  };
}

/** What keeps the data from being opened, and what to do. */
function whyNotOpened(error: unknown, databasePath: string): string {
  if (!(error instanceof Error)) return String(error);
  const fault = hasCode(error, "SQLITE_CANTOPEN") ? whyNotOpenable(databasePath, error) : error;
  const named = atFault(databasePath, fault);
  return named instanceof FileFault ? faultText(named) : error.message;
}

/** SQLite does not say which of its files it could not open, nor why: the system does. */
function whyNotOpenable(databasePath: string, error: Error): unknown {
  const path = error instanceof FileFault ? error.path : databasePath;
  try {
    accessSync(dirname(path), constants.R_OK | constants.W_OK | constants.X_OK);
    for (const ending of ["", "-wal", "-shm"]) openIfThere(path + ending);
    return error;
  } catch (failure) {
    return failure;
  }
}

function openIfThere(path: string): void {
  if (existsSync(path)) closeSync(openSync(path, "r+"));
}
