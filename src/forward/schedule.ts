const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;

/** How long after a failed attempt the next one follows; after the last of these the event is dead. */
const DELAYS_MS = [
  5 * SECOND_MS,
  5 * MINUTE_MS,
  30 * MINUTE_MS,
  2 * HOUR_MS,
  5 * HOUR_MS,
  10 * HOUR_MS,
  10 * HOUR_MS,
];
/** So that what has failed together does not come back together. */
const SPREAD = 0.2;

/**
 * When the next attempt is to be made.
 *
 * @param attempts that have failed, at least one
 * @param random from 0 to 1
 * @returns Unix ms; null: there is none
 */
export function nextAttemptMs(attempts: number, nowMs: number, random: number): number | null {
  const delayMs = DELAYS_MS[attempts - 1];
  return delayMs === undefined ? null : spread(delayMs, nowMs, random);
}

/** The same for an announcement, which is repeated until it is given up. */
export function nextAnnouncementMs(attempts: number, nowMs: number, random: number): number {
  return spread(DELAYS_MS[attempts - 1] ?? 10 * HOUR_MS, nowMs, random);
}

function spread(delayMs: number, nowMs: number, random: number): number {
  return Math.round(nowMs + delayMs * (1 - SPREAD + 2 * SPREAD * random));
}
