import type { Clock } from "../platform/clock.ts";
import type { AdmissionRefusal } from "./admission/admission.ts";

/** A body slower than this over the window is cut. */
const BYTES_PER_SECOND_MIN = 1024;
export const STALL_WINDOW_MS = 15_000;
const BODY_MS_MAX = 10 * 60_000;

/** What must come in within a window: a body of no more has to be complete by its end. */
export const WINDOW_BYTES_MIN = (BYTES_PER_SECOND_MIN * STALL_WINDOW_MS) / 1000;

export type CutReason = "body_too_slow" | AdmissionRefusal;

/** The end of an intake from outside. */
export type Cut = {
  /** Only the first reason counts. */
  now: (why: CutReason) => void;
  reason: () => CutReason | null;
  /** Calls back when the cut comes, at once where it has come already. */
  onCut: (callback: () => void) => void;
};

export function createCut(): Cut {
  let reason: CutReason | null = null;
  let act = (): void => {};
  return {
    now(why) {
      if (reason !== null) return;
      reason = why;
      act();
    },
    reason: () => reason,
    onCut(callback) {
      act = callback;
      if (reason !== null) callback();
    },
  };
}

/** Cuts a body that falls below the minimum rate or takes too long in all. */
export function watchPace(
  clock: Clock,
  cut: Cut,
): { progress: (byteCount: number) => void; stop: () => void } {
  const startedMs = clock.monotonicMs();
  let received = 0;
  let receivedBefore = 0;
  const timer = setInterval(() => {
    const isStalled = received - receivedBefore < WINDOW_BYTES_MIN;
    receivedBefore = received;
    if (isStalled || clock.monotonicMs() - startedMs >= BODY_MS_MAX) cut.now("body_too_slow");
  }, STALL_WINDOW_MS);
  return {
    progress: (byteCount) => (received = byteCount),
    stop: () => clearInterval(timer),
  };
}
