import { channelSocket, openChannel } from "../../platform/channel.ts";
import type { Channel } from "../../platform/channel.ts";
import { HANDOVER_DESCRIPTOR, HANDOVER_VARIABLE, readMessage } from "./messages.ts";
import type { Message } from "./messages.ts";

/** It may have to copy a large database. Less than what the unit allows for a reload, TimeoutStartSec=. */
const START_MS_MAX = 9 * 60_000;
/** A cancelled successor that has not ended after this time is killed. */
const CANCEL_MS_MAX = 5_000;

/** The process that takes over from this one. */
export type Successor = {
  pid: number;
  /** The data that it uses. */
  dataName: string;
  /** It is the one that receives now. */
  grant: () => void;
  /** This process does not listen any more. */
  tellLeft: () => void;
  /** Has it finish what it has in flight, and end. */
  stop: () => void;
  /** This process has let go of the data. */
  tellEnd: (isClean: boolean) => void;
  /** Resolves when it asks for an end soon. */
  hurries: Promise<void>;
  /** Resolves when it has ended. */
  gone: Promise<void>;
};

export type StartOutcome =
  | { kind: "ready"; successor: Successor }
  /** It can go on once this process has let go of the data. */
  | { kind: "waiting"; successor: Successor }
  | { kind: "failed"; problem: string };

export type Starting = {
  outcome: Promise<StartOutcome>;
  /** Cancels it, unless there is an outcome already. */
  cancel: (why: string) => void;
};

/**
 * Starts a successor of this process.
 *
 * @param shared what this process uses, and the successor may use too
 */
export function startSuccessor(options: {
  executable: string;
  args: readonly string[];
  folder: string;
  environment: Record<string, string | undefined>;
  shared: { dataName: string; port: number };
}): Starting {
  const { shared } = options;
  const outcome = Promise.withResolvers<StartOutcome>();
  let isSettled = false;
  const hurries = Promise.withResolvers<void>();
  const gone = Promise.withResolvers<void>();
  let channel: Channel | null = null;
  let pid: number | null = null;

  function settle(found: StartOutcome): void {
    if (isSettled) return;
    isSettled = true;
    clearTimeout(timer);
    outcome.resolve(found);
  }

  function cancel(problem: string): void {
    if (isSettled) return;
    settle({ kind: "failed", problem });
    channel?.send({ kind: "cancelled" });
    const kill = setTimeout(() => signalProcess(pid, "SIGKILL"), CANCEL_MS_MAX);
    void gone.promise.then(() => clearTimeout(kill));
  }

  const timer = setTimeout(() => cancel(`it was not ready after ${START_MS_MAX / 1000} s`), START_MS_MAX);

  function onMessage(message: Message): void {
    if (message.kind === "hello") {
      pid = message.pid ?? null;
      channel?.send({ kind: "welcome", databasePath: shared.dataName, port: shared.port });
    }
    if (message.kind === "failed") settle({ kind: "failed", problem: message.problem ?? "" });
    if (message.kind === "hurry") hurries.resolve();
    if (isSettled || pid === null || channel === null) return;
    if (message.kind === "ready" || message.kind === "waiting") {
      const { send } = channel;
      const successor: Successor = {
        pid,
        dataName: message.databasePath ?? shared.dataName,
        grant: () => send({ kind: "granted" }),
        tellLeft: () => send({ kind: "left" }),
        stop: () => signalProcess(pid, "SIGTERM"),
        tellEnd: (isClean) => send({ kind: "ended", isClean }),
        hurries: hurries.promise,
        gone: gone.promise,
      };
      settle({ kind: message.kind, successor });
    }
  }

  const socket = channelSocket((opened) => {
    channel = opened;
    return {
      onMessage(value) {
        const message = readMessage(value);
        if (message !== null) onMessage(message);
      },
      onClose: gone.resolve,
    };
  });
  void followLaunch(launch(options, socket), gone, settle);
  return { outcome: outcome.promise, cancel };
}

/** What a start is that can't be made. */
export function notStarted(problem: string): Starting {
  return { outcome: Promise.resolve({ kind: "failed", problem }), cancel() {} };
}

/** A successor that is not ready has ended, or was never launched: then the launch says why. */
async function followLaunch(
  launched: Promise<void>,
  gone: PromiseWithResolvers<void>,
  settle: (found: StartOutcome) => void,
): Promise<void> {
  let problem = "it ended before it was ready: see its own messages";
  try {
    await launched;
    await gone.promise;
  } catch (error) {
    gone.resolve();
    problem = error instanceof Error ? error.message : String(error);
  }
  settle({ kind: "failed", problem });
}

/** @throws if the executable does not start */
async function launch(
  { executable, args, folder, environment }: Parameters<typeof startSuccessor>[0],
  socket: ReturnType<typeof channelSocket>,
): Promise<void> {
  const launcher = Bun.spawn([executable, "serve", ...args], {
    cwd: folder,
    env: { ...environment, [HANDOVER_VARIABLE]: "launch" },
    // What it says goes where this process writes.
    stdio: ["ignore", "inherit", "inherit", "socket-fd"],
  });
  const descriptor = launcher.stdio[HANDOVER_DESCRIPTOR];
  if (typeof descriptor !== "number") throw new Error("it can't be spoken to");
  await openChannel(descriptor, socket);
  const status = await launcher.exited;
  if (status !== 0) throw new Error(`${executable} ended with status ${status}`);
}

/**
 * What a process does that was started to take over: it starts the successor and ends, so that the successor is a child
 * of the service manager. A main process that is the child of another is one that systemd does not wait for
 * (`main_pid_alien` in its src/core/service.c): a stop would cut off what is in flight.
 */
export function launchSuccessor(options: {
  executable: string;
  args: readonly string[];
  environment: Record<string, string | undefined>;
}): void {
  const { executable, args, environment } = options;
  Bun.spawn([executable, "serve", ...args], {
    env: { ...environment, [HANDOVER_VARIABLE]: "successor" },
    stdio: ["ignore", "inherit", "inherit", HANDOVER_DESCRIPTOR],
    // Signals to the group of this process are not for it.
    detached: true,
  }).unref();
}

function signalProcess(pid: number | null, signal: NodeJS.Signals): void {
  try {
    if (pid !== null) process.kill(pid, signal);
  } catch {
    // It has ended meanwhile.
  }
}
