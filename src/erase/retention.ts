import { setTimeout as sleep } from "node:timers/promises";
import type { Clock } from "../platform/clock.ts";
import { errorCode, errorPath } from "../platform/errors.ts";
import { RemoteFault } from "../platform/faults.ts";
import type { Log } from "../platform/log.ts";
import type { Eraser, Limits, RetentionState } from "../store/port.ts";
import type { Erase } from "./erase.ts";
import { createPasses } from "./retention-pass.ts";
import { createStoredSettings, DAY_MS, endOfWaitMs, limitMs, limitsOf, NEVER } from "./retention-settings.ts";
import type { StoredSetting } from "./retention-settings.ts";
import { STORED_EVERY_MS } from "./trusted-clock.ts";
import type { TrustedClock } from "./trusted-clock.ts";

/** How often it looks for something to do. */
const TICK_MS = 5_000;
const PASS_EVERY_MS = STORED_EVERY_MS;
/** When what another instance is at is tried again. */
const BUSY_MS = 30_000;

export type RetentionOptions = {
  eraser: Eraser;
  erase: Erase;
  state: RetentionState;
  trustedClock: TrustedClock;
  clock: Clock;
  log: Log;
  /** When systemd-timesyncd last set the clock, in unix milliseconds; null if it is not there. */
  syncedAtMs: () => number | null;
  /** null: for ever */
  retentionDays: number | null;
  audioRetentionDays: number | null;
};

/**
 * Goes on with erasures that were interrupted, and erases what is older than it may become: at once, when the clock is
 * confirmed and every hour, in small steps.
 *
 * @param ready what it waits for
 * @returns ends it, and resolves when nothing of it is being erased any more
 */
export function startRetention(options: RetentionOptions, ready: Promise<unknown>): () => Promise<void> {
  const ending = new AbortController();
  const retention = createRetention(options, ending.signal);
  let ticking: Promise<unknown> = Promise.resolve();
  void run();
  return async () => {
    ending.abort();
    retention.end();
    await ticking;
  };

  async function run(): Promise<void> {
    await ready;
    while (!ending.signal.aborted) {
      const tick = retention.tick();
      ticking = tick;
      const hasMore = await tick;
      if (!hasMore) await sleep(TICK_MS, undefined, { signal: ending.signal }).catch(() => {});
    }
  }
}

/** What `startRetention` does, without the waiting. */
export function createRetention(options: RetentionOptions, signal: AbortSignal) {
  const { eraser, erase, state, trustedClock, clock, log, syncedAtMs, retentionDays, audioRetentionDays } =
    options;
  const passes = createPasses({ eraser, erase, onFailure: tellFailure, signal });
  const settings = createStoredSettings(state, { retentionDays, audioRetentionDays });
  const isOff = retentionDays === null && audioRetentionDays === null;
  let hasBegun = false;
  let isAwaitingProof = true;
  let passAtMs = clock.monotonicMs();
  let complainAtMs = clock.monotonicMs() + PASS_EVERY_MS;
  /** What the log was last told of settings that wait. */
  const told = new Set<string>();

  return {
    /** Does what it is time for, and returns whether there is more to do at once. */
    async tick(): Promise<boolean> {
      trustedClock.look(syncedAtMs());
      complain();
      const isProven = isAwaitingProof && trustedClock.isConfirmed();
      if (clock.monotonicMs() < passAtMs && !isProven) return false;
      if (isProven) isAwaitingProof = false;
      passAtMs = clock.monotonicMs() + PASS_EVERY_MS;
      await attempt(begin);
      await attempt(storeNow);
      const done = await attempt(async () => (await state.alone(resumeAndPass)) ?? "busy");
      // One that has just been stopped may count as at work for a moment, and another one's clock may not be confirmed.
      if (done === "busy") passAtMs = clock.monotonicMs() + BUSY_MS;
      if (done === true) passAtMs = clock.monotonicMs();
      return done === true;
    },

    /** Stores the time for the next run. */
    end: () => void attempt(storeNow),
  };

  async function begin(): Promise<void> {
    if (hasBegun) return;
    const stored = await state.get("trusted_now");
    // What is stamped later than now was stamped by a clock that was ahead.
    trustedClock.begin({
      storedMs: stored === null ? null : Number(stored),
      newestReceivedAtMs: await state.newestReceivedAtMs(clock.nowMs()),
    });
    hasBegun = true;
  }

  async function storeNow(): Promise<void> {
    const nowMs = trustedClock.nowMs();
    // Not before what earlier runs knew has been read.
    if (hasBegun && nowMs !== null) await state.set("trusted_now", String(Math.round(nowMs)));
  }

  /** Returns whether there is more to do at once. */
  async function resumeAndPass(): Promise<boolean> {
    await attempt(erase.resume);
    return (await attempt(pass)) ?? false;
  }

  async function pass(): Promise<boolean> {
    const nowMs = trustedClock.nowMs();
    const inForce = await settings.judge(nowMs === null ? null : { nowMs, ...readingOf(trustedClock) });
    const limits = limitsOf(nowMs, inForce);
    await storeLimit("bodies_erased_before", limits.conversationsBeforeMs);
    await storeLimit("recordings_erased_before", limits.recordingsBeforeMs);
    // Nothing was ever received, or nothing is known of it.
    if (isOff || nowMs === null || inForce === null) return false;
    const { conversations, recordings } = inForce;
    await tellOfWaiting("RETENTION_DAYS", conversations, nowMs);
    await tellOfWaiting("AUDIO_RETENTION_DAYS", recordings, nowMs);
    if (conversations.inForce === null && recordings.inForce === null) return false;
    const { hasMore, ...found } = await passes.eraseOld(limits);
    if (Object.values(found).some((count) => count > 0)) log.info("Erased what was too old", found);
    return hasMore;
  }

  /** Before anything is erased: a start after a kill does not warn then of files that are gone already. */
  async function storeLimit(name: "bodies_erased_before" | "recordings_erased_before", beforeMs: number) {
    const value = beforeMs === NEVER ? "0" : String(Math.round(beforeMs));
    if (value !== ((await state.get(name)) ?? "0")) await state.set(name, value);
  }

  /** Once after the start, and once more if the clock was not confirmed by then. */
  async function tellOfWaiting(name: string, setting: StoredSetting, nowMs: number): Promise<void> {
    if (setting.waiting === null) return;
    const what = `${name} ${trustedClock.hasBeenConfirmed()}`;
    if (told.has(what)) return;
    told.add(what);
    const beforeMs = limitMs(nowMs, setting.waiting.days);
    const limits: Limits = { conversationsBeforeMs: NEVER, recordingsBeforeMs: NEVER, nowMs };
    const due = await passes.count(
      name === "RETENTION_DAYS"
        ? { ...limits, conversationsBeforeMs: beforeMs }
        : { ...limits, recordingsBeforeMs: beforeMs },
    );
    const from = setting.waiting.isConfirmed ? endOfWaitMs(setting) : null;
    log.warning(`${name} is new or shorter: what is too old is erased in a day, unless you change it back`, {
      days: setting.waiting.days,
      from: from === null ? null : new Date(from).toISOString(),
      ...due,
    });
  }

  /** Daily while the clock is not confirmed. */
  function complain(): void {
    if (clock.monotonicMs() < complainAtMs) return;
    complainAtMs += DAY_MS;
    if (isOff || trustedClock.isConfirmed()) return;
    log.warning(
      "The clock is not confirmed by a delivery or by systemd-timesyncd: things are erased late. Keep it by NTP",
    );
  }

  /** Returns undefined if it failed: a later pass tries again. */
  async function attempt<T>(work: () => Promise<T>): Promise<T | undefined> {
    try {
      return await work();
    } catch (error) {
      tellFailure(error);
      return undefined;
    }
  }

  function tellFailure(error: unknown): void {
    if (signal.aborted) return;
    const why = error instanceof RemoteFault ? `: ${error.message}` : "";
    log.error(`Erasing failed and is tried again within the hour${why}`, {
      path: errorPath(error),
      error: errorCode(error),
    });
  }
}

function readingOf(trustedClock: TrustedClock) {
  return { hasBeenConfirmed: trustedClock.hasBeenConfirmed(), correctionMs: trustedClock.correctionMs() };
}
