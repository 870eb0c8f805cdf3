import type { Config } from "../config/config.ts";
import type { Clock } from "../platform/clock.ts";
import type { Log } from "../platform/log.ts";
import type { ByHand, Recovery } from "../recover/loop.ts";
import type { RecoveryObserver } from "../recover/parts.ts";
import type { RunOutcome } from "../recover/run.ts";
import type { Store } from "../store/port.ts";

export type RecoveryService = ReturnType<typeof createRecoveryService>;

/** Counts nothing. */
export const noObserver: RecoveryObserver = { recovered() {}, failed() {} };

/**
 * The recovery of what did not arrive. What does the work is loaded when there is some: without a key there is no module,
 * timer or thread of it.
 */
export function createRecoveryService(options: {
  config: Config;
  store: Store;
  observer: RecoveryObserver;
  clock: Clock;
  log: Log;
}) {
  const { config, log } = options;
  let loading: Promise<Recovery> | null = null;
  let loaded: Recovery | null = null;
  let stop: () => Promise<void> = async () => {};
  /** Ends what was asked for by hand. */
  let ending = new AbortController();
  let running: Promise<unknown> = Promise.resolve();

  async function load(key: string): Promise<Recovery> {
    const [{ createRecovery }, { loadRestClient }] = await Promise.all([
      import("../recover/loop.ts"),
      import("../vendor/rest/load.ts"),
    ]);
    const client = await loadRestClient({ key, url: config.vendorApiUrl });
    loaded = createRecovery({ ...options, client });
    return loaded;
  }

  async function begin(key: string, ready: Promise<unknown>, agentIds: readonly string[] | null) {
    const { signal } = ending;
    const recovery = await (loading ??= load(key));
    const { keepRecovering } = await import("../recover/loop.ts");
    if (!signal.aborted) stop = keepRecovering(recovery, agentIds, ready);
  }

  return {
    /** Goes on by itself from now on, if it is to. @param ready what it waits for */
    start(ready: Promise<unknown>): void {
      const { recover, vendorApiKey: key } = config;
      ending = new AbortController();
      if (recover.kind === "off" || key === null) return;
      begin(key, ready, recover.kind === "all" ? null : recover.agentIds).catch((error: unknown) =>
        log.error(`Nothing is recovered: ${error instanceof Error ? error.message : "unknown"}`),
      );
    },

    /** Ends it; resolves when nothing of it is being stored any more. */
    async stop(): Promise<void> {
      ending.abort();
      await Promise.all([stop(), running]);
    },

    /** Runs what somebody asks for. null: there is no key for it. @throws FileFault */
    async byHand(asked: Omit<ByHand, "signal">, gone: AbortSignal): Promise<RunOutcome | null> {
      if (config.vendorApiKey === null) return null;
      const signal = AbortSignal.any([gone, ending.signal]);
      const recovery = await (loading ??= load(config.vendorApiKey));
      const run = recovery.byHand({ ...asked, signal });
      running = Promise.allSettled([running, run]);
      return run;
    },

    /** null while it is off. */
    status: () => loaded?.status() ?? null,
  };
}
