import { NO_RECORDING } from "../model/recovery.ts";
import type { KnownConversation } from "../model/recovery.ts";

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

/** ElevenLabs retries a transcript for 40.5 minutes. */
export const TRANSCRIPT_OVERDUE_MS = 45 * MINUTE_MS;
/** A recording is sent once, with the transcript. */
export const RECORDING_OVERDUE_MS = 15 * MINUTE_MS;

/** What ElevenLabs says of a conversation. */
export type Offered = {
  conversationId: string;
  agentId: string;
  status: string;
  /** Unix seconds. */
  startedAt: number;
  durationSeconds: number;
  /** null: not said, as in a list. */
  hasAudio: boolean | null;
};

/** What is wanted at all. */
export type Wanted = {
  nowMs: number;
  /** null: those of all agents */
  agentIds: readonly string[] | null;
  storesTranscripts: boolean;
  storesRecordings: boolean;
  /** null: for ever */
  retentionDays: number | null;
  audioRetentionDays: number | null;
  /** Calls that ended before, in Unix ms, are none of this receiver's. */
  endedAfterMs: number;
  /** Whether somebody asks for it: then what was given up is tried again, and nothing waits for its next try. */
  isByHand: boolean;
};

/** What is here of it. */
export type KnownHere = Omit<KnownConversation, "conversationId">;

export type Verdict =
  /** Nothing of it is missing, or will be. */
  | { kind: "here" }
  /** It is not complete at ElevenLabs yet, its delivery may still come, or its next try is later. */
  | { kind: "not yet"; why: "unfinished" | "recent" | "waiting" }
  /** It is not wanted here. */
  | { kind: "left out"; why: "erased" | "old" | "earlier" | "other agent" | "not stored" | "given up" }
  /** `recording` is "ask" if only the conversation itself tells whether there is one. */
  | { kind: "missing"; transcript: boolean; recording: "missing" | "ask" | "here" };

const FINISHED = new Set(["done", "failed"]);
const UNFINISHED = new Set(["initiated", "in-progress", "processing"]);

/** Whether ElevenLabs is done with a conversation. */
export const isFinished = (status: string): boolean => FINISHED.has(status);

/** Whether this version knows the status. */
export const isKnownStatus = (status: string): boolean => isFinished(status) || UNFINISHED.has(status);

/** When the call ended, in Unix ms: from then on its events are counted old. */
export const endedAtMs = ({ startedAt, durationSeconds }: Pick<Offered, "startedAt" | "durationSeconds">) =>
  (startedAt + durationSeconds) * 1000;

/**
 * Decides what of a conversation is missing here and is to be fetched.
 *
 * @param isFileGone whether the row names a recording whose file is not there
 */
export function judge(offered: Offered, known: KnownHere, wanted: Wanted, isFileGone = false): Verdict {
  const { nowMs, agentIds, isByHand } = wanted;
  if (agentIds !== null && !agentIds.includes(offered.agentId)) return leftOut("other agent");
  if (known.isErased) return leftOut("erased");

  const ageMs = nowMs - endedAtMs(offered);
  const isWithin = (days: number | null) => days === null || ageMs < days * DAY_MS;
  if (!isWithin(wanted.retentionDays)) return leftOut("old");
  if (endedAtMs(offered) < wanted.endedAfterMs) return leftOut("earlier");
  const wantsTranscript = wanted.storesTranscripts && known.transcribedAtMs === null;
  const wantsRecording =
    wanted.storesRecordings &&
    isWithin(wanted.audioRetentionDays) &&
    lacksRecording(offered, known, isFileGone);
  if (!wantsTranscript && !wantsRecording) {
    const isOff = known.transcribedAtMs === null && !wanted.storesTranscripts;
    return isOff ? leftOut("not stored") : { kind: "here" };
  }

  if (!isFinished(offered.status)) return { kind: "not yet", why: "unfinished" };
  const { pending } = known;
  if (pending !== null && pending.reason !== NO_RECORDING && !isByHand) {
    if (pending.nextTryAtMs === null) return leftOut("given up");
    if (pending.nextTryAtMs > nowMs) return { kind: "not yet", why: "waiting" };
  }
  const transcript = wantsTranscript && ageMs > TRANSCRIPT_OVERDUE_MS;
  const recording = wantsRecording && isRecordingOverdue(offered, known, nowMs);
  if (!transcript && !recording) return { kind: "not yet", why: "recent" };
  return {
    kind: "missing",
    transcript,
    recording: recording ? recordingOf(offered, known, isFileGone) : "here",
  };
}

/**
 * Whether a recording is not here that may be at ElevenLabs. One whose event was processed and that is not here any more
 * has been erased by its age, or was not to be stored.
 */
function lacksRecording({ hasAudio }: Offered, known: KnownHere, isFileGone: boolean): boolean {
  if (isFileGone) return true;
  if (known.audioPath !== null || known.hasAudioEvent || known.pending?.reason === NO_RECORDING) return false;
  return (hasAudio ?? known.hasAudio) !== false;
}

function isRecordingOverdue(offered: Offered, known: KnownHere, nowMs: number): boolean {
  const transcribedAtMs = known.isTranscriptRecovered ? endedAtMs(offered) : known.transcribedAtMs;
  // Without a transcript nothing was sent yet that the recording could be late against.
  const dueMs =
    transcribedAtMs === null
      ? endedAtMs(offered) + TRANSCRIPT_OVERDUE_MS
      : Math.max(endedAtMs(offered), transcribedAtMs) + RECORDING_OVERDUE_MS;
  return nowMs > dueMs;
}

function recordingOf({ hasAudio }: Offered, known: KnownHere, isFileGone: boolean): "missing" | "ask" {
  return isFileGone || (hasAudio ?? known.hasAudio) !== null ? "missing" : "ask";
}

function leftOut(why: Extract<Verdict, { kind: "left out" }>["why"]): Verdict {
  return { kind: "left out", why };
}
