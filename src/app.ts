import { Elysia } from "elysia";
import type { Config } from "./config/config.ts";
import { apiRoutes } from "./http/api/api.ts";
import type { ApiParts } from "./http/api/route.ts";
import { createApiEntry } from "./http/api/guard.ts";
import { sessionRoutes } from "./http/api/session.ts";
import { createConnections } from "./http/connections.ts";
import { docsRoutes } from "./http/docs/docs.ts";
import { errorResponse } from "./http/errors.ts";
import { guardAnswer } from "./http/lib/responses.ts";
import { createState } from "./http/state.ts";
import { healthRoutes } from "./http/health.ts";
import type { HealthProblem } from "./http/health.ts";
import { createLostDeliveries } from "./http/lost-deliveries.ts";
import { createMeasure } from "./http/metrics.ts";
import { pageRoutes } from "./http/page/page.ts";
import type { Metrics } from "./http/prometheus.ts";
import { webhookRoutes } from "./http/webhook.ts";
import type { WebhookParts } from "./http/webhook.ts";
import { QueriesBusyError } from "./query/asking.ts";
import type { Queries } from "./query/port.ts";
import type { FiguresReader } from "./query/figures.ts";
import { noStatuses } from "./problems/statuses.ts";
import type { StatusSources } from "./problems/statuses.ts";
import type { Forwarding } from "./forward/forwarding.ts";
import { createErase } from "./erase/erase.ts";
import type { IndexEraser } from "./erase/erase-index.ts";
import { createTrustedClock } from "./erase/trusted-clock.ts";
import { namesToldOfErased } from "./forward/destination.ts";
import type { AnnounceErased, Destination } from "./forward/destination.ts";
import { isOwnAddress } from "./platform/address.ts";
import { errorCode } from "./platform/errors.ts";
import { faultText } from "./platform/faults.ts";
import type { Clock } from "./platform/clock.ts";
import type { Log } from "./platform/log.ts";
import type { Store } from "./store/port.ts";
import { createAdmission } from "./webhook/admission/admission.ts";
import { createDeliveryCounts } from "./webhook/counts.ts";
import { logDeliveries } from "./webhook/delivery-log.ts";
import { createIngest } from "./webhook/ingest.ts";
import { observeDeliveries } from "./webhook/observe.ts";
import type { DeliveryObserver } from "./webhook/observe.ts";
import { createReceive } from "./webhook/receive.ts";
import { createReprocess } from "./webhook/reprocess.ts";

/** The thread that reads. Named here, beside it: in the executable both have the same folder as in the sources. */
export const readingThread = new URL("./reading-thread.ts", import.meta.url);

/** The thread that sends events to the destinations. */
export const forwardThread = new URL("./forward-thread.ts", import.meta.url);

/** What a small delivery takes of the disk, with room to spare: less than this above the floor is not healthy. */
const HEALTHY_DISK_BYTES = 64 * 1024;

/** What the routes ask, and nothing more: to print their document takes no data. */
export type AppParts = WebhookParts &
  ApiParts & {
    healthProblem: () => HealthProblem | null;
    /** Whether there is a token for the API. */
    isApiOn: boolean;
    /** Whether it is listened to with TLS. */
    hasTls: boolean;
  };

/** Composes the application; the caller listens. */
export function createApp(parts: AppParts) {
  const warnOfLost = createLostDeliveries(parts);
  // Elysia looks for the path behind the eleventh character, and finds none if the host has a short name; told not to,
  // it looks behind "http://", and finds none behind "https://".
  return (
    new Elysia({ name: "elevenlabs-webhook", handler: { standardHostname: parts.hasTls } })
      // Elysia's own errors name schemas and files: none of them is ever serialised.
      .onError(({ code, error, request }) => {
        if (code === "NOT_FOUND") {
          warnOfLost(request);
          return errorResponse("not_found");
        }
        if (error instanceof QueriesBusyError) return guardAnswer(errorResponse("overloaded"));
        parts.log.error(`A request failed: ${faultText(error)}`, { error: errorCode(error) });
        return guardAnswer(errorResponse("storage_failed"));
      })
      .use(webhookRoutes(parts))
      .use(healthRoutes({ problem: parts.healthProblem }))
      .use(sessionRoutes(parts))
      .use(apiRoutes(parts))
      .use(docsRoutes())
      .use(pageRoutes(parts))
  );
}

/**
 * Makes what receives from what it depends on.
 *
 * @returns `app`; `healthProblem`, which keeps the next delivery from being stored; `problems`, what needs a person; `drain`, which admits no delivery any
 *   more and resolves when the last one has been answered; `erase`
 */
export function createReceiver(options: {
  config: Config;
  /** That events are sent on to. */
  destinations?: readonly Destination[];
  store: Store;
  queries: Queries;
  figures: FiguresReader;
  index: IndexEraser;
  announceErased: AnnounceErased;
  forwarding: Pick<Forwarding, "figures">;
  /** null: nothing is counted */
  metrics: Metrics | null;
  /** What the parts that may be off say of themselves. */
  statuses?: StatusSources;
  /** Fetches what is missing of a conversation. */
  recoverOne?: ApiParts["recoverOne"];
  clock: Clock;
  log: Log;
}) {
  const { config, destinations = [], store, queries, figures: reader, forwarding } = options;
  const { metrics, statuses = noStatuses, recoverOne = async () => null, clock, log } = options;
  const admission = createAdmission({
    freeDiskBytes: store.freeDiskBytes,
    freeDiskBytesMin: config.freeDiskBytesMin,
    trustedProxies: config.trustedProxies,
    clock,
  });
  const ingest = createIngest({ store, storeTranscripts: config.storeTranscripts });
  const trustedClock = createTrustedClock(clock);
  const receive = createReceive({
    allowedSources: config.allowedSources,
    secrets: config.secrets,
    toleranceSeconds: config.toleranceSeconds,
    bodyBytesMax: config.bodyBytesMax,
    spool: store.bodies,
    admission,
    ingest,
    onVerified({ secretIndex, signedAtMs, address }) {
      metrics?.observer.verified(secretIndex);
      // What this machine has signed itself, by the `send` command, says nothing of its clock.
      if (!trustedClock.isConfirmed() && !isOwnAddress(address)) trustedClock.delivered({ signedAtMs });
    },
    clock,
  });
  const counts = createDeliveryCounts(clock);
  const ended: DeliveryObserver["ended"] = (outcome, seconds) => {
    counts.observe(outcome);
    metrics?.observer.ended(outcome, seconds);
  };

  const isApiOn = config.apiTokens.length > 0;
  const names = namesToldOfErased(destinations);
  const erase = createErase({
    eraser: store.events.eraser,
    index: options.index,
    announce: (conversationIds) => options.announceErased({ conversationIds, names, nowMs: clock.nowMs() }),
    clock,
    log,
  });
  const connections = createConnections(config.trustedProxies);
  const access = createApiEntry({
    tokens: config.apiTokens,
    sources: config.apiSources,
    publicUrl: config.publicUrl,
    connections,
    clock,
    log,
  });
  const reprocess = createReprocess({ store, storeTranscripts: config.storeTranscripts, admission, log });

  const healthProblem = (): HealthProblem | null => {
    if (admission.isClosed()) return "shutting_down";
    try {
      if (admission.isDiskLow(HEALTHY_DISK_BYTES)) return "disk_low";
    } catch {
      // A folder of ours is gone, or its disk does not answer.
      return "storage_failed";
    }
    return store.isHealthy() ? null : "storage_failed";
  };

  const measure = createMeasure({ reader, store, admission, config, clock, trustedClock, statuses });
  const state = createState({
    measure,
    counts,
    reader,
    healthProblem,
    storageFault: store.fault,
    statuses,
    config,
    clock,
  });
  const app = createApp({
    receive: logDeliveries(observeDeliveries(receive, { observer: { ended }, clock }), {
      onFailure: store.suspectDisk,
      log,
      clock,
    }),
    connections,
    unknownEventStatus: config.unknownEventStatus,
    healthProblem,
    isApiOn,
    hasTls: config.tls !== null,
    access,
    queries,
    bodies: store.bodies,
    recordings: store.recordings,
    erase,
    reprocess,
    recoverOne,
    state,
    metrics: metrics && {
      contentType: metrics.contentType,
      text: async () => metrics.text(await measure(), forwarding.figures()),
    },
    clock,
    log,
  });
  const problems = async () => (await state()).problems;
  return { app, healthProblem, problems, drain: admission.drain, erase, trustedClock };
}
