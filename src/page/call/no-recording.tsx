import { useSignal } from "@preact/signals";
import { post } from "../lib/api.ts";
import { state } from "../lib/live.ts";
import { Icon } from "../parts/icon.tsx";
import type { CallRow } from "./model.ts";

/** Instead of the player: why there is nothing to hear, and what to do. @param onFetched it is here now */
export function NoRecording({ row, onFetched }: { row: CallRow; onFetched: () => void }) {
  const { isMissing, text } = whyOf(row);
  return (
    <div class={`no-audio ${isMissing ? "missing" : ""}`}>
      <Icon name={isMissing ? "hourglass" : "wave"} size={18} />
      <p>{text}</p>
      {isMissing && <Fetch id={row.conversation_id} onFetched={onFetched} />}
    </div>
  );
}

/** Asks ElevenLabs for what is missing. */
function Fetch({ id, onFetched }: { id: string; onFetched: () => void }) {
  const isBusy = useSignal(false);
  const problem = useSignal<string | null>(null);
  const fetchIt = async () => {
    isBusy.value = true;
    problem.value = null;
    const result = await post("/conversations/{id}/recover", { id });
    isBusy.value = false;
    if (!result.ok) problem.value = `${result.error}.`;
    else if (result.value.recording) onFetched();
    else problem.value = `${result.value.problem ?? "ElevenLabs does not have it"}.`;
  };
  return (
    <>
      <button class="button" aria-busy={isBusy} disabled={isBusy} onClick={() => void fetchIt()}>
        {isBusy.value ? "Fetching…" : "Fetch it now"}
      </button>
      {problem.value !== null && (
        <p class="problem" role="alert">
          {problem}
        </p>
      )}
    </>
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
