import { isPlaceholder } from "../config/config.ts";
import type { Config } from "../config/config.ts";
import { nameOf } from "../config/data.ts";
import { startRetention } from "../erase/retention.ts";
import type { Log } from "../platform/log.ts";
import { syncedAtMs } from "../platform/time-sync.ts";
import { watchdogMs } from "../platform/systemd.ts";
import type { Notify } from "../platform/systemd.ts";
import type { CommandContext } from "../platform/process.ts";
import { whyNotCalled } from "../problems/remote.ts";
import { withinMs } from "../platform/wait.ts";
import { openCommands } from "./commands.ts";
import { startProblemJournal } from "./problem-journal.ts";
import { successorSurroundings } from "./reload/environment.ts";
import { createReload } from "./reload/reload.ts";
import type { Reload, Taken } from "./reload/reload.ts";
import type { Receiver } from "./open.ts";
import type { Predecessor } from "./reload/predecessor.ts";
import type { Signals } from "./reload/signals.ts";
import { notStarted, startSuccessor } from "./reload/successor.ts";
import type { Successor } from "./reload/successor.ts";
import { compileAsUsual } from "../platform/jit.ts";
import { logStart, warnOfClock } from "./start-report.ts";
import { superviseUnder } from "./supervision.ts";
import type { Supervision } from "./supervision.ts";

const DRAIN_MS_MAX = 20_000;
/** A recording may take ten minutes to arrive. */
const HANDED_OVER_DRAIN_MS_MAX = 11 * 60_000;
/** Both processes receive for this long: answers tell senders to connect again, and a successor that dies has not taken over yet. */
const OVERLAP_MS = 3_000;

type Options = {
  receiver: Receiver;
  config: Config;
  context: CommandContext;
  /** Settings given as flags. */
  args: readonly string[];
  log: Log;
  notify: Notify;
  signals: Signals;
};

/** Receives until it is told to stop, or until a successor has taken over. */
export async function receive(options: Options): Promise<void> {
  const { receiver, config, context, log, notify, signals } = options;
  const { stopped } = signals;
  const { server, predecessor } = receiver;
  if (receiver.grant === "cancelled") return stop(options, null);
  if (receiver.grant === "gone") log.warning("The predecessor has ended before it handed over");
  const { engine } = receiver.data;
  const problem = receiver.healthProblem();
  const notReceiving = problem === null ? null : { problem, fault: receiver.data.store.fault() };
  logStart(log, config, { engine, url: server.url, notReceiving });
  compileAsUsual();
  void warnOfClock(log, context.clock);
  const stopProblemJournal = startProblemJournal({ problems: receiver.problems, log, clock: context.clock });
  const supervision = superviseUnder({
    notify,
    watchdogMs: watchdogMs(context.environment, process.pid),
    url: server.url,
    isConnected: !config.secrets.every(isPlaceholder),
    whyNotCalled: () => whyNotCalled(receiver.connection.status(), context.clock.nowMs()),
    progress: receiver.data.store.events.progress,
    healthProblem: receiver.healthProblem,
  });
  if (predecessor !== null) void tellOfEnd(predecessor, log);
  const { data, erase, trustedClock, recovery, connection } = receiver;
  const { store, forwarding } = data;
  const { eraser, retentionState: state } = store.events;
  const { clock } = context;
  const predecessorEnded = predecessor?.ended ?? Promise.resolve();
  const beginRetention = () =>
    startRetention(
      { ...config, eraser, erase, state, trustedClock, clock, log, syncedAtMs },
      // Its last deliveries may be of conversations that are too old otherwise.
      predecessorEnded,
    );
  let stopRetention = beginRetention();
  forwarding.start();
  recovery.start(predecessorEnded);
  connection.start();
  let isRetired = false;
  const stopUpkeep = data.startUpkeep(predecessorEnded);

  const reload = prepareReload(options, {
    // Retention does not see what another process is storing: a recording has its name before its row. And two that
    // forward would send everything twice, two that recover would fetch it twice.
    async pause() {
      connection.stop();
      await Promise.all([stopRetention(), forwarding.stop(), recovery.stop()]);
    },
    goOn() {
      if (isRetired) return;
      stopRetention = beginRetention();
      forwarding.start();
      recovery.start(predecessorEnded);
      connection.start();
    },
  });
  const closeControl = openCommands({ ...options, recovery }, reload);
  /** Ends what this process did beside receiving. */
  const retire = () => {
    isRetired = true;
    reload.cancel("this instance was told to stop");
    void stopRetention();
    void forwarding.stop();
    void recovery.stop();
    connection.stop();
    stopUpkeep();
    stopProblemJournal();
    closeControl();
  };
  for (;;) {
    const taken = await Promise.race([stopped, reload.taken()]);
    if (taken === "stopped") {
      retire();
      return stop(options, supervision);
    }
    const about = { taken, stopped, supervision, confirm: reload.confirm, retire };
    if (await handOver(options, about)) return;
    reload.resume();
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
  const { server, drain, data, recovery, predecessor } = receiver;
  const { queries, store, forwarding } = data;
  log.info("Stopping: finishing what is in flight");
  supervision?.stopping();
  predecessor?.hurry();
  const work = [drain(), server.stop(), forwarding.stop(), recovery.stop(), predecessor?.ended];
  const isDrained = await withinMs(Promise.all(work), DRAIN_MS_MAX);
  if (!isDrained) log.warning("Some deliveries did not end in time and are cut off");
  await server.stopNow();
  queries.close();
  await store.close({ isShared: !(await hasEndedClean(receiver)) });
  supervision?.end();
  log.info("Stopped");
}

/** Lets a successor receive and ends what is left here. Returns false if the successor has ended before that: then this process goes on. */
async function handOver(
  { receiver, config, log, notify }: Options,
  about: {
    taken: Taken;
    stopped: Promise<unknown>;
    supervision: Supervision;
    /** The successor is the one that receives from now on. */
    confirm: () => void;
    /** Ends what this process did beside receiving. */
    retire: () => void;
  },
): Promise<boolean> {
  const { server, drain, data, predecessor } = receiver;
  const { queries, store } = data;
  const { taken, stopped, supervision, confirm, retire } = about;
  const { successor } = taken;
  log.info(`Process ${successor.pid} is ready and takes over in ${OVERLAP_MS / 1000} s`);
  server.leave();
  const overlap = await endOfOverlap(successor, stopped);
  if (overlap === "successor gone") {
    server.stay();
    return false;
  }
  if (overlap === "stopped") {
    // The manager knows this process: it has to outlive the successor, which it would kill.
    supervision.stopping();
    successor.stop();
  } else {
    log.info(`Handing over to process ${successor.pid}`);
    notify(`MAINPID=${successor.pid}`);
    // The manager does not want to hear of this process any more.
    supervision.end();
    confirm();
  }
  successor.grant();
  const hurried = Promise.race([stopped, successor.hurries]);

  retire();
  void hurried.then(() => predecessor?.hurry());
  const work = Promise.all([server.stop().then(drain), predecessor?.ended]);
  successor.tellLeft();
  const soon = taken.kind === "waiting" ? Promise.resolve() : hurried;
  const deadline = Promise.race([
    Bun.sleep(HANDED_OVER_DRAIN_MS_MAX),
    soon.then(() => Bun.sleep(DRAIN_MS_MAX)),
  ]);
  const isDrained = await Promise.race([work.then(() => true), deadline.then(() => false)]);
  if (!isDrained) log.warning("Some deliveries did not end in time and are cut off");
  await server.stopNow();
  queries.close();
  // A successor that waits for the data, or has other data, is not at work on these.
  const isShared = taken.kind === "ready" && successor.dataName === nameOf(config.data);
  const hasInherited = await hasEndedClean(receiver);
  const { isClean } = await store.close({ isShared: isShared || !hasInherited });
  successor.tellEnd(isClean && hasInherited);
  if (overlap === "stopped") {
    await withinMs(successor.gone, DRAIN_MS_MAX);
    supervision.end();
  }
  log.info(overlap === "stopped" ? "Stopped" : "Handed over");
  return true;
}

async function endOfOverlap(
  { gone }: Successor,
  stopped: Promise<unknown>,
): Promise<"over" | "stopped" | "successor gone"> {
  return Promise.race([
    gone.then(() => "successor gone" as const),
    stopped.then(() => "stopped" as const),
    Bun.sleep(OVERLAP_MS).then(() => "over" as const),
  ]);
}

/** Whether no other process uses the data, and none has left anything to put in order. */
async function hasEndedClean({ predecessor }: Receiver): Promise<boolean> {
  if (predecessor === null) return true;
  return Promise.race([predecessor.ended.then(({ isClean }) => isClean), Bun.sleep(0).then(() => false)]);
}

function prepareReload(
  { receiver, config, context, args, log, signals }: Options,
  others: { pause: () => Promise<void>; goOn: () => void },
): Reload {
  // The file at this path may be a newer version by now.
  const { executable } = context.machine;
  const environment = { ...context.environment };
  const reload = createReload({
    start(fresh) {
      if (process.pid === 1) {
        return notStarted(
          "it is process 1 of its container, which would end with it: replace the container instead",
        );
      }
      if (executable === null) return notStarted("only the built executable can: scripts/build");
      const found = successorSurroundings({ environment, args }, fresh);
      if (!found.ok) return notStarted(found.problem);
      const { data, port } = config;
      return startSuccessor({
        executable,
        ...found.value,
        folder: context.folder,
        shared: { dataName: nameOf(data), port },
      });
    },
    hasRoom: receiver.predecessor?.left ?? Promise.resolve(),
    ...others,
    log,
  });
  signals.onReload(() => void reload.begin({}, new Promise(() => {})));
  return reload;
}
