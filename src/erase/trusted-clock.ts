import type { Clock } from "../platform/clock.ts";

/** The monotonic clock and the wall clock run apart by less, unless somebody sets the wall clock. */
const JUMP_MS_MIN = 60_000;
/** How old a signature may be that proves the wall clock. */
const PROOF_MS_MAX = 30 * 60_000;
/** systemd-timesyncd asks every 34 minutes at least, and touches its file each time. */
const SYNC_MS_MAX = 2 * 60 * 60_000;
/** The file is touched just after the clock is set. */
const SYNC_AHEAD_MS_MAX = 1_000;

/** How often the trusted now is stored. */
export const STORED_EVERY_MS = 60 * 60_000;

export type TrustedClock = ReturnType<typeof createTrustedClock>;

/** What earlier runs knew; null: nothing. */
export type EarlierTimes = { storedMs: number | null; newestReceivedAtMs: number | null };

/**
 * A clock that is never ahead, for what can't be taken back. It goes on from what earlier runs knew, by the monotonic
 * clock, until the wall clock is confirmed: by a signed delivery whose timestamp agrees with it, or by systemd-timesyncd.
 * If the wall clock then jumps it has to be confirmed again, and this clock goes on as if it had not.
 */
export function createTrustedClock(clock: Clock) {
  /** The trusted now less the monotonic clock; null: nothing is known. */
  let offsetMs: number | null = null;
  /** The same, if nothing had been confirmed. */
  let earlierOffsetMs: number | null = null;
  let isConfirmed = false;
  let hasBeenConfirmed = false;
  /** The wall clock less the monotonic one, when it was last confirmed or jumped. */
  let wallOffsetMs = clock.nowMs() - clock.monotonicMs();
  let hasJumped = false;
  /** What systemd-timesyncd said before the last jump, which proves nothing after it. */
  let syncedBeforeJumpMs: number | null = null;

  function observe(): void {
    const nowOffsetMs = clock.nowMs() - clock.monotonicMs();
    if (Math.abs(nowOffsetMs - wallOffsetMs) < JUMP_MS_MIN) return;
    wallOffsetMs = nowOffsetMs;
    isConfirmed = false;
    hasJumped = true;
  }

  function confirm(): void {
    wallOffsetMs = clock.nowMs() - clock.monotonicMs();
    offsetMs = wallOffsetMs;
    isConfirmed = true;
    hasBeenConfirmed = true;
  }

  return {
    /** Takes in what earlier runs have left. Only the first time counts: later on it is of this run. */
    begin(earlier: EarlierTimes): void {
      const startMs = latestOf(earlier);
      if (startMs === null || earlierOffsetMs !== null) return;
      earlierOffsetMs = startMs - clock.monotonicMs();
      offsetMs ??= earlierOffsetMs;
    },

    /** A delivery with a valid signature has arrived, from another machine. */
    delivered({ signedAtMs }: { signedAtMs: number }): void {
      if (Math.abs(clock.nowMs() - signedAtMs) <= PROOF_MS_MAX) confirm();
    },

    /**
     * Takes in what systemd-timesyncd says.
     *
     * @param syncedAtMs when it last set the clock; null: never, or it is not there
     */
    look(syncedAtMs: number | null): void {
      observe();
      if (hasJumped) syncedBeforeJumpMs = syncedAtMs;
      hasJumped = false;
      if (syncedAtMs === null || syncedAtMs === syncedBeforeJumpMs) return;
      const ageMs = clock.nowMs() - syncedAtMs;
      if (ageMs >= -SYNC_AHEAD_MS_MAX && ageMs <= SYNC_MS_MAX) confirm();
    },

    /** Unix milliseconds; null while nothing is known. */
    nowMs: (): number | null => (offsetMs === null ? null : offsetMs + clock.monotonicMs()),

    isConfirmed(): boolean {
      observe();
      return isConfirmed;
    },

    /** Whether it was since the start: it goes on from there, though the wall clock may have jumped since. */
    hasBeenConfirmed: (): boolean => hasBeenConfirmed,

    /** How far it is ahead of what it would be if nothing had been confirmed. */
    correctionMs: (): number => (offsetMs ?? 0) - (earlierOffsetMs ?? offsetMs ?? 0),
  };
}

/**
 * The newest event counts only as far as it can be newer than what was stored. A delivery that was signed on this machine
 * while its clock was ahead, as by the `send` command, must not put this clock ahead.
 */
function latestOf({ storedMs, newestReceivedAtMs }: EarlierTimes): number | null {
  if (storedMs === null || newestReceivedAtMs === null) return storedMs ?? newestReceivedAtMs;
  return Math.max(storedMs, Math.min(newestReceivedAtMs, storedMs + STORED_EVERY_MS));
}
