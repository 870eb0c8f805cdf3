const DAY_MS = 86_400_000;

/** What is stored of one of the settings that erase by age. */
export type StoredSetting = {
  /** The days by which things are erased; null: they are kept. */
  inForce: number | null;
  /** Fewer days, and since when they are set; until a day later nothing is erased by them. */
  waiting: { days: number; sinceMs: number; isConfirmed: boolean } | null;
};

/** The trusted clock: see trusted-clock.ts. */
export type TrustedReading = {
  nowMs: number;
  /** Since the start. */
  hasBeenConfirmed: boolean;
  correctionMs: number;
};

/**
 * Decides by how many days things are erased. A setting that is new or shorter waits for a day, so that a slip can be
 * taken back; until then the one before stays in force.
 *
 * @param stored null if this version has never run on the data: it can't know what was set before, so that every setting
 *   is a new one
 */
export function judgeSetting(
  stored: StoredSetting | null,
  days: number | null,
  reading: TrustedReading,
): StoredSetting {
  const inForce = stored?.inForce ?? null;
  if (days === null || (inForce !== null && days >= inForce)) return { inForce: days, waiting: null };
  const before = stored?.waiting ?? null;
  const { nowMs, hasBeenConfirmed } = reading;
  const waiting =
    before?.days === days
      ? corrected(before, reading)
      : { days, sinceMs: nowMs, isConfirmed: hasBeenConfirmed };
  if (nowMs >= waiting.sinceMs + DAY_MS) return { inForce: days, waiting: null };
  return { inForce, waiting };
}

/** When the setting that waits comes into force. */
export function endOfWaitMs({ waiting }: StoredSetting): number | null {
  return waiting === null ? null : waiting.sinceMs + DAY_MS;
}

/** A moment of the unconfirmed clock is moved by as much as the clock is, once it is confirmed. */
function corrected(
  waiting: NonNullable<StoredSetting["waiting"]>,
  { hasBeenConfirmed, correctionMs }: TrustedReading,
): NonNullable<StoredSetting["waiting"]> {
  if (waiting.isConfirmed || !hasBeenConfirmed) return waiting;
  return { ...waiting, sinceMs: waiting.sinceMs + correctionMs, isConfirmed: true };
}
