import { setTimeout as sleep } from "node:timers/promises";
import { keepLeading } from "../../store/postgres/leader.ts";
import type { Leading, LeaderWaits } from "../../store/postgres/leader.ts";
import { PostgresFault } from "../../store/postgres/fault.ts";
import { openPool } from "../../store/postgres/pool.ts";
import type { Blobs } from "../../store/port.ts";
import { startForwarder } from "../forwarder.ts";
import type { Forwarder, ForwarderOptions } from "../forwarder.ts";
import { readStatus } from "../status.ts";
import type { DestinationFigures } from "../thread-messages.ts";
import { createForwardSource } from "./source.ts";
import { createForwardState, takeOver } from "./state.ts";

const CONNECTIONS_MAX = 4;
/** Each look is a round trip, and every destination takes several. */
const ROUND_MS = 1_000;
/** How often an instance that does not forward looks how the destinations stand. */
const WATCH_MS = 5_000;

/** Forwards what is in Postgres whenever this instance is the one that does; it shows how the destinations stand meanwhile. */
export function runShared(
  databaseUrl: string,
  options: ForwarderOptions & { bodies: Pick<Blobs, "open">; waits?: LeaderWaits },
): Forwarder {
  const { bodies, destinations, show, roundMs = ROUND_MS, waits } = options;
  const pool = openPool({ url: databaseUrl, connectionsMax: CONNECTIONS_MAX });
  const { query } = pool;
  const source = createForwardSource(query, bodies);
  const ending = new AbortController();
  const failed = Promise.withResolvers<void>();
  let isLeading = false;

  async function lead({ term, signal }: Leading): Promise<void> {
    await takeOver(query);
    const data = { source, state: createForwardState(query, term), isPassing };
    const forwarder = await startForwarder({ ...options, roundMs, data });
    isLeading = true;
    try {
      await Promise.race([forwarder.done, aborted(signal)]);
    } finally {
      isLeading = false;
      await forwarder.stop();
    }
  }

  async function watch(): Promise<void> {
    while (!ending.signal.aborted) {
      if (!isLeading) await standing().then(show).catch(tellFault);
      await sleep(WATCH_MS, undefined, { signal: ending.signal }).catch(() => {});
    }
  }

  async function standing(): Promise<DestinationFigures[]> {
    const { lineage } = source;
    const all = await readStatus(createForwardState(query, null), destinations, await lineage());
    return all.flatMap(({ name, host, waiting: parked, dead, eventId, lastEventId, stopped }) =>
      host === null
        ? []
        : [{ name, host, delivered: 0, failed: 0, eventId, lastEventId, parked, dead, stopped }],
    );
  }

  function tellFault(error: unknown): void {
    // The store tells if the database can't be reached.
    if (!isPassing(error)) failed.reject(error);
  }

  const watching = watch();
  const stopLeading = keepLeading({
    pool,
    role: "forward",
    work: lead,
    onFault: tellFault,
    ...(waits && { waits }),
  });

  return {
    done: failed.promise,
    async stop() {
      ending.abort();
      await Promise.all([stopLeading(), watching]);
      await pool.close();
      failed.resolve();
    },
  };
}

function isPassing(error: unknown): boolean {
  return error instanceof PostgresFault && error.kind === "connection";
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
