import type { FailureReason, RecoveredKind } from "../model/recovery.ts";
import { RestError } from "../vendor/rest/fault.ts";
import { CANCELLED, reactionTo, StopRun } from "./faults.ts";
import { createFetch } from "./fetch.ts";
import type { Looked, RecordingTask } from "./fetch.ts";
import type { Wanted } from "./judge.ts";
import type { RecoveryParts, RunOptions } from "./parts.ts";
import { pendingAfter, UNFINISHED } from "./pending.ts";
import type { Tally } from "./report.ts";

/** Of conversations, one after the other, before a run takes ElevenLabs for unreachable. */
const FAILURES_IN_A_ROW_MAX = 5;

/**
 * A conversation of which something is missing; `recording` if that is known to be all. `isAsked`: it is listed, and only
 * ElevenLabs' answer tells whether it has a recording that is missing.
 */
export type MissingConversation = {
  conversationId: string;
  recording: RecordingTask | null;
  isAsked: boolean;
};

/** Fetches what was found to be missing, one after the other: transcripts first, which are small. */
export function createWork(
  parts: RecoveryParts,
  options: RunOptions,
  { tally, wanted }: { tally: Tally; wanted: () => Wanted },
) {
  const { client, store, config, observer, clock, log } = parts;
  const { conversationId: only, isByHand, isDryRun, signal, onProgress } = options;
  const { recoveries } = store;
  let exclusion: Promise<boolean> | null = null;
  const fetch = createFetch({
    client,
    store,
    storesTranscripts: config.storeTranscripts,
    recordingBytesMax: config.bodyBytesMax,
    freeDiskBytesMin: config.freeDiskBytesMin,
    wanted,
    isTranscriptExcluded: () => (exclusion ??= readExclusion()),
    log,
    signal,
  });
  let failuresInARow = 0;

  return {
    async fetchAll(found: readonly MissingConversation[]): Promise<void> {
      const recordings = found.flatMap(({ recording }) => recording ?? []);
      for (const { conversationId, recording, isAsked } of found) {
        if (recording !== null) continue;
        const kind = isAsked ? "recording" : "transcript";
        const task = await attempt(conversationId, kind, () => lookAt(conversationId, isAsked));
        if (task !== null) recordings.push(task);
      }
      if (isDryRun) return;
      for (const task of recordings)
        await attempt(task.conversationId, "recording", () => fetchRecording(task));
    },
  };

  /** Settings that can't be read for want of a right hide nothing: what they say is not known then. */
  async function readExclusion(): Promise<boolean> {
    try {
      return (await client.getSettings({ signal })).excludeTranscript;
    } catch (error) {
      if (error instanceof RestError && error.fault.kind === "forbidden") return false;
      const reaction = reactionTo(error);
      throw reaction.kind === "stop" ? reaction.stop : new StopRun("unavailable", reaction.why);
    }
  }

  async function lookAt(conversationId: string, isAsked: boolean): Promise<RecordingTask | null> {
    const looked = await fetch.look(conversationId, { isDryRun });
    const { verdict, transcript, agentId, recording } = looked;
    if (only !== null) countOnly(looked);
    if (isAsked && verdict.kind === "here") tally.isHere();
    if (recording !== null) tally.missing("recording", agentId);
    if (isDryRun) return null;
    if (transcript?.outcome === "unusable" || transcript?.outcome === "unstorable") {
      const why = "why" in transcript ? transcript.why : "it could not be stored";
      await putOff(conversationId, "transcript", "unusable", why);
      return recording;
    }
    if (transcript !== null) settled("transcript", transcript);
    if (verdict.kind === "not yet") await note(conversationId, UNFINISHED);
    else if (recording === null && !looked.isNoted) await recoveries.removePending(conversationId);
    return recording;
  }

  /** Of the only conversation that was asked for there is no list. */
  function countOnly({ verdict, agentId }: Looked): void {
    tally.judged(verdict);
    if (verdict.kind === "missing" && verdict.transcript) tally.missing("transcript", agentId);
  }

  async function fetchRecording(task: RecordingTask): Promise<null> {
    const { conversationId } = task;
    const fetched = await fetch.recording(task);
    if (fetched.outcome === "too large")
      await putOff(conversationId, "recording", "unusable", "larger than MAX_BODY_BYTES");
    else if (fetched.outcome === "unstorable")
      await putOff(conversationId, "recording", "unusable", "it could not be stored");
    else {
      settled("recording", fetched);
      await recoveries.removePending(conversationId);
    }
    return null;
  }

  function settled(kind: RecoveredKind, { outcome, bytes }: { outcome: string; bytes: number }): void {
    if (outcome === "stored") {
      tally.recovered(kind, bytes);
      observer.recovered(kind);
    } else {
      // A delivery was faster, or somebody has erased it: it is not missing any more.
      tally.settled(kind);
    }
    onProgress(tally.progress());
  }

  /** What fails puts off one conversation, or ends the run. */
  async function attempt<T>(
    conversationId: string,
    kind: RecoveredKind,
    work: () => Promise<T>,
  ): Promise<T | null> {
    if (signal.aborted) throw new StopRun("cancelled", CANCELLED);
    try {
      const done = await work();
      failuresInARow = 0;
      return done;
    } catch (error) {
      const reaction = reactionTo(error);
      if (reaction.kind === "stop") throw reaction.stop;
      await putOff(conversationId, kind, reaction.reason, reaction.why);
      failuresInARow = reaction.reason === "unavailable" ? failuresInARow + 1 : 0;
      if (failuresInARow >= FAILURES_IN_A_ROW_MAX) throw new StopRun("unavailable", reaction.why);
      return null;
    }
  }

  async function putOff(
    conversationId: string,
    kind: RecoveredKind,
    reason: FailureReason,
    why: string,
  ): Promise<void> {
    tally.failed({ conversationId, kind, why });
    observer.failed(reason);
    log.warning(`Could not recover a ${kind}: ${why}`, { conversation: conversationId });
    onProgress(tally.progress());
    await note(conversationId, reason);
  }

  /** Somebody who asks by hand hears of it, and asks again. */
  async function note(conversationId: string, reason: FailureReason | typeof UNFINISHED): Promise<void> {
    if (isByHand || isDryRun) return;
    const [known] = await recoveries.known([conversationId]);
    await recoveries.putPending(
      pendingAfter(known?.pending ?? null, { conversationId, reason }, clock.nowMs()),
    );
  }
}
