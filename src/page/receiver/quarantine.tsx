import { useSignal } from "@preact/signals";
import { addressOf, post } from "../lib/api.ts";
import { agoText, counted, wholeText } from "../lib/format.ts";
import { nowMs, refreshState } from "../lib/live.ts";
import type { ReceiverState } from "../lib/live.ts";
import { Card } from "../parts/parts.tsx";

/** What is quarantined, by reason, and the button that reads it again. */
export function Quarantine({ reasons }: { reasons: ReceiverState["quarantine"] }) {
  const isBusy = useSignal(false);
  const outcome = useSignal<string | null>(null);
  const total = reasons.reduce((sum, { count }) => sum + count, 0);

  const readAgain = async () => {
    isBusy.value = true;
    outcome.value = null;
    const result = await post("/events/reprocess");
    isBusy.value = false;
    outcome.value = result.ok
      ? `${counted(result.value.processed, "event")} processed, ${wholeText(result.value.quarantined)} still in quarantine.`
      : `${result.error}.`;
    void refreshState();
  };
  return (
    <Card title="Quarantine" aside={counted(total, "event")} class="quarantine">
      <p class="fine">
        These events are signed and kept to the byte, but could not be processed. After an upgrade, or once
        the cause is gone, they can be read again: nothing is lost by trying.
      </p>
      <ul class="reasons">
        {reasons.map(({ error, count, last_event_id: id, last_received_at: at }) => (
          <li key={error}>
            <span class="num count">{wholeText(count)} ×</span>
            <span class="why" dir="auto">
              {error ?? "no reason was noted"}
            </span>
            <span class="fine num">last {agoText(at, nowMs.value)}</span>
            <a class="fine" href={addressOf("/events/{id}/payload", String(id))} download>
              Download the last
            </a>
          </li>
        ))}
      </ul>
      <div class="again">
        <button class="button" aria-busy={isBusy} disabled={isBusy} onClick={() => void readAgain()}>
          {isBusy.value ? "Reading…" : "Read them again"}
        </button>
        <span class="fine" role="status">
          {outcome}
        </span>
      </div>
    </Card>
  );
}
