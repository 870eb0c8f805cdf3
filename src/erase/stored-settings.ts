import type { RetentionState } from "../store/port.ts";
import type { RetentionFact } from "../store/port.ts";
import { judgeSetting } from "./retention-setting.ts";
import type { StoredSetting, TrustedReading } from "./retention-setting.ts";

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
