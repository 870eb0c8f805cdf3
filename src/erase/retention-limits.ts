import type { Limits } from "../store/port.ts";
import type { StoredSetting } from "./retention-setting.ts";

const DAY_MS = 86_400_000;

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
