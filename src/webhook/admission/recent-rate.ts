const WINDOW_MS = 1_000;

/** The last seconds of a body on its way in. */
export type Arrival = {
  byteCount: number;
  /** When the last byte came. */
  lastMs: number;
  /** The start of the window before the current one, and of the current one. */
  before: { ms: number; byteCount: number };
  mark: { ms: number; byteCount: number };
};

export function startArrival(nowMs: number): Arrival {
  const start = { ms: nowMs, byteCount: 0 };
  return { byteCount: 0, lastMs: nowMs, before: start, mark: start };
}

/** Notes that `byteCount` bytes have come in all. */
export function noteArrival(arrival: Arrival, byteCount: number, nowMs: number): void {
  arrival.byteCount = byteCount;
  arrival.lastMs = nowMs;
  if (nowMs - arrival.mark.ms < WINDOW_MS) return;
  arrival.before = arrival.mark;
  arrival.mark = { ms: nowMs, byteCount };
}

/**
 * Bytes per millisecond over the last one or two seconds. What came earlier does not count: otherwise a sender could
 * send much at first and rest on it.
 */
export function recentRate({ byteCount, lastMs, before }: Arrival, nowMs: number): number {
  if (nowMs - lastMs >= WINDOW_MS) return 0;
  return (byteCount - before.byteCount) / Math.max(1, nowMs - before.ms);
}
