import type { CommandContext } from "../../platform/process.ts";

/** The signals that a receiver obeys. */
export type Signals = {
  /** Resolves at the first SIGTERM or SIGINT. */
  stopped: Promise<"stopped">;
  /** Calls back at each SIGHUP, at once if one has come before. */
  onReload: (callback: () => void) => void;
};

/**
 * Listens for signals. Call it before anyone may take this process for the one that receives: a signal without a listener
 * would end it.
 */
export function catchSignals(context: CommandContext): Signals {
  let reload: (() => void) | null = null;
  let hasCome = false;
  // If a terminal goes away, SIGHUP means the end, as for any program.
  const isAttended = Object.values(context.isTerminal).some(Boolean);
  if (!isAttended) {
    context.onReloadSignal(() => {
      hasCome = true;
      reload?.();
    });
  }
  return {
    stopped: untilStopped(context),
    onReload(callback) {
      reload = callback;
      if (hasCome) callback();
    },
  };
}

async function untilStopped(context: CommandContext): Promise<"stopped"> {
  await new Promise<void>((resolve) => {
    const forget = context.onStopSignal(() => {
      forget();
      resolve();
    });
  });
  return "stopped";
}
