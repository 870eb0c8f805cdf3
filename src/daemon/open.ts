import { createReceiver } from "../app.ts";
import type { Config } from "../config/config.ts";
import { nameOf } from "../config/data.ts";
import { createGate } from "../http/gate.ts";
import { openMetrics } from "../http/metrics.ts";
import { listen } from "../http/server.ts";
import type { Application, Server } from "../http/server.ts";
import type { Destination } from "../forward/destination.ts";
import type { Problem } from "../problems/problem.ts";
import type { Erase } from "../erase/erase.ts";
import type { TrustedClock } from "../erase/trusted-clock.ts";
import type { Clock } from "../platform/clock.ts";
import type { Log } from "../platform/log.ts";
import { steerToSecond } from "../platform/port.ts";
import type { Notify } from "../platform/systemd.ts";
import { openData } from "./opening/open.ts";
import type { Data, Failed } from "./opening/port.ts";
import { forwardStatusOf } from "./forward-status.ts";
import type { Grant, Predecessor } from "./reload/predecessor.ts";
import { createConnectionWatch } from "./connection.ts";
import type { ConnectionWatch } from "./connection.ts";
import { sharedClient } from "./rest-client.ts";
import { createRecoveryService, noObserver } from "./recovery.ts";
import type { RecoveryService } from "./recovery.ts";
import { findObstacle } from "./start-report.ts";

const MIGRATION_MS_MAX = 3_600_000;

/** Everything that receives, from the data to the port. */
export type Receiver = {
  data: Data;
  server: Server;
  healthProblem: () => string | null;
  /** What needs a person. */
  problems: () => Promise<readonly Problem[]>;
  drain: () => Promise<void>;
  erase: Erase;
  trustedClock: TrustedClock;
  /** Not started yet. */
  recovery: RecoveryService;
  connection: ConnectionWatch;
  predecessor: Predecessor | null;
  /** Of the predecessor; "granted" if there is none. */
  grant: Grant;
};

type Options = {
  config: Config;
  /** null: the file of destinations has faults, and nobody knows whom events are sent to. */
  destinations: readonly Destination[] | null;
  log: Log;
  clock: Clock;
  predecessor: Predecessor | null;
  notify: Notify;
  environment: Record<string, string | undefined>;
  /** null: nobody watches */
  watchdogMs: number | null;
  /** Whether to take the folder of the recordings from another database. */
  takesOverRecordings: boolean;
};

/** What this process shares with its predecessor until that one has finished. */
type Shared = { port: boolean; data: boolean };

type Opened = { kind: "open"; receiver: Receiver } | Failed;

/** Opens the data and listens; from then on deliveries are received. */
export async function openReceiver(options: Options): Promise<Opened> {
  const { config, log, predecessor } = options;
  const shared: Shared = {
    port: predecessor?.port === config.port,
    data: predecessor?.dataName === nameOf(config.data),
  };
  const obstacle = findObstacle(log, config, shared);
  if (obstacle !== null) return failed(obstacle);

  const opened = await openData({ ...options, isShared: shared.data });
  if (opened.kind === "predecessor in the way") return openAfterPredecessor(options, shared);
  if (opened.kind === "failed") return opened;
  const { app, ...parts } = await createParts(options, opened.data);
  const listening = await listenBeside(options, app, shared);
  if (listening.kind === "failed") {
    await opened.data.store.close({ isShared: shared.data });
    return listening;
  }
  const grant = predecessor === null ? "granted" : await predecessor.ready(nameOf(config.data));
  return { kind: "open", receiver: { ...parts, server: listening.server, grant } };
}

/** Takes the port, has the predecessor finish, and only then opens the data: requests wait meanwhile. */
async function openAfterPredecessor(options: Options, shared: Shared): Promise<Opened> {
  const { config, log, predecessor, notify, watchdogMs } = options;
  if (predecessor === null) return failed("there is no predecessor");
  log.warning(
    "This version changes the database in a way that the version before can't go on beside: requests wait until that one has finished",
  );
  const gate = createGate();
  const listening = await listenBeside(options, gate, shared);
  if (listening.kind === "failed") return listening;
  const grant = await predecessor.waiting(nameOf(config.data));
  if (grant === "cancelled") return failed("the handover was called off");
  // It is the main process now, and may be busy with the database for longer than a watchdog waits.
  const watch = (ms: number) => watchdogMs !== null && notify(`WATCHDOG_USEC=${Math.round(ms * 1000)}`);
  watch(MIGRATION_MS_MAX);
  await predecessor.ended;
  const opened = await openData({ ...options, isShared: false });
  if (opened.kind === "predecessor in the way") return failed("another instance is at work on the data");
  if (opened.kind === "failed") return opened;
  const { app, ...parts } = await createParts(options, opened.data);
  gate.open(app);
  watch(watchdogMs ?? 0);
  return { kind: "open", receiver: { ...parts, server: listening.server, grant } };
}

function failed(problem: string): Failed {
  return { kind: "failed", problem };
}

async function createParts(options: Options, data: Data) {
  const { config, environment, log, clock, predecessor } = options;
  const { store, forwarding } = data;
  const destinations = options.destinations ?? [];
  const metrics = await openMetrics(config, destinations);
  const observer = metrics?.recovery ?? noObserver;
  const loadClient = sharedClient(config);
  const recovery = createRecoveryService({ config, loadClient, store, observer, clock, log });
  const connection = createConnectionWatch({ config, loadClient, environment, log });
  const statuses = {
    connection: connection.status,
    recovery: recovery.status,
    forward: () => forwardStatusOf(forwarding.figures()),
  };
  const parts = createReceiver({
    ...data,
    config,
    destinations,
    metrics,
    statuses,
    recoverOne: (conversationId, gone) => recovery.recoverOne(conversationId, gone),
    clock,
    log,
  });
  return { ...parts, data, recovery, connection, predecessor };
}

async function listenBeside(
  { config, log }: Options,
  app: Application,
  shared: Shared,
): Promise<ReturnType<typeof listen>> {
  const listening = listen(app, { ...config, isShared: shared.port });
  if (listening.kind === "failed" || !shared.port) return listening;
  try {
    await steerToSecond(config.port);
  } catch (error) {
    // Both then get new connections until the predecessor stops listening.
    log.warning(
      `The predecessor goes on getting new connections until it stops: ${error instanceof Error ? error.message : "unknown"}`,
    );
  }
  return listening;
}
