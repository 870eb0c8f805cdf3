import { setTimeout as sleep } from "node:timers/promises";
import type { Clock } from "../platform/clock.ts";
import { errorCode } from "../platform/errors.ts";
import type { Log } from "../platform/log.ts";
import type { Eraser } from "../store/erase.ts";
import type { Erase } from "./erase.ts";

const PASS_EVERY_MS = 3_600_000;
/** Between two steps deliveries have the disk for themselves. */
const STEP_PAUSE_MS = 100;
/** The rest is left to the next pass, which follows at once. */
const ERASED_A_PASS_MAX = 10_000;
const DAY_MS = 86_400_000;

/** What a pass has erased. */
type Found = { conversations: string[]; recordingCount: number; eventCount: number };

/** Erases what is too old among the rows after one. Returns the last row it has seen, null at the end. */
type Step = (found: Found, afterRow: number) => Promise<number | null>;

/**
 * Goes on with erasures that were interrupted, and erases what is older than it may become: at once and every hour, in
 * small steps.
 *
 * @returns ends it
 */
export function startRetention(options: {
  eraser: Eraser;
  erase: Erase;
  clock: Clock;
  log: Log;
  /** null: for ever */
  retentionDays: number | null;
  audioRetentionDays: number | null;
}): () => void {
  const { eraser, erase, clock, log, retentionDays, audioRetentionDays } = options;
  const isOff = retentionDays === null && audioRetentionDays === null;
  const ending = new AbortController();
  void run();
  return () => ending.abort();

  async function run(): Promise<void> {
    while (!ending.signal.aborted) {
      await attempt(erase.resume);
      const hasMore = isOff ? false : await attempt(pass);
      if (hasMore !== true) await pause(PASS_EVERY_MS);
    }
  }

  /** Returns undefined where it failed: a later pass tries again. */
  async function attempt<T>(work: () => Promise<T>): Promise<T | undefined> {
    try {
      return await work();
    } catch (error) {
      if (!ending.signal.aborted) log.error("Erasing failed and is tried again", { error: errorCode(error) });
      return undefined;
    }
  }

  /** Returns whether there is more to do. */
  async function pass(): Promise<boolean> {
    const found: Found = { conversations: [], recordingCount: 0, eventCount: 0 };
    await passSteps(found, conversationStep);
    await passSteps(found, eventStep);
    const { conversations, recordingCount, eventCount } = found;
    if (conversations.length + eventCount > 0) await erase.finish();
    if (conversations.length + recordingCount + eventCount > 0) {
      log.info("Erased what was too old", {
        conversations: conversations.length,
        recordings: recordingCount,
        events: eventCount,
      });
    }
    return isFull(found);
  }

  async function passSteps(found: Found, step: Step): Promise<void> {
    for (let row: number | null = 0; row !== null && !isFull(found) && !ending.signal.aborted;) {
      row = await step(found, row);
      await pause(STEP_PAUSE_MS);
    }
  }

  async function conversationStep(found: Found, afterRow: number): Promise<number | null> {
    const ages = await eraser.conversationAges(afterRow);
    const old = ages.filter(({ updatedAtMs }) => updatedAtMs < cutoffMs(retentionDays)).map(idOf);
    const mute = ages
      .filter(({ audioReceivedAtMs }) => (audioReceivedAtMs ?? Infinity) < cutoffMs(audioRetentionDays))
      .map(idOf);
    if (mute.length > 0) await eraser.eraseRecordings(mute);
    if (old.length > 0) await erase.eraseSome(old);
    found.conversations.push(...old);
    found.recordingCount += mute.length;
    return ages.at(-1)?.row ?? null;
  }

  async function eventStep(found: Found, afterRow: number): Promise<number | null> {
    const ages = await eraser.eventAges(afterRow, cutoffMs(retentionDays));
    const old = ages.filter(({ newestAtMs }) => newestAtMs < cutoffMs(retentionDays));
    const ids = [...new Set(old.flatMap(({ conversationId }) => conversationId ?? []))];
    const alone = old.filter(({ conversationId }) => conversationId === null).map(({ row }) => row);
    if (ids.length > 0) await erase.eraseSome(ids);
    if (alone.length > 0) await eraser.eraseEvents(alone);
    found.conversations.push(...ids);
    found.eventCount += alone.length;
    return ages.at(-1)?.row ?? null;
  }

  /** Unix milliseconds; nothing is older where it is kept for ever. */
  function cutoffMs(days: number | null): number {
    return days === null ? -Infinity : clock.nowMs() - days * DAY_MS;
  }

  async function pause(ms: number): Promise<void> {
    await sleep(ms, undefined, { signal: ending.signal }).catch(() => {});
  }
}

function isFull({ conversations }: Found): boolean {
  return conversations.length >= ERASED_A_PASS_MAX;
}

function idOf({ conversationId }: { conversationId: string }): string {
  return conversationId;
}
