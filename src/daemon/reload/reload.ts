import type { Log } from "../../platform/log.ts";
import type { Fresh } from "./environment.ts";
import type { StartOutcome, Starting } from "./successor.ts";

export type ReloadOutcome =
  | { kind: "done"; pid: number }
  | { kind: "failed"; problem: string }
  /** Another process receives by now, and is the one to be asked. */
  | { kind: "moved" };

export type Taken = Exclude<StartOutcome, { kind: "failed" }>;

export type Reload = ReturnType<typeof createReload>;

/**
 * Hands over to a successor when it is asked to, one at a time.
 *
 * @param start starts one
 * @param hasRoom resolves when there are no two listeners on the port any more
 * @param pause ends what must not go on while two processes receive; `goOn` begins it again if none has taken over
 */
export function createReload(options: {
  start: (fresh: Fresh) => Starting;
  hasRoom: Promise<void>;
  pause: () => Promise<void>;
  goOn: () => void;
  log: Log;
}) {
  const { start, hasRoom, pause, goOn, log } = options;
  let taken = Promise.withResolvers<Taken>();
  /** The outcome of the time in which both receive: null if the successor has taken over, or why it has not. */
  let overlap = Promise.withResolvers<string | null>();
  let isUnderWay = false;
  let isTaken = false;
  /** Why no successor is wanted any more. */
  let cancelled: string | null = null;
  let callOff = (_why: string): void => {};

  async function attempt(fresh: Fresh, gone: Promise<void>): Promise<ReloadOutcome> {
    await hasRoom;
    await pause();
    if (cancelled !== null) return { kind: "failed", problem: cancelled };
    const starting = start(fresh);
    callOff = starting.cancel;
    void gone.then(() => starting.cancel("the command that asked for it has gone away"));
    const outcome = await starting.outcome;
    if (outcome.kind === "failed") return outcome;
    isTaken = true;
    taken.resolve(outcome);
    const problem = await overlap.promise;
    return problem === null ? { kind: "done", pid: outcome.successor.pid } : { kind: "failed", problem };
  }

  return {
    /** Starts a successor and waits until it has taken over. The process goes on as before if that fails. */
    async begin(fresh: Fresh, gone: Promise<void>): Promise<ReloadOutcome> {
      if (isTaken) return { kind: "moved" };
      if (isUnderWay) {
        return { kind: "failed", problem: "a handover is under way already: try again when it has ended" };
      }
      isUnderWay = true;
      log.info("Starting a successor");
      const outcome = await attempt(fresh, gone);
      if (outcome.kind === "failed") {
        isUnderWay = false;
        goOn();
        log.error(`The successor can't take over, this instance goes on: ${outcome.problem}`);
      }
      return outcome;
    },

    /** Resolves when a successor has come up: from then on both receive. */
    taken: (): Promise<Taken> => taken.promise,

    /** The successor is the one that receives now. */
    confirm: () => overlap.resolve(null),

    /** The successor has ended before it was: there may be another one. */
    resume(): void {
      overlap.resolve("the new process ended before it had taken over: see its own messages");
      overlap = Promise.withResolvers();
      taken = Promise.withResolvers();
      isTaken = false;
      isUnderWay = false;
    },

    /** No successor is wanted any more. */
    cancel(why: string): void {
      isUnderWay = true;
      cancelled = why;
      callOff(why);
      overlap.resolve(why);
    },
  };
}
