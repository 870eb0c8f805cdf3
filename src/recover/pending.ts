import type { FailureReason, PendingRecovery } from "../model/recovery.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** Three tries over a day: what ElevenLabs does not have then, it has not any more. */
const GONE_PAUSES_MS = [8 * HOUR_MS, 16 * HOUR_MS];
const FIRST_PAUSE_MS = 10 * MINUTE_MS;
/** What is noted longer is forgotten. */
export const NOTED_MS_MAX = 30 * DAY_MS;

/** ElevenLabs has not finished the conversation. */
export const UNFINISHED = "unfinished";

/** Notes that a conversation could not be fetched, for the next try. */
export function pendingAfter(
  before: PendingRecovery | null,
  failed: { conversationId: string; reason: FailureReason | typeof UNFINISHED },
  nowMs: number,
): PendingRecovery {
  const { conversationId, reason } = failed;
  const tries = before?.reason === reason ? before.tries + 1 : 1;
  const pauseMs = reason === "gone" ? GONE_PAUSES_MS[tries - 1] : doubled(tries);
  return {
    conversationId,
    reason,
    tries,
    nextTryAtMs: pauseMs === undefined ? null : nowMs + pauseMs,
    notedAtMs: before?.notedAtMs ?? nowMs,
  };
}

function doubled(tries: number): number {
  return Math.min(DAY_MS, FIRST_PAUSE_MS * 2 ** (tries - 1));
}
