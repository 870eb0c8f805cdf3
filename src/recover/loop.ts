import { setTimeout as sleep } from "node:timers/promises";
import { faultText } from "../platform/faults.ts";
import { TRANSCRIPT_OVERDUE_MS } from "./judge.ts";
import type { RecoveryParts, RunOptions } from "./parts.ts";
import { NOTED_MS_MAX } from "./pending.ts";
import type { RunReport } from "./report.ts";
import { runRecovery } from "./run.ts";
import type { RunOutcome } from "./run.ts";

const FIRST_MS = 5_000;
const EVERY_MS = 10 * 60_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** ElevenLabs lists by the start of calls, and calls last. */
const CALL_MS_MAX = 3 * HOUR_MS;
const WEEK_MS = 7 * DAY_MS;
/** By this machine's time. */
const NIGHT_HOUR = 3;

export type Recovery = ReturnType<typeof createRecovery>;

/** What is asked for by hand. */
export type ByHand = Pick<
  RunOptions,
  "agentIds" | "window" | "conversationId" | "withRecordings" | "isDryRun" | "signal" | "onProgress"
>;

/** Recovers what is missing, by itself and on request, one run at a time. */
export function createRecovery(parts: RecoveryParts) {
  const { store, clock, log } = parts;
  const { recoveries } = store;
  const startedAtMs = clock.nowMs();
  let lastSuccessAtMs: number | null = null;
  let fault: { what: string; remedy: string } | null = null;
  let onlyRecoveredCount = 0;
  let counts = { pendingCount: 0, failedCount: 0 };

  return {
    /** Runs what somebody has asked for, after the run that is under way. @throws FileFault */
    byHand: (asked: ByHand): Promise<RunOutcome> =>
      recoveries.inTurn(asked.signal, (signal) =>
        runRecovery(parts, {
          ...asked,
          signal,
          endedAfterMs: -Infinity,
          listedAgainAfter: -Infinity,
          isByHand: true,
        }),
      ),

    /** Looks once at what is new at ElevenLabs, and each night at the last week. Never throws. */
    tick: attempt,

    /** What there is to say of it. */
    status: () => ({ ...counts, lastSuccessAtMs, fault, onlyRecoveredCount }),
  };

  async function attempt(agentIds: readonly string[] | null, signal: AbortSignal): Promise<void> {
    try {
      await recoveries.inTurn(signal, (own) => look(agentIds, own));
    } catch (error) {
      if (signal.aborted) return;
      parts.observer.failed("storage");
      complain(`what was recovered can't be stored: ${faultText(error)}`, "Check the disk.");
    }
  }

  async function look(agentIds: readonly string[] | null, signal: AbortSignal): Promise<void> {
    const nowMs = clock.nowMs();
    const beganMs = await beginning(nowMs);
    const watermarkMs = Math.min(nowMs, Number((await recoveries.get("recover_watermark")) ?? beganMs));
    const isNightly = Number((await recoveries.get("recover_week")) ?? 0) < nightBefore(nowMs);
    const lookedMs = isNightly ? Math.min(watermarkMs, nowMs - WEEK_MS) : watermarkMs;
    const fromMs = Math.max(beganMs, lookedMs) - CALL_MS_MAX;
    // What ended before this has been looked through after this run, and it is what the next one begins with.
    const nextMs = nowMs - TRANSCRIPT_OVERDUE_MS;
    const { report, stop } = await runRecovery(parts, {
      agentIds,
      window: { startedAfter: Math.floor(fromMs / 1000), startedBefore: null },
      endedAfterMs: beganMs,
      listedAgainAfter: Math.ceil((nextMs - CALL_MS_MAX) / 1000),
      conversationId: null,
      withRecordings: true,
      isByHand: false,
      isDryRun: false,
      signal,
      onProgress: () => {},
    });
    tellRun(report);
    if (stop?.reason === "cancelled") return;
    await watch();
    if (stop !== null) {
      complain(stop.message, "Receiving goes on. docs/recover.md has more.");
      return;
    }
    await recoveries.set("recover_watermark", String(nextMs));
    if (isNightly) await recoveries.set("recover_week", String(nowMs));
    await recoveries.tidyPending(nowMs - NOTED_MS_MAX);
    fault = null;
    lastSuccessAtMs = clock.nowMs();
  }

  /** Before that nothing would have been delivered here: the first event, or the first start with recovery on. */
  async function beginning(nowMs: number): Promise<number> {
    const since = await recoveries.get("recover_since");
    if (since === null) await recoveries.set("recover_since", String(nowMs));
    return Math.min(Number(since ?? nowMs), (await recoveries.firstReceivedAtMs()) ?? Infinity);
  }

  /** What the receiver's problems are told by: see src/problems. */
  async function watch(): Promise<void> {
    onlyRecoveredCount = await recoveries.onlyRecoveredInARow(startedAtMs);
    counts = recoveries.countPending();
  }

  function tellRun({ conversations, missing, recovered, failed, seconds }: RunReport): void {
    const isQuiet = missing.transcripts + missing.recordings + failed.count === 0;
    const figures = {
      conversations,
      transcripts: recovered.transcripts,
      recordings: recovered.recordings,
      bytes: recovered.bytes,
      failed: failed.count,
      seconds: Math.round(seconds * 10) / 10,
    };
    log[isQuiet ? "debug" : "info"]("Compared with ElevenLabs", figures);
  }

  /** Logged when it begins; the problems of the day are logged by daemon/problem-journal.ts. */
  function complain(what: string, remedy: string): void {
    if (fault?.what !== what) log.warning(`Recovery stopped and is tried again in 10 minutes: ${what}`);
    fault = { what, remedy };
  }
}

/** The last time that it was night, in Unix ms. */
function nightBefore(nowMs: number): number {
  const night = new Date(nowMs);
  night.setHours(NIGHT_HOUR, 0, 0, 0);
  if (night.getTime() > nowMs) night.setDate(night.getDate() - 1);
  return night.getTime();
}

/**
 * Goes on looking for what is missing: soon after the start, then every 10 minutes.
 *
 * @param agentIds null: those of all agents
 * @param ready what it waits for
 * @returns ends it, and resolves when nothing of it is being stored any more
 */
export function keepRecovering(
  recovery: Recovery,
  agentIds: readonly string[] | null,
  ready: Promise<unknown>,
): () => Promise<void> {
  const ending = new AbortController();
  const { signal } = ending;
  const pause = (ms: number) => sleep(ms, undefined, { signal }).catch(() => {});
  let ticking: Promise<void> = Promise.resolve();
  void run();
  return async () => {
    ending.abort();
    await ticking;
  };

  async function run(): Promise<void> {
    await ready;
    await pause(FIRST_MS);
    while (!signal.aborted) {
      ticking = recovery.tick(agentIds, signal);
      await ticking;
      await pause(EVERY_MS);
    }
  }
}
