import type { Config } from "../../config/config.ts";
import type { Log } from "../../platform/log.ts";
import type { Notify } from "../../platform/systemd.ts";
import { withinMs } from "../../platform/wait.ts";
import type { CommandContext } from "../../platform/process.ts";
import type { Taken } from "./handover.ts";
import type { Signals } from "./signals.ts";
import type { Successor } from "./successor.ts";
import type { Receiver } from "../open.ts";
import type { Supervision } from "../supervision.ts";

export const DRAIN_MS_MAX = 20_000;
/** A recording may be ten minutes on its way. */
const HANDED_OVER_DRAIN_MS_MAX = 11 * 60_000;
/** For this time both receive: answers tell senders to connect again, and a successor that dies has not taken over yet. */
const OVERLAP_MS = 3_000;

export type ReceiveOptions = {
  receiver: Receiver;
  config: Config;
  context: CommandContext;
  /** Settings given as flags. */
  args: readonly string[];
  log: Log;
  notify: Notify;
  signals: Signals;
};

/** Lets a successor receive and ends what is left here. Returns false if it has ended before: then this process goes on. */
export async function handOver(
  { receiver, config, log, notify }: ReceiveOptions,
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
  const { server, drain, queries, store, predecessor } = receiver;
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
  // Where the successor waits for the data, or has other data, nobody else is at work on these.
  const isOther = taken.kind === "ready" && successor.databasePath === config.databasePath;
  const hasInherited = await hasEndedClean(receiver);
  const { isClean } = await store.close({ isShared: isOther || !hasInherited });
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

/** Whether nobody else is at work on the data, and nobody has left anything to be put in order. */
export async function hasEndedClean({ predecessor }: Receiver): Promise<boolean> {
  if (predecessor === null) return true;
  return Promise.race([predecessor.ended.then(({ isClean }) => isClean), Bun.sleep(0).then(() => false)]);
}
