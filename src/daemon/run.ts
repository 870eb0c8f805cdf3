import { startRetention } from "../erase/retention.ts";
import { atFault } from "../platform/faults.ts";
import type { Log } from "../platform/log.ts";
import { syncedAtMs } from "../platform/time-sync.ts";
import { watchdogMs } from "../platform/systemd.ts";
import { withinMs } from "../platform/wait.ts";
import { startTurnsPayloads } from "../store/sqlite/turns-payloads.ts";
import { watchCertificate } from "./certificate-watch.ts";
import { controlPath, openControl } from "./reload/control.ts";
import { successorSurroundings } from "./reload/environment.ts";
import { createHandover } from "./reload/handover.ts";
import type { Handover } from "./reload/handover.ts";
import type { Predecessor } from "./reload/predecessor.ts";
import { startSuccessor } from "./reload/successor.ts";
import { DRAIN_MS_MAX, handOver, hasEndedClean } from "./reload/hand-over.ts";
import type { ReceiveOptions as Options } from "./reload/hand-over.ts";
import { compileAsUsual } from "../platform/jit.ts";
import { logStart, warnOfClock } from "./start-report.ts";
import { superviseUnder } from "./supervision.ts";
import type { Supervision } from "./supervision.ts";

/** Receives until it is told to stop, or until a successor has taken over. */
export async function receive(options: Options): Promise<void> {
  const { receiver, config, context, log, notify, signals } = options;
  const { stopped } = signals;
  const { server, predecessor } = receiver;
  if (receiver.grant === "cancelled") return stop(options, null);
  if (receiver.grant === "gone") log.warning("The predecessor has ended before it handed over");
  logStart(log, config, { url: server.url, problem: receiver.healthProblem() });
  compileAsUsual();
  void warnOfClock(log, context.clock);
  watchCertificate(config.tls, { log, clock: context.clock });
  const supervision = superviseUnder({
    notify,
    watchdogMs: watchdogMs(context.environment, process.pid),
    url: server.url,
    progress: receiver.store.progress,
    healthProblem: receiver.healthProblem,
  });
  if (predecessor !== null) void tellOfEnd(predecessor, log);
  const { store, erase, trustedClock } = receiver;
  const { eraser, retentionState: state } = store;
  const { clock } = context;
  const stopRetention = startRetention(
    { ...config, eraser, erase, state, trustedClock, clock, log, syncedAtMs },
    // Its last deliveries may be of conversations that are too old otherwise.
    predecessor?.ended ?? Promise.resolve(),
  );

  const predecessorEnded = predecessor?.ended ?? Promise.resolve();
  const stopTurnsPayloads = startTurnsPayloads({ ...config, log, predecessorEnded });

  const handover = prepareHandover(options);
  const closeControl = openControlIn(options, handover);
  /** What this process did beside receiving. */
  const retire = () => {
    handover.cancel("this instance was told to stop");
    stopRetention();
    stopTurnsPayloads();
    closeControl();
  };
  for (;;) {
    const taken = await Promise.race([stopped, handover.taken()]);
    if (taken === "stopped") {
      retire();
      return stop(options, supervision);
    }
    const about = { taken, stopped, supervision, confirm: handover.confirm, retire };
    if (await handOver(options, about)) return;
    handover.resume();
  }
}

async function tellOfEnd({ ended }: Predecessor, log: Log): Promise<void> {
  if ((await ended).isClean) log.info("The predecessor has finished");
  else
    log.warning(
      "The predecessor did not end in good order: the next start from standstill looks at what it left",
    );
}

async function stop({ receiver, log }: Options, supervision: Supervision | null): Promise<void> {
  const { server, drain, queries, store, predecessor } = receiver;
  log.info("Stopping: finishing what is in flight");
  supervision?.stopping();
  predecessor?.hurry();
  const work = [drain(), server.stop(), predecessor?.ended];
  const isDrained = await withinMs(Promise.all(work), DRAIN_MS_MAX);
  if (!isDrained) log.warning("Some deliveries did not end in time and are cut off");
  await server.stopNow();
  queries.close();
  await store.close({ isShared: !(await hasEndedClean(receiver)) });
  supervision?.end();
  log.info("Stopped");
}

function prepareHandover({ receiver, config, context, args, log, signals }: Options): Handover {
  // What is there may be a newer version by now.
  const { executable } = context.machine;
  const environment = { ...context.environment };
  const handover = createHandover({
    start(fresh) {
      if (process.pid === 1) {
        return {
          problem: "it is process 1 of its container, which would end with it: replace the container instead",
        };
      }
      if (executable === null) return { problem: "only the built executable can: scripts/build" };
      const found = successorSurroundings({ environment, args }, fresh);
      if ("problem" in found) return found;
      const { databasePath, port } = config;
      return startSuccessor({
        executable,
        ...found.value,
        folder: context.folder,
        place: { databasePath, port },
      });
    },
    hasRoom: receiver.predecessor?.left ?? Promise.resolve(),
    log,
  });
  signals.onReload(() => void handover.reload({}, new Promise(() => {})));
  return handover;
}

function openControlIn({ config, context, log }: Options, handover: Handover): () => void {
  const path = controlPath(context.environment, () => config.databasePath);
  try {
    const close = openControl(path, handover.reload);
    return () => attempt(close);
  } catch (error) {
    log.warning(`The reload command can't reach this instance, SIGHUP can: ${explain(error)}`);
    return () => {};
  }

  function attempt(close: () => void): void {
    try {
      close();
    } catch (error) {
      log.warning(`The socket of the reload command stays until the next start: ${explain(error)}`);
    }
  }

  function explain(error: unknown): string {
    const fault = atFault(path, error);
    return fault instanceof Error ? fault.message : "unknown";
  }
}
