import type { SharedData } from "../../config/data.ts";
import { openSharedStore } from "../../daemon/opening/shared.ts";
import { RemoteFault } from "../../platform/faults.ts";
import type { Log } from "../../platform/log.ts";
import { PostgresSchemaError } from "../../store/postgres/migrate.ts";
import type { OpenedStore } from "./opened.ts";

/** Opens the data that receivers share, beside those that run. */
export async function openRemote(
  place: SharedData,
  options: { storeAudio: boolean; log: Log },
): Promise<OpenedStore> {
  try {
    return { kind: "open", store: await openSharedStore(place, options) };
  } catch (error) {
    if (error instanceof RemoteFault || error instanceof PostgresSchemaError)
      return { kind: "failed", problem: error.message };
    throw error;
  }
}
