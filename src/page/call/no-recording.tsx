import { state } from "../lib/live.ts";
import { Icon } from "../parts/icon.tsx";
import type { CallRow } from "./model.ts";

/** Instead of the player: why there is nothing to hear, and what to do. */
export function NoRecording({ row }: { row: CallRow }) {
  const { isMissing, text } = whyOf(row);
  return (
    <p class={`no-audio ${isMissing ? "missing" : ""}`}>
      <Icon name={isMissing ? "hourglass" : "wave"} size={18} />
      <span>{text}</span>
    </p>
  );
}

function whyOf(row: CallRow): { isMissing: boolean; text: string } {
  if (row.has_audio !== true) return { isMissing: false, text: "This call has no recording." };
  const problems = state.value?.problems ?? [];
  if (problems.some(({ problem }) => problem === "recordings_not_kept")) {
    return { isMissing: true, text: "Recordings are not stored here: ENABLE_AUDIO_STORAGE is off." };
  }
  if ((state.value?.recovery?.pending ?? 0) > 0) {
    return {
      isMissing: true,
      text: "The recording has not arrived. What is missing is being fetched from ElevenLabs.",
    };
  }
  return {
    isMissing: true,
    text: "ElevenLabs says that there is a recording, but it has not arrived. It is sent once, if “audio” is switched on for the webhook; it may also have been removed by age.",
  };
}
