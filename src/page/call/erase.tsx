import { useSignal } from "@preact/signals";
import { forgetCall } from "../calls/calls.ts";
import { titleOf } from "../calls/row.tsx";
import { erase } from "../lib/api.ts";
import { counted, lengthText } from "../lib/format.ts";
import { listAddress, replaceAddress } from "../lib/route.ts";
import { Dialog } from "../parts/dialog.tsx";
import type { CallRow } from "./model.ts";

/** Asks whether a call is to go for good, and says what goes. */
export function Erase({ row, turnCount, onClose }: { row: CallRow; turnCount: number; onClose: () => void }) {
  const isBusy = useSignal(false);
  const problem = useSignal<string | null>(null);
  const parts = [
    row.has_recording && row.duration_secs !== null
      ? `its recording of ${lengthText(row.duration_secs)}`
      : "",
    row.has_recording && row.duration_secs === null ? "its recording" : "",
    turnCount > 0 ? `its transcript of ${counted(turnCount, "turn")}` : "",
    "its events",
    "its words in the search",
  ].filter((part) => part !== "");

  const eraseIt = async () => {
    isBusy.value = true;
    problem.value = null;
    const result = await erase(row.conversation_id);
    isBusy.value = false;
    if (!result.ok && result.status !== 404) {
      problem.value = `${result.error}.`;
      return;
    }
    forgetCall(row.conversation_id);
    // What was here is nothing to come back to.
    replaceAddress(listAddress.value);
  };
  return (
    <Dialog title="Erase this call?" onClose={onClose}>
      <p>
        <strong dir="auto">{titleOf(row)}</strong>
      </p>
      <p>
        This removes {listed(parts)}, from the database, its log and its copies. Backups are not touched. It
        can't be undone.
      </p>
      {problem.value !== null && (
        <p class="problem" role="alert">
          {problem}
        </p>
      )}
      <form method="dialog" class="actions">
        <button class="button" data-focus>
          Keep it
        </button>
        <button
          class="button danger"
          type="button"
          aria-busy={isBusy}
          disabled={isBusy}
          onClick={() => void eraseIt()}
        >
          {isBusy.value ? "Erasing…" : "Erase for good"}
        </button>
      </form>
    </Dialog>
  );
}

function listed(parts: readonly string[]): string {
  return parts.length < 2 ? parts.join("") : `${parts.slice(0, -1).join(", ")} and ${parts.at(-1)}`;
}
