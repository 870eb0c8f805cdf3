import { useEffect } from "preact/hooks";
import { agoText, bytesText, spanText, wholeText } from "../lib/format.ts";
import { isReachable, nowMs, refreshState, state } from "../lib/live.ts";
import type { ReceiverState } from "../lib/live.ts";
import { Boundary } from "../parts/boundary.tsx";
import { Icon } from "../parts/icon.tsx";
import { Skeleton } from "../parts/parts.tsx";
import { Pulse } from "../top.tsx";
import { Arrived } from "./arrived.tsx";
import { Connection, Deliveries, Destinations, Recovery } from "./cards.tsx";
import { CallFailures } from "./call-failures.tsx";
import { Problems } from "./problems.tsx";
import { Quarantine } from "./quarantine.tsx";

const MINUTE_SECONDS = 60;

/** The view of the receiver: whether all is well, and what to do if it is not. */
export function Receiver() {
  useEffect(() => {
    document.title = "Receiver";
    void refreshState();
  }, []);
  const known = state.value;
  return (
    <div class="wrap receiver">
      <header class="page-head">
        <h1>Receiver</h1>
        <Pulse isShort />
      </header>
      {known === null && (isReachable.value ? <Skeleton rows={4} /> : <Needs problems={[]} />)}
      {known !== null && <Known known={known} />}
    </div>
  );
}

function Known({ known }: { known: ReceiverState }) {
  return (
    <>
      <Needs problems={known.problems} />
      <Tiles known={known} />
      <Boundary of="receiver" isSmall>
        {known.quarantine.length > 0 && <Quarantine reasons={known.quarantine} />}
        <div class="halves">
          <div>
            <Arrived />
            <Deliveries known={known} />
          </div>
          <div>
            {known.connection !== null && <Connection connection={known.connection} />}
            {known.recovery !== null && <Recovery recovery={known.recovery} />}
            {known.destinations.length > 0 && <Destinations destinations={known.destinations} />}
            <CallFailures />
          </div>
        </div>
      </Boundary>
    </>
  );
}

const NO_ANSWER = {
  problem: "no_answer",
  what: "The receiver does not answer",
  remedy:
    "It may be restarting, or the connection is gone. If this stays, its log tells why. What is below is as it was before.",
};

function Needs({ problems }: { problems: ReceiverState["problems"] }) {
  const found = isReachable.value ? problems : [NO_ANSWER, ...problems];
  return (
    <section class="needs" aria-labelledby="needs">
      <h2 class="section" id="needs">
        What needs you
      </h2>
      {found.length === 0 ? (
        <p class="all-good">
          <Icon name="check" size={18} /> Nothing. Every delivery can be stored.
        </p>
      ) : (
        <Problems problems={found} />
      )}
    </section>
  );
}

function Tiles({
  known: { figures, last_event_at: last, started_at: started, version, now },
}: {
  known: ReceiverState;
}) {
  const { events_quarantined: quarantined, conversations_without_recording: missing } = figures;
  const stored = (figures.recording_bytes ?? 0) + (figures.database_bytes ?? 0) + (figures.log_bytes ?? 0);
  const runningSeconds = (Date.parse(now) - Date.parse(started)) / 1000;
  return (
    <dl class="tiles">
      <Tile
        name="Last event"
        value={last === null ? "none yet" : agoText(last, nowMs.value)}
        note={last === null ? "" : "of any kind"}
      />
      <Tile
        name="In quarantine"
        value={wholeText(quarantined ?? 0)}
        note="kept to the byte"
        isWarning={(quarantined ?? 0) > 0}
      />
      <Tile
        name="Recordings missing"
        value={missing === null ? "not stored" : wholeText(missing)}
        note={missing === null ? "" : "of the last day"}
        isWarning={(missing ?? 0) > 0}
      />
      <Tile
        name="Stored"
        value={bytesText(stored)}
        note={figures.free_disk_bytes === null ? "" : `${bytesText(figures.free_disk_bytes)} free`}
      />
      <Tile
        name="Running"
        value={runningSeconds < MINUTE_SECONDS ? "just started" : spanText(runningSeconds)}
        note={`version ${version}`}
      />
    </dl>
  );
}

function Tile(props: { name: string; value: string; note: string; isWarning?: boolean }) {
  return (
    <div>
      <dt>{props.name}</dt>
      <dd class={`num ${props.isWarning === true ? "warn" : ""}`}>{props.value}</dd>
      <dd class="sub">{props.note}</dd>
    </div>
  );
}
