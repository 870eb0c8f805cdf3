import type { Clock } from "../../platform/clock.ts";
import { faultText } from "../../platform/faults.ts";
import type { Log } from "../../platform/log.ts";
import type { Pool } from "../../store/postgres/pool.ts";
import { namesToldOfErased } from "../destination.ts";
import type { Destination } from "../destination.ts";
import { createForwardSource } from "./source.ts";
import { createForwardState } from "./state.ts";

/**
 * Takes up the destinations of the configuration, before the first delivery: a new one begins with it. What fails is
 * logged, and nothing else: the receiver goes on.
 */
export async function prepareSharedForwarding(options: {
  pool: Pick<Pool, "query">;
  /** null: they are not known, since the file of them has faults */
  destinations: readonly Destination[] | null;
  clock: Clock;
  log: Log;
}): Promise<void> {
  const { pool, destinations, clock, log } = options;
  if (destinations === null) return;
  const nowMs = clock.nowMs();
  const state = createForwardState(pool.query, null);
  const source = createForwardSource(pool.query, { open: async () => null });
  try {
    const names = destinations.map(({ name }) => name);
    await state.configure({ names, position: await source.newest(), nowMs });
    // Without destinations nobody else does it, and the ids of erased conversations must not stay.
    await state.dropAnnouncements(namesToldOfErased(destinations), nowMs);
  } catch (error) {
    log.error(`What is forwarded can't be prepared: ${faultText(error)}`);
  }
}
