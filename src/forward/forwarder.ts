import { setTimeout as sleep } from "node:timers/promises";
import type { Clock } from "../platform/clock.ts";
import { createAnnouncer } from "./announcer.ts";
import { createCourier } from "./attempt.ts";
import type { Resolve } from "./route.ts";
import { namesToldOfErased } from "./destination.ts";
import type { Destination } from "./destination.ts";
import { createLine } from "./line.ts";
import type { TellForward } from "./line.ts";
import type { ForwardData } from "./port.ts";
import type { DestinationFigures } from "./thread-messages.ts";

/** While nothing is to be done, what is new is looked at this often, and all else half as often. */
const ROUND_MS = 500;
const HOUR_MS = 3_600_000;
/** What is under way at the end may still be answered. */
const GRACE_MS = 2_000;
const FREED_BYTES = 2 * 1024 * 1024;

/** What forwards. */
export type Forwarder = {
  /** Rejects if it can't go on. */
  done: Promise<void>;
  /** Lets what is under way be answered, or cuts it off soon. */
  stop: () => Promise<void>;
};

export type ForwarderOptions = {
  destinations: readonly Destination[];
  publicUrl: string | null;
  clock: Clock;
  random?: () => number;
  resolve?: Resolve;
  environment?: Record<string, string | undefined>;
  /** How often it looks while there is nothing to be done; less in tests. */
  roundMs?: number;
  tell: TellForward;
  /** Receives the figures, about once a second. */
  show: (figures: readonly DestinationFigures[]) => void;
};

/**
 * Sends all destinations their events, until it is stopped. The destinations do not wait for each other.
 *
 * @param options `data` is closed by the caller, after the stop
 */
export async function startForwarder(
  options: ForwarderOptions & { data: Omit<ForwardData, "close"> },
): Promise<Forwarder> {
  const { data, destinations, publicUrl, clock, random = Math.random, tell, show } = options;
  const { roundMs = ROUND_MS } = options;
  const { source, state, isPassing } = data;
  // Done by `prepareForwarding` before, unless the file was lost since.
  const names = destinations.map(({ name }) => name);
  await state.configure({ names, position: await source.newest(), nowMs: clock.nowMs() });
  /** Nothing more is begun. */
  const ending = new AbortController();
  /** What is under way is cut off. */
  const cutOff = new AbortController();

  const letGo = createLetGo();
  const parts = destinations.map(partsOf);

  function partsOf(destination: Destination) {
    const courier = createCourier(destination, options);
    const common = { destination, state, courier, isPassing, clock, random, calledOff: cutOff.signal };
    const line = createLine({ ...common, source, publicUrl, tell, letGo, ending: ending.signal });
    return { courier, line, announce: createAnnouncer({ ...common, ...line }) };
  }

  /** Repeats a step until the end: at once while there is more to do. */
  async function loop(step: () => Promise<boolean>, idleMs: number): Promise<void> {
    while (!ending.signal.aborted) {
      const hasMore = await attempt(step);
      if (!hasMore) await pause(idleMs, ending.signal);
    }
  }

  async function attempt(step: () => Promise<boolean>): Promise<boolean> {
    try {
      return await step();
    } catch (error) {
      if (isPassing(error)) return false;
      throw error;
    }
  }

  async function housekeep(): Promise<boolean> {
    const asking = namesToldOfErased(destinations);
    await state.dropAnnouncements(asking, clock.nowMs());
    await state.clearTraces();
    return false;
  }

  async function forgetGone(): Promise<false> {
    for (const name of names) await state.forgetGone(name);
    return false;
  }

  async function showFigures(): Promise<false> {
    show(await Promise.all(parts.map(({ line }) => line.figures())));
    return false;
  }

  const loops = [
    ...parts.flatMap(({ line, announce }) => [
      loop(line.sendNew, roundMs),
      loop(line.repeat, 2 * roundMs),
      loop(() => announce().then(() => false), 2 * roundMs),
    ]),
    loop(showFigures, 2 * roundMs),
    loop(housekeep, 2 * roundMs),
    loop(forgetGone, HOUR_MS),
  ];
  const done = Promise.all(loops);

  return {
    done: done.then(() => undefined),

    async stop() {
      ending.abort();
      const timer = setTimeout(() => cutOff.abort(), GRACE_MS);
      try {
        await done;
        await showFigures();
      } finally {
        clearTimeout(timer);
        for (const { courier } of parts) courier.close();
      }
    },
  };
}

/** Has what was sent freed a little at a time: left alone, the runtime keeps tens of megabytes of it. */
function createLetGo(): (bytes: number) => void {
  let heldBytes = 0;
  return (bytes) => {
    heldBytes += bytes;
    if (heldBytes < FREED_BYTES) return;
    heldBytes = 0;
    Bun.gc(true);
  };
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  // It only rejects at the end, which the caller looks for.
  await sleep(ms, undefined, { signal }).catch(() => {});
}
