import { senderOf } from "../../platform/address.ts";
import type { Clock } from "../../platform/clock.ts";

/** Wrong tokens from one sender in a window, before it is told to wait. */
const ATTEMPTS_MAX = 20;
const WINDOW_MS = 60_000;
/** Of more, the one that has been known for longest is forgotten. */
const SENDERS_MAX = 1_024;

/** Counts wrong tokens by sender. It only slows down guessing: a right token is never asked for here. */
export function createAttempts(clock: Clock) {
  const windows = new Map<string, { count: number; endMs: number }>();

  return {
    /** Counts one. @returns how many seconds the sender should wait; null while it may try again at once */
    secondsToWait(address: string | null): number | null {
      const sender = address === null ? "" : senderOf(address);
      const nowMs = clock.monotonicMs();
      const known = windows.get(sender);
      if (known !== undefined && known.endMs > nowMs) {
        known.count += 1;
        return known.count > ATTEMPTS_MAX ? Math.ceil((known.endMs - nowMs) / 1000) : null;
      }
      windows.delete(sender);
      const [oldest] = windows.keys();
      if (windows.size >= SENDERS_MAX && oldest !== undefined) windows.delete(oldest);
      windows.set(sender, { count: 1, endMs: nowMs + WINDOW_MS });
      return null;
    },

    senderCount: () => windows.size,
  };
}
