import type { Static } from "@sinclair/typebox";
import { Elysia } from "elysia";
import { version } from "../../platform/version.ts";
import type { ConnectionStatus, DestinationStatus, RecoveryStatus } from "../../problems/statuses.ts";
import { refusalCauses } from "../../webhook/delivery-log.ts";
import { optionalTimeText, timeText } from "../lib/models.ts";
import type { State } from "../state.ts";
import { question } from "./route.ts";
import type { ApiParts } from "./route.ts";
import { StateModel } from "./state-models.ts";

type Shown = Static<typeof StateModel>;

/** `GET /state`: how the receiver is, and what needs a person. */
export function stateRoutes({ state }: ApiParts) {
  return new Elysia({ name: "state" }).get(
    "/state",
    ...question(
      {
        summary: "See how the receiver is, and what needs you",
        description:
          "`problems` says of each what is wrong and what to do. Counts of deliveries begin with the process; `GET /metrics` has more figures.",
        tag: "operation",
        model: StateModel,
        says: "How it is.",
      },
      async () => shownState(await state()),
    ),
  );
}

function shownState(state: State): Shown {
  const { nowMs, healthProblem, figures, deliveries, forward } = state;
  const { refusals, lastFailedAtMs: _, ...counts } = deliveries;
  const lastEventAgeSeconds = figures.last_event_age_seconds;
  return {
    version: version.program,
    started_at: timeText(state.startedAtMs),
    now: timeText(nowMs),
    health: { status: healthProblem === null ? "healthy" : "unhealthy", reason: healthProblem },
    problems: state.problems,
    last_event_at: lastEventAgeSeconds === null ? null : timeText(nowMs - lastEventAgeSeconds * 1000),
    figures: {
      events_quarantined: figures.quarantined_events,
      conversations_without_recording: figures.conversations_without_recording,
      deliveries_in_flight: figures.in_flight_deliveries ?? 0,
      recording_bytes: figures.recording_bytes,
      database_bytes: figures.database_bytes,
      log_bytes: figures.wal_bytes,
      free_disk_bytes: figures.free_disk_bytes,
    },
    deliveries: counts,
    refusals: [...refusals]
      .map(([code, { count, lastAtMs }]) => ({
        code,
        count,
        last_at: timeText(lastAtMs),
        cause: refusalCauses[code],
      }))
      .toSorted((a, b) => b.count - a.count),
    quarantine: state.quarantine.map(({ error, count, lastEventId, lastReceivedAtMs }) => ({
      error,
      count,
      last_event_id: lastEventId,
      last_received_at: timeText(lastReceivedAtMs),
    })),
    recovery: state.recovery && shownRecovery(state.recovery),
    connection: state.connection && shownConnection(state.connection),
    destinations: (forward?.destinations ?? []).map(shownDestination),
  };
}

function shownRecovery({ pendingCount, failedCount, lastSuccessAtMs }: RecoveryStatus): Shown["recovery"] {
  return { pending: pendingCount, failed: failedCount, last_success_at: optionalTimeText(lastSuccessAtMs) };
}

function shownConnection({ webhook, lastFailure }: ConnectionStatus): Shown["connection"] {
  return {
    webhook,
    last_failure_at: optionalTimeText(lastFailure?.atMs ?? null),
    last_failure_status: lastFailure?.status ?? null,
  };
}

function shownDestination(status: DestinationStatus): Shown["destinations"][number] {
  const { name, host, stopped, behindCount, parkedCount, deadCount } = status;
  return {
    name,
    host,
    is_stopped: stopped !== null,
    behind: behindCount,
    parked: parkedCount,
    dead: deadCount,
  };
}
