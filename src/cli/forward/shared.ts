import type { SharedData } from "../../config/data.ts";
import { createForwardPlaces } from "../../forward/postgres/source.ts";
import { createForwardState } from "../../forward/postgres/state.ts";
import { openPool } from "../../store/postgres/pool.ts";
import type { ForwardWork } from "./work.ts";

/** Works on what is forwarded from Postgres. @throws PostgresFault */
export async function withSharedState<T>({ databaseUrl }: SharedData, work: ForwardWork<T>): Promise<T> {
  const pool = openPool({ url: databaseUrl, connectionsMax: 1 });
  try {
    return await work(createForwardPlaces(pool.query), createForwardState(pool.query, null));
  } finally {
    await pool.close();
  }
}
