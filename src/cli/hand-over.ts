import type { Config } from "../config.ts";
import type { Log } from "../platform/log.ts";
import type { Notify } from "../platform/systemd.ts";
import type { CommandContext } from "./command.ts";
import type { Taken } from "./handover/handover.ts";
import type { Signals } from "./handover/signals.ts";
import type { Successor } from "./handover/successor.ts";
import type { Receiver } from "./receiver.ts";
import type { Supervision } from "./supervision.ts";

export const DRAIN_MS_MAX = 20_000;
/** A recording may be ten minutes on its way. */
const HANDED_OVER_DRAIN_MS_MAX = 11 * 60_000;
/** So long an answer tells senders to connect anew before this process stops to listen. */
const LEAVE_MS = 3_000;

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

/** Lets a successor receive and ends what is left here. Returns false where it has ended before this process stopped listening. */
export async function handOver(
  { receiver, config, log, notify }: ReceiveOptions,
  about: {
    taken: Taken;
    stopped: Promise<unknown>;
    supervision: Supervision;
    /** Ends what this process did beside receiving. */
    retire: () => void;
  },
): Promise<boolean> {
  const { server, drain, archive, store, predecessor } = receiver;
  const { taken, stopped, supervision, retire } = about;
  const { successor } = taken;
  log.info(`Handing over to process ${successor.pid}`);
  notify(`MAINPID=${successor.pid}`);
  // Of this process the manager does not want to hear any more.
  supervision.end();
  successor.grant();
  server.leave();
  const hurried = Promise.race([stopped, successor.hurries]);
  if (await hasGone(successor, hurried)) {
    server.stay();
    return false;
  }

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
  archive.close();
  // Where the successor waits for the data, or has other data, nobody else is at work on these.
  const isOther = taken.kind === "ready" && successor.databasePath === config.databasePath;
  const hasInherited = await hasEndedClean(receiver);
  const { isClean } = await store.close({ isShared: isOther || !hasInherited });
  successor.tellEnd(isClean && hasInherited);
  log.info("Handed over");
  return true;
}

/** Whether a successor ends while this process still listens. */
async function hasGone({ gone }: Successor, hurried: Promise<unknown>): Promise<boolean> {
  const left = Promise.race([Bun.sleep(LEAVE_MS), hurried]);
  return Promise.race([gone.then(() => true), left.then(() => false)]);
}

/** Whether nobody else is at work on the data, and nobody has left anything to be put in order. */
export async function hasEndedClean({ predecessor }: Receiver): Promise<boolean> {
  if (predecessor === null) return true;
  return Promise.race([predecessor.ended.then(({ isClean }) => isClean), Bun.sleep(0).then(() => false)]);
}
