import { createLog } from "../../src/platform/log.ts";
import { watchHealth } from "../../src/store/postgres/health.ts";
import { migrate } from "../../src/store/postgres/migrate.ts";
import { openPool } from "../../src/store/postgres/pool.ts";
import { createWriter } from "../../src/store/postgres/writer.ts";

const log = createLog({ level: "ERROR", format: "text", write: () => {} });

/** The part of a receiver that writes to Postgres. */
export async function openPostgresWriter(
  url: string,
  options: {
    instanceId?: string;
    waits?: { repeatedMs: number; sentOnceMs: number };
    connectionsMax?: number;
  } = {},
) {
  const { instanceId = "a", waits, connectionsMax = 3 } = options;
  const pool = openPool({ url, connectionsMax });
  await migrate(pool, { instanceId });
  const health = watchHealth({ pool, instanceId, upkeep: async () => {}, log });
  const writer = createWriter({ pool, health, log, ...(waits === undefined ? {} : { waits }) });
  return {
    pool,
    health,
    writer,
    async end(): Promise<void> {
      await health.close();
      await pool.close();
    },
  };
}
