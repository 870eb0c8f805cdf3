import type { Clock } from "../../src/platform/clock.ts";

/** A clock that stands still until it is moved. */
export function standingClock(nowSeconds = 1793620800): Clock & { advanceMs: (ms: number) => void } {
  let elapsedMs = 0;
  return {
    nowMs: () => nowSeconds * 1000 + elapsedMs,
    monotonicMs: () => elapsedMs,
    advanceMs: (ms) => void (elapsedMs += ms),
  };
}
