import type { Config } from "../config/config.ts";
import type { Clock } from "../platform/clock.ts";
import type { Log } from "../platform/log.ts";
import type { ByHand, Recovery } from "../recover/loop.ts";
import type { RecoveryObserver } from "../recover/parts.ts";
import type { RunReport } from "../recover/report.ts";
import type { RunOutcome } from "../recover/run.ts";
import type { Store } from "../store/port.ts";
import type { RestClient } from "../vendor/rest/port.ts";
import type { LoadClient } from "./rest-client.ts";

export type RecoveryService = ReturnType<typeof createRecoveryService>;

/** Counts nothing. */
export const noObserver: RecoveryObserver = { recovered() {}, failed() {} };

/**
 * The recovery of what did not arrive. What does the work is loaded when there is some: without a key there is no module,
 * timer or thread of it.
 */
export function createRecoveryService(options: {
  config: Config;
  loadClient: LoadClient;
  store: Store;
  observer: RecoveryObserver;
  clock: Clock;
  log: Log;
}) {
  const { config, loadClient, store, log } = options;
  let loading: Promise<Recovery> | null = null;
  let loaded: Recovery | null = null;
  let stop: () => Promise<void> = async () => {};
  /** Ends what was asked for by hand. */
  let ending = new AbortController();
  let running: Promise<unknown> = Promise.resolve();

  async function load(makeClient: () => Promise<RestClient>): Promise<Recovery> {
    const [{ createRecovery }, client] = await Promise.all([import("../recover/loop.ts"), makeClient()]);
    loaded = createRecovery({ ...options, client });
    return loaded;
  }

  async function begin(
    makeClient: () => Promise<RestClient>,
    ready: Promise<unknown>,
    agentIds: readonly string[] | null,
  ) {
    const { signal } = ending;
    const recovery = await (loading ??= load(makeClient));
    const { keepRecovering } = await import("../recover/loop.ts");
    if (signal.aborted) return;
    stop = store.recoveries.keepAlone(() => keepRecovering(recovery, agentIds, ready));
  }

  return {
    /** Goes on by itself from now on, if it is to. @param ready what it waits for */
    start(ready: Promise<unknown>): void {
      const { recover } = config;
      ending = new AbortController();
      if (recover.kind === "off" || loadClient === null) return;
      begin(loadClient, ready, recover.kind === "all" ? null : recover.agentIds).catch((error: unknown) =>
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
      if (loadClient === null) return null;
      const signal = AbortSignal.any([gone, ending.signal]);
      const recovery = await (loading ??= load(loadClient));
      const run = recovery.byHand({ ...asked, signal });
      running = Promise.allSettled([running, run]);
      return run;
    },

    /** Fetches what is missing of one conversation. null: there is no key for it. @throws FileFault */
    async recoverOne(conversationId: string, gone: AbortSignal): Promise<RunReport | null> {
      const asked = { agentIds: null, window: null, conversationId, withRecordings: true, isDryRun: false };
      const outcome = await this.byHand({ ...asked, onProgress: () => {} }, gone);
      return outcome?.report ?? null;
    },

    /** null while it is off. */
    status: () => loaded?.status() ?? null,
  };
}
