import { agoText, momentText, wholeText } from "../lib/format.ts";
import { nowMs } from "../lib/live.ts";
import type { ReceiverState } from "../lib/live.ts";
import { Card, Pairs } from "../parts/parts.tsx";

/** What became of deliveries since the start, and why some were refused. */
export function Deliveries({
  known: { deliveries, refusals, started_at: started },
}: {
  known: ReceiverState;
}) {
  return (
    <Card title="Deliveries" aside={`since ${momentText(started)}`}>
      <Pairs
        pairs={[
          ["Stored", wholeText(deliveries.stored)],
          ["Of these, sent before", noneIfZero(deliveries.duplicates)],
          ["In quarantine", noneIfZero(deliveries.quarantined)],
          ["Dropped, as their call was erased", noneIfZero(deliveries.erased)],
          ["Refused", wholeText(deliveries.refused)],
          ["Failed", wholeText(deliveries.failed)],
        ]}
      />
      {refusals.length > 0 && (
        <>
          <h3 class="sub-head">Why some were refused</h3>
          <ul class="refusals">
            {refusals.map(({ code, count, cause }) => (
              <li key={code}>
                <span class="num count">{wholeText(count)} ×</span>
                <span>
                  <code>{code}</code>
                  <span class="fine">{cause}</span>
                </span>
              </li>
            ))}
          </ul>
        </>
      )}
    </Card>
  );
}

function noneIfZero(count: number): string | null {
  return count === 0 ? null : wholeText(count);
}

const webhooks = {
  enabled: "enabled",
  disabled: "disabled: nothing is sent",
  not_connected: "not connected",
  unknown: "not known: the key may not read it",
};

/** What ElevenLabs says of the webhook. */
export function Connection({ connection }: { connection: NonNullable<ReceiverState["connection"]> }) {
  const { webhook, last_failure_at: at, last_failure_status: status } = connection;
  return (
    <Card title="Webhook at ElevenLabs">
      <Pairs
        pairs={[
          ["Webhook", webhooks[webhook]],
          ["Last failed delivery", at === null ? "none" : agoText(at, nowMs.value)],
          ["It was answered with", status],
        ]}
      />
    </Card>
  );
}

/** Calls that were missed, and are fetched from ElevenLabs. */
export function Recovery({ recovery }: { recovery: NonNullable<ReceiverState["recovery"]> }) {
  const { pending, failed, last_success_at: at } = recovery;
  return (
    <Card title="Recovery of missed calls">
      <Pairs
        pairs={[
          ["To be fetched", wholeText(pending)],
          ["Given up", wholeText(failed)],
          ["Last completed", at === null ? "not yet" : agoText(at, nowMs.value)],
        ]}
      />
    </Card>
  );
}

/** The systems that events are forwarded to. */
export function Destinations({ destinations }: { destinations: ReceiverState["destinations"] }) {
  return (
    <Card title="Destinations">
      <ul class="destinations">
        {destinations.map(({ name, host, is_stopped: isStopped, behind, parked, dead }) => (
          <li key={name}>
            <span class={`verdict ${isStopped ? "bad" : "good"}`}>{isStopped ? "stopped" : "running"}</span>
            <span class="who-is">
              <bdi>{name}</bdi>
              <span class="fine">{host}</span>
            </span>
            <span class="fine num">
              {[
                behind > 0 ? `${wholeText(behind)} behind` : "up to date",
                parked > 0 ? `${wholeText(parked)} to be tried again` : "",
                dead > 0 ? `${wholeText(dead)} given up` : "",
              ]
                .filter((text) => text !== "")
                .join(", ")}
            </span>
          </li>
        ))}
      </ul>
    </Card>
  );
}
