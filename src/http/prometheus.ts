import Counter from "prom-client/lib/counter.js";
import Gauge from "prom-client/lib/gauge.js";
import Histogram from "prom-client/lib/histogram.js";
import Registry from "prom-client/lib/registry.js";
import type { ForwardFigures } from "../forward/forwarding.ts";
import { recoveredKinds, recoveryFailures } from "../model/recovery.ts";
import type { RecoveryObserver } from "../recover/parts.ts";
import { refusalCodes } from "../webhook/delivery-log.ts";
import type { DeliveryObserver } from "../webhook/observe.ts";
import type { Outcome } from "../webhook/outcome.ts";

const PREFIX = "elevenlabs_webhook_";
const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 600];
const OUTCOMES = ["stored", "quarantined", "erased", "refused", "failed"] as const;

/** What is measured when it is asked for: name and help. null is left out of the answer. */
const gauges = {
  in_flight_deliveries: "Deliveries that are being received or stored.",
  in_flight_memory_bytes: "Bytes in memory of bodies whose signature is not known yet.",
  in_flight_disk_bytes: "Bytes on disk of bodies whose signature is not known yet.",
  quarantined_events: "Events that are kept and could not be processed.",
  last_event_age_seconds: "Time since the last event was received; not there before the first.",
  conversations_without_recording:
    "Conversations of the last day that say they have audio and got none within 15 minutes; not there while recordings are not stored.",
  retention_clock_confirmed:
    "1 if a delivery or systemd-timesyncd has confirmed the clock by which things are erased, else 0; not there while nothing is erased by age.",
  recording_bytes:
    "Size of the recordings, as the database says; of more than 50,000, as it was at most a minute ago.",
  database_bytes: "Size of the database's file.",
  wal_bytes: "Size of the database's write-ahead log.",
  free_disk_bytes: "Free bytes of the fullest disk that is written to.",
  recovery_pending:
    "Conversations that ElevenLabs has and that are still to be fetched; not there while recovery is off.",
  recovery_last_success_timestamp_seconds:
    "When recovery last compared everything with ElevenLabs; not there before the first time.",
  webhook_enabled:
    "1 if ElevenLabs has our webhook and it is enabled, else 0; not there unless a key of ElevenLabs' API may read it.",
  webhook_last_failure_timestamp_seconds:
    "When ElevenLabs could last not deliver an event, as it says itself, in Unix seconds; not there if it says none.",
} as const;

export type Figures = Record<keyof typeof gauges, number | null>;

export type Metrics = ReturnType<typeof createMetrics>;

const FORWARD_OUTCOMES = ["delivered", "failed"] as const;

/**
 * The program's metrics in Prometheus' text format. prom-client is the library of that format for JavaScript; this file
 * alone imports it, and is itself loaded only if the API is on.
 *
 * @param secretCount how many secrets are configured
 * @param destinations names of those that events are forwarded to
 * @param recovers whether what did not arrive is fetched
 */
export function createMetrics(secretCount: number, destinations: readonly string[], recovers: boolean) {
  const registry = new Registry();
  const registers = [registry];
  const counter = <Label extends string>(name: string, help: string, labelNames: Label[] = []) =>
    new Counter({ name: `${PREFIX}${name}`, help, labelNames, registers });

  const deliveries = counter("deliveries_total", "Deliveries by what became of them.", ["outcome"]);
  const duplicates = counter("duplicates_total", "Deliveries whose body was stored before.");
  const refusals = counter("refusals_total", "Refused deliveries, by reason.", ["reason"]);
  const signatures = counter(
    "signatures_total",
    "Deliveries with a valid signature, by the place of the secret in ELEVENLABS_WEBHOOK_SECRET, from 0.",
    ["secret_index"],
  );
  const duration = new Histogram({
    name: `${PREFIX}delivery_duration_seconds`,
    help: "From the first look at a delivery to its answer, by outcome.",
    labelNames: ["outcome"],
    buckets: SECONDS,
    registers,
  });
  const measured = Object.entries(gauges).map(
    ([name, help]) => [name, new Gauge({ name: `${PREFIX}${name}`, help, registers })] as const,
  );

  // From the start, so that the first of a kind is an increase.
  for (const outcome of OUTCOMES) {
    deliveries.inc({ outcome }, 0);
    duration.zero({ outcome });
  }
  for (const reason of refusalCodes) refusals.inc({ reason }, 0);
  for (let index = 0; index < secretCount; index += 1) signatures.inc({ secret_index: index }, 0);

  const setForwarded = destinations.length === 0 ? () => {} : forwardMetrics(registers, destinations);

  const observer: DeliveryObserver = {
    verified: (index) => signatures.inc({ secret_index: index }),
    ended(outcome, seconds) {
      const label = { outcome: outcome === "failed" ? outcome : outcome.kind };
      deliveries.inc(label);
      duration.observe(label, seconds);
      if (isDuplicate(outcome)) duplicates.inc();
      if (outcome !== "failed" && outcome.kind === "refused") refusals.inc({ reason: outcome.code });
    },
  };

  return {
    observer,
    recovery: recovers ? recoveryMetrics(counter) : null,
    contentType: registry.contentType,

    /** All metrics as text, with these figures. */
    text(figures: Figures, forwarded: ForwardFigures): Promise<string> {
      const values = new Map<string, number | null>(Object.entries(figures));
      for (const [name, gauge] of measured) {
        const value = values.get(name) ?? null;
        if (value === null) gauge.remove();
        else gauge.set(value);
      }
      setForwarded(forwarded);
      return registry.metrics();
    },
  };
}

/** What is fetched from ElevenLabs. */
function recoveryMetrics(
  counter: <Label extends string>(name: string, help: string, labelNames: Label[]) => Counter<Label>,
): RecoveryObserver {
  const recovered = counter("recovered_total", "What was fetched from ElevenLabs, by kind.", ["kind"]);
  const failures = counter(
    "recovery_failures_total",
    "What could not be fetched, and runs that ended before their end, by reason.",
    ["reason"],
  );
  for (const kind of recoveredKinds) recovered.inc({ kind }, 0);
  for (const reason of recoveryFailures) failures.inc({ reason }, 0);
  return {
    recovered: (kind) => recovered.inc({ kind }),
    failed: (reason) => failures.inc({ reason }),
  };
}

/** What is forwarded, by destination: not there if there are none. */
function forwardMetrics(
  registers: Registry[],
  destinations: readonly string[],
): (figures: ForwardFigures) => void {
  const gauge = (name: string, help: string) =>
    new Gauge({ name: `${PREFIX}${name}`, help, labelNames: ["destination"], registers });
  const lag = gauge("forward_lag_events", "Events that the destination has not been sent yet.");
  const parked = gauge("forward_parked", "Events that were not taken and are sent again later.");
  const dead = gauge("forward_dead", "Events that were refused too often and wait for forward replay.");
  const stopped = gauge("forward_stopped", "1 if nothing is sent to the destination any more, else 0.");
  const attempts = new Counter({
    name: `${PREFIX}forward_deliveries_total`,
    help: "Attempts to send an event to the destination, by outcome.",
    labelNames: ["destination", "outcome"],
    registers,
  });
  for (const destination of destinations)
    for (const outcome of FORWARD_OUTCOMES) attempts.inc({ destination, outcome }, 0);
  const counted = new Map<string, number>();

  return (figures) => {
    for (const one of figures) {
      const destination = one.name;
      lag.set({ destination }, Math.max(0, one.lastEventId - one.eventId));
      parked.set({ destination }, one.parked);
      dead.set({ destination }, one.dead);
      stopped.set({ destination }, one.stopped === null ? 0 : 1);
      for (const outcome of FORWARD_OUTCOMES) {
        const key = `${outcome} ${destination}`;
        attempts.inc({ destination, outcome }, one[outcome] - (counted.get(key) ?? 0));
        counted.set(key, one[outcome]);
      }
    }
  };
}

function isDuplicate(outcome: Outcome | "failed"): boolean {
  return outcome !== "failed" && "isDuplicate" in outcome && outcome.isDuplicate;
}
