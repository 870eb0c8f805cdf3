import { Elysia } from "elysia";
import type { Queries } from "../../query/port.ts";
import type { Erase } from "../../erase/erase.ts";
import type { TrustedClock } from "../../erase/trusted-clock.ts";
import type { Clock } from "../../platform/clock.ts";
import type { Log } from "../../platform/log.ts";
import type { Store } from "../../store/port.ts";
import type { Admission } from "../../webhook/admission/admission.ts";
import type { Reprocess } from "../../webhook/reprocess.ts";
import type { ApiGuard } from "./guard.ts";
import { callFailureRoutes } from "./call-failures.ts";
import { conversationRoutes } from "./conversation.ts";
import { conversationsRoutes } from "./conversations.ts";
import { eventPayloadRoutes } from "./event-payload.ts";
import { eventRoutes } from "./events.ts";
import { exportRoutes } from "./export.ts";
import { refuseOtherMethods } from "../errors.ts";
import { metricsRoutes } from "../metrics.ts";
import type { Metrics } from "../prometheus.ts";
import { recordingRoutes } from "./recording.ts";
import { reprocessRoutes } from "./reprocess.ts";
import { statsRoutes } from "./stats.ts";

/** The routes that read and erase what arrived, all behind one guard. */
export function apiRoutes(options: {
  guard: ApiGuard;
  queries: Queries;
  store: Store;
  admission: Admission;
  erase: Erase;
  reprocess: Reprocess;
  metrics: Metrics | null;
  config: {
    audioFolder: string | null;
    retentionDays: number | null;
    audioRetentionDays: number | null;
  };
  clock: Clock;
  trustedClock: TrustedClock;
  log: Log;
}) {
  const { guard } = options;

  return (
    new Elysia({ name: "api" })
      // Before the routes: it counts for those that come behind it.
      .onBeforeHandle(({ request, server }) => guard(request, server) ?? undefined)
      .use(callFailureRoutes(options))
      .use(conversationsRoutes(options))
      .use(conversationRoutes(options))
      .use(recordingRoutes(options))
      .use(eventRoutes(options))
      .use(eventPayloadRoutes(options))
      .use(reprocessRoutes(options))
      .use(statsRoutes(options))
      .use(exportRoutes(options))
      .use(metricsRoutes(options))
      .use(refuseOtherMethods)
  );
}
