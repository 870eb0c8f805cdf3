import { Type } from "@sinclair/typebox";
import { Elysia } from "elysia";
import type { Config } from "../config/config.ts";
import type { TrustedClock } from "../erase/trusted-clock.ts";
import type { Clock } from "../platform/clock.ts";
import { withinMs } from "../platform/wait.ts";
import type { ConnectionStatus, StatusSources } from "../problems/statuses.ts";
import type { FiguresReader } from "../query/figures.ts";
import type { StoredFigures } from "../query/stats.ts";
import type { Store } from "../store/port.ts";
import type { Admission } from "../webhook/admission/admission.ts";
import { route } from "./api/route.ts";
import type { ApiParts } from "./api/route.ts";
import { errorResponse } from "./errors.ts";
import { describeContent } from "./lib/models.ts";
import type { Figures, Metrics } from "./prometheus.ts";

/** The thread that reads answers one question at a time: a slow search comes before this one. */
const WAIT_MS_MAX = 250;

const PrometheusText = Type.String({ description: "Prometheus' text format, version 0.0.4." });

/** Begins to count if there is an API that can tell; null if there is none: the library takes memory. */
export async function openMetrics(
  config: Pick<Config, "apiTokens" | "secrets" | "recover" | "vendorApiKey">,
  destinations: readonly { name: string }[],
): Promise<Metrics | null> {
  if (config.apiTokens.length === 0) return null;
  const { createMetrics } = await import("./prometheus.ts");
  return createMetrics(
    config.secrets.length,
    destinations.map(({ name }) => name),
    config.recover.kind !== "off" && config.vendorApiKey !== null,
  );
}

/** `GET /metrics`: the program's figures for Prometheus. */
export function metricsRoutes({ metrics }: ApiParts) {
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
        return new Response(await metrics.text(), { headers: { "content-type": metrics.contentType } });
      },
    ),
  );
}

/** Makes what measures the program, for monitoring. */
export function createMeasure(options: {
  reader: Pick<FiguresReader, "figures">;
  store: Pick<Store, "size" | "freeDiskBytes">;
  admission: Pick<Admission, "inFlight">;
  config: {
    storeAudio: boolean;
    /** null: nothing is erased by age */
    retentionDays: number | null;
    audioRetentionDays: number | null;
  };
  clock: Clock;
  trustedClock: TrustedClock;
  statuses: Pick<StatusSources, "recovery" | "connection">;
}): () => Promise<Figures> {
  const { reader, store, admission, config, clock, trustedClock, statuses } = options;
  const storedFigures = createStoredFigures(reader);

  return async () => {
    const nowMs = clock.nowMs();
    const stored = await storedFigures(nowMs);
    const lastMs = stored?.lastReceivedAtMs ?? null;
    const isErasedByAge = config.retentionDays !== null || config.audioRetentionDays !== null;
    const size = await store.size();
    const inFlight = admission.inFlight();
    const recovery = statuses.recovery();
    const connection = statuses.connection();
    return {
      in_flight_deliveries: inFlight.deliveries,
      in_flight_memory_bytes: inFlight.memoryBytes,
      in_flight_disk_bytes: inFlight.diskBytes,
      quarantined_events: stored?.quarantined ?? null,
      last_event_age_seconds: lastMs === null ? null : Math.max(0, (nowMs - lastMs) / 1000),
      conversations_without_recording: config.storeAudio ? (stored?.withoutRecording ?? null) : null,
      retention_clock_confirmed: isErasedByAge ? Number(trustedClock.isConfirmed()) : null,
      recording_bytes: stored?.recordingBytes ?? null,
      database_bytes: size.databaseBytes,
      wal_bytes: size.logBytes,
      free_disk_bytes: freeBytes(store),
      recovery_pending: recovery?.pendingCount ?? null,
      recovery_last_success_timestamp_seconds:
        recovery === null || recovery.lastSuccessAtMs === null ? null : recovery.lastSuccessAtMs / 1000,
      webhook_enabled: webhookEnabled(connection),
      webhook_last_failure_timestamp_seconds: failureSeconds(connection),
    };
  };
}

/**
 * Makes what asks for the figures of the database, for monitoring. If the thread is busy they are those of the last time,
 * at most as old as a question may take; null if there are none.
 */
function createStoredFigures(
  reader: Pick<FiguresReader, "figures">,
): (nowMs: number) => Promise<StoredFigures | null> {
  let last: StoredFigures | null = null;
  let asked: Promise<void> | null = null;

  async function ask(nowMs: number): Promise<void> {
    try {
      last = await reader.figures(nowMs);
    } catch {
      // Monitoring wants the rest most when the database can't be asked.
      last = null;
    } finally {
      asked = null;
    }
  }

  return async (nowMs) => {
    asked ??= ask(nowMs);
    await withinMs(asked, WAIT_MS_MAX);
    return last;
  };
}

function webhookEnabled(connection: ConnectionStatus | null): number | null {
  if (connection === null || connection.webhook === "unknown") return null;
  return connection.webhook === "enabled" ? 1 : 0;
}

function failureSeconds(connection: ConnectionStatus | null): number | null {
  const atMs = connection?.lastFailure?.atMs ?? null;
  return atMs === null ? null : atMs / 1000;
}

function freeBytes(store: Pick<Store, "freeDiskBytes">): number | null {
  try {
    return store.freeDiskBytes();
  } catch {
    // A folder of ours is gone: /health tells.
    return null;
  }
}
