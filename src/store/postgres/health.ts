import { faultText } from "../../platform/faults.ts";
import type { Log } from "../../platform/log.ts";
import { PostgresFault } from "./fault.ts";
import { beat, PostgresSchemaError } from "./migrate.ts";
import type { Pool } from "./pool.ts";

const HEARTBEAT_MS = 10_000;
/** As long as the last answer counts, and as long as a probe waits for one. */
const PROBE_MS = 2_000;

/** A page of the server, which it has to find room for. */
const TAKE_ROOM = `INSERT INTO state (name, value)
  SELECT 'probe', string_agg(md5(random()::text), '') FROM generate_series(1, 512)`;

class Undo extends Error {}

const outdated = (where: string) => ({
  what: `${where}: a newer version of the program has changed the tables`,
  remedy: "end this instance",
});

const textOf = ({ what, remedy }: { what: string; remedy: string }): string => `${what}: ${remedy}`;

export type Health = ReturnType<typeof watchHealth>;

/**
 * Whether Postgres takes writes, by the last commit or a probe, and whether this version may still write.
 *
 * @param upkeep what is to be done at each heartbeat
 */
export function watchHealth(options: {
  pool: Pool;
  instanceId: string;
  upkeep: () => Promise<void>;
  log: Log;
}) {
  const { pool, instanceId, upkeep, log } = options;
  let fault: PostgresFault | null = null;
  let isOutdated = false;
  let knownAtMs = performance.now();
  let probing: Promise<void> | null = null;

  function succeed(): void {
    if (fault !== null) log.info("Postgres takes writes again");
    fault = null;
    knownAtMs = performance.now();
  }

  function fail(error: unknown): void {
    if (!(error instanceof PostgresFault)) return;
    if (fault === null) log.error(`Nothing can be stored: ${faultText(error)}`);
    fault = error;
    knownAtMs = performance.now();
  }

  async function probe(): Promise<void> {
    try {
      if (fault?.code.startsWith("53") === true) await findRoom(pool);
      const mayWrite = await beat(pool.query, instanceId, { deadlineMs: PROBE_MS });
      if (!mayWrite && !isOutdated) log.error(textOf(outdated(pool.where)));
      isOutdated = !mayWrite;
      succeed();
    } catch (error) {
      fail(error);
    }
  }

  function probeOnce(): Promise<void> {
    probing ??= probe().finally(() => {
      probing = null;
    });
    return probing;
  }

  async function heartbeat(): Promise<void> {
    await probeOnce();
    if (fault !== null) return;
    try {
      await upkeep();
    } catch (error) {
      log.error(`Something is left to the next time: ${faultText(error)}`);
    }
  }

  const timer = setInterval(() => void heartbeat(), HEARTBEAT_MS);
  timer.unref();

  return {
    succeed,
    fail,

    /** @throws PostgresSchemaError if this version may not write any more */
    requireRight(): void {
      if (isOutdated) throw new PostgresSchemaError(textOf(outdated(pool.where)));
    },

    /** Why it is not healthy, and what to do. */
    fault(): { what: string; remedy: string } | null {
      return isOutdated ? outdated(pool.where) : fault;
    },

    /** What was last known, at once; asks again if that is old. */
    isHealthy(): boolean {
      if (performance.now() - knownAtMs > PROBE_MS) void probeOnce();
      return fault === null && !isOutdated;
    },

    async close(): Promise<void> {
      clearInterval(timer);
      await probing;
    },
  };
}

/** Has the server find room for a page: a full disk still takes what fits on pages that are there. Nothing of it stays. */
export async function findRoom(pool: Pick<Pool, "transaction">): Promise<void> {
  const taken = pool.transaction(
    async (query) => {
      await query(TAKE_ROOM);
      throw new Undo();
    },
    { deadlineMs: PROBE_MS },
  );
  await taken.catch((error: unknown) => {
    if (!(error instanceof Undo)) throw error;
  });
}
