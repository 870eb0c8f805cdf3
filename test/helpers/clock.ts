import type { Clock } from "../../src/platform/clock.ts";

type StandingClock = Clock & {
  advanceMs: (ms: number) => void;
  /** Sets the wall clock, as a person or a wrong battery does: no time passes. */
  setMs: (ms: number) => void;
};

/** A clock that stands still until it is moved. */
export function standingClock(nowSeconds = 1793620800): StandingClock {
  let elapsedMs = 0;
  let startMs = nowSeconds * 1000;
  return {
    nowMs: () => startMs + elapsedMs,
    monotonicMs: () => elapsedMs,
    advanceMs: (ms) => void (elapsedMs += ms),
    setMs: (ms) => void (startMs = ms - elapsedMs),
  };
}
