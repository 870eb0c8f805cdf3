import { Type } from "@sinclair/typebox";
import { Elysia } from "elysia";
import type { Queries } from "../query/port.ts";
import { createStoredFigures } from "../query/stored-figures.ts";
import type { TrustedClock } from "../erase/trusted-clock.ts";
import type { Clock } from "../platform/clock.ts";
import type { Store } from "../store/port.ts";
import type { Admission } from "../webhook/admission/admission.ts";
import { route } from "./api/route.ts";
import { errorResponse } from "./errors.ts";
import { describeContent } from "./lib/models.ts";
import type { Figures, Metrics } from "./prometheus.ts";

type MeasuredConfig = {
  /** null: recordings are not stored */
  audioFolder: string | null;
  /** null: nothing is erased by age */
  retentionDays: number | null;
  audioRetentionDays: number | null;
};

const PrometheusText = Type.String({ description: "Prometheus' text format, version 0.0.4." });

/** Begins to count where there is an API that can tell; null where there is none: the library takes memory. */
export async function openMetrics(config: {
  apiTokens: readonly string[];
  secrets: readonly string[];
}): Promise<Metrics | null> {
  if (config.apiTokens.length === 0) return null;
  const { createMetrics } = await import("./prometheus.ts");
  return createMetrics(config.secrets.length);
}

/** `GET /metrics`: the program's figures for Prometheus. */
export function metricsRoutes(options: {
  metrics: Metrics | null;
  queries: Queries;
  store: Store;
  admission: Admission;
  config: MeasuredConfig;
  clock: Clock;
  trustedClock: TrustedClock;
}) {
  const { metrics } = options;
  const storedFigures = createStoredFigures(options.queries);

  return new Elysia({ name: "metrics" }).get(
    "/metrics",
    ...route(
      {
        summary: "Metrics for Prometheus",
        description:
          "Counters begin with the program's start. Alert rules for them are in `scripts/monitoring`.",
        tag: "operation",
        answers: { 200: describeContent(PrometheusText, "The metrics.", "text/plain") },
      },
      async () => {
        if (metrics === null) return errorResponse("not_found");
        const text = await metrics.text(await measure({ ...options, storedFigures }));
        return new Response(text, { headers: { "content-type": metrics.contentType } });
      },
    ),
  );
}

type Measured = Omit<Parameters<typeof metricsRoutes>[0], "metrics" | "queries"> & {
  storedFigures: ReturnType<typeof createStoredFigures>;
};

async function measure(options: Measured): Promise<Figures> {
  const { storedFigures, store, admission, config, clock, trustedClock } = options;
  const nowMs = clock.nowMs();
  const stored = await storedFigures(nowMs);
  const lastMs = stored?.lastReceivedAtMs ?? null;
  const isErasedByAge = config.retentionDays !== null || config.audioRetentionDays !== null;
  const size = await store.size();
  const inFlight = admission.inFlight();
  return {
    in_flight_deliveries: inFlight.deliveries,
    in_flight_memory_bytes: inFlight.memoryBytes,
    in_flight_disk_bytes: inFlight.diskBytes,
    quarantined_events: stored?.quarantined ?? null,
    last_event_age_seconds: lastMs === null ? null : Math.max(0, (nowMs - lastMs) / 1000),
    conversations_without_recording: config.audioFolder === null ? null : (stored?.withoutRecording ?? null),
    retention_clock_confirmed: isErasedByAge ? Number(trustedClock.isConfirmed()) : null,
    recording_bytes: stored?.recordingBytes ?? null,
    database_bytes: size.databaseBytes,
    wal_bytes: size.logBytes,
    free_disk_bytes: freeBytes(store),
  };
}

function freeBytes(store: Store): number | null {
  try {
    return store.freeDiskBytes();
  } catch {
    // A folder of ours is gone: /health tells.
    return null;
  }
}
