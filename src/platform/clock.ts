/** The time, as a parameter: tests move it, the program passes `systemClock`. */
export type Clock = {
  /** Milliseconds since 1970-01-01 UTC. May jump when the system's clock is set. */
  nowMs: () => number;
  /** Milliseconds since some fixed point; never goes back. For durations and deadlines. */
  monotonicMs: () => number;
};

export const systemClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
};
