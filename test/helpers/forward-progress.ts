import type { Progress } from "../../src/forward/port.ts";

/** Of a page that changes nothing. */
export const noProgress: Progress = {
  generation: 0,
  position: null,
  failed: [],
  done: [],
  succeededAtMs: null,
  failedAtMs: null,
};

/** An event whose first attempt failed. @param dueAtMs of the next one, in Unix ms; null: there is none */
export function failedOnce(eventId: number, dueAtMs: number | null) {
  return { eventId, attempts: 1, dueAtMs, problem: "HTTP 503" };
}
