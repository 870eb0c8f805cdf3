import type { Limits, RetentionFact, RetentionState } from "../store/port.ts";

export const DAY_MS = 86_400_000;

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

type Days = { retentionDays: number | null; audioRetentionDays: number | null };

/** The settings that erase by age, with what is stored of them. */
export function createStoredSettings(state: RetentionState, { retentionDays, audioRetentionDays }: Days) {
  async function judge(
    name: RetentionFact,
    days: number | null,
    reading: TrustedReading | null,
  ): Promise<StoredSetting | null> {
    const text = await state.get(name);
    // Without a time there is nothing to wait from; that nothing is erased any more is known at once.
    if (reading === null && days !== null) return null;
    const judged = judgeSetting(readStored(text), days, reading ?? NO_TIME);
    if (JSON.stringify(judged) !== text) await state.set(name, JSON.stringify(judged));
    return judged;
  }

  return {
    /** Decides by what to erase, and stores it; null while that can't be told. */
    async judge(reading: TrustedReading | null) {
      const conversations = await judge("retention_days", retentionDays, reading);
      const recordings = await judge("audio_retention_days", audioRetentionDays, reading);
      return conversations === null || recordings === null ? null : { conversations, recordings };
    },
  };
}

const NO_TIME: TrustedReading = { nowMs: 0, hasBeenConfirmed: false, correctionMs: 0 };

/** What is not ours to read counts as never stored, which makes the setting a new one. */
function readStored(text: string | null): StoredSetting | null {
  if (text === null) return null;
  try {
    const { inForce, waiting }: StoredSetting = JSON.parse(text);
    return isDays(inForce) && isWaiting(waiting) ? { inForce, waiting } : null;
  } catch {
    return null;
  }
}

function isDays(value: unknown): boolean {
  return value === null || typeof value === "number";
}

function isWaiting(value: StoredSetting["waiting"]): boolean {
  return (
    value === null || (isDays(value.days) && isDays(value.sinceMs) && typeof value.isConfirmed === "boolean")
  );
}

/** Before which nothing was ever received. */
export const NEVER = -Infinity;

/** By what is in force; null: that is not known. */
export function limitsOf(
  nowMs: number | null,
  inForce: { conversations: StoredSetting; recordings: StoredSetting } | null,
): Limits {
  if (nowMs === null || inForce === null) {
    return { conversationsBeforeMs: NEVER, recordingsBeforeMs: NEVER, nowMs: Infinity };
  }
  return {
    conversationsBeforeMs: limitMs(nowMs, inForce.conversations.inForce),
    recordingsBeforeMs: limitMs(nowMs, inForce.recordings.inForce),
    nowMs,
  };
}

/** Nothing is older if it is kept for ever. */
export function limitMs(nowMs: number, days: number | null): number {
  return days === null ? NEVER : nowMs - days * DAY_MS;
}
