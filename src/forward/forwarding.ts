import type { Worker as Thread } from "node:worker_threads";
import { Worker } from "node:worker_threads";
import { errorCode } from "../platform/errors.ts";
import type { Log } from "../platform/log.ts";
import { withinMs } from "../platform/wait.ts";
import type {
  DestinationFigures,
  ForwardNote,
  ForwardRequest,
  ForwardThreadOptions,
} from "./thread-messages.ts";

/** A thread that has died is started again after this time. */
const PAUSE_MS = 30_000;
/** More than what a thread takes that ends in good order. */
const STOP_MS_MAX = 5_000;

/** How a destination stands, with its attempts since the start of the process. */
export type ForwardFigures = readonly DestinationFigures[];

export type Forwarding = ReturnType<typeof createForwarding>;

/**
 * Sends events to the destinations, in a thread of its own. Whatever happens to the thread, the receiver goes on; without
 * destinations there is none.
 *
 * @param thread the file that the thread runs: `forwardThread`
 */
export function createForwarding(
  options: ForwardThreadOptions & { thread: URL; log: Log; pauseMs?: number },
) {
  const { place, destinations, publicUrl, thread, log, pauseMs = PAUSE_MS } = options;
  const totals = new Map<string, { delivered: number; failed: number }>();
  let figures: ForwardFigures = [];
  let worker: Thread | null = null;
  let pause: ReturnType<typeof setTimeout> | null = null;
  /** Resolves when the last thread that was to end has ended. */
  let stopped = Promise.resolve();

  function start(): void {
    const workerData: ForwardThreadOptions = { place, destinations, publicUrl };
    const started = new Worker(thread, { workerData });
    worker = started;
    started.on("message", (note: ForwardNote) => {
      if (note.kind === "failed") fail(started, note.problem);
      else take(note);
    });
    started.on("error", (error) => fail(started, errorCode(error)));
    started.on("exit", () => fail(started, "its thread has ended"));
    // The process may end without it.
    started.unref();
  }

  function fail(failed: Thread, problem: string): void {
    if (worker !== failed) return;
    worker = null;
    void failed.terminate();
    log.error(`Forwarding has failed and is started again in ${pauseMs / 1000} s: ${problem}`);
    pause = setTimeout(start, pauseMs);
    pause.unref();
  }

  function take(note: ForwardNote): void {
    if (note.kind === "line") log[note.level](note.message, note.fields);
    if (note.kind !== "figures") return;
    for (const { name, delivered, failed } of note.destinations) {
      const total = totals.get(name) ?? { delivered: 0, failed: 0 };
      totals.set(name, { delivered: total.delivered + delivered, failed: total.failed + failed });
    }
    figures = note.destinations.map((one) => ({ ...one, ...totals.get(one.name) }));
  }

  async function end(ending: Thread): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    ending.on("message", (note: ForwardNote) => note.kind === "stopped" && resolve());
    ending.on("error", () => resolve());
    ending.on("exit", () => resolve());
    ending.postMessage("stop" satisfies ForwardRequest);
    await withinMs(promise, STOP_MS_MAX);
    await ending.terminate();
  }

  return {
    /** Has no effect without destinations. */
    start(): void {
      if (destinations.length > 0) start();
    },

    /** Ends the thread, which lets what is under way be answered for a moment. It may be started again. */
    stop(): Promise<void> {
      if (pause !== null) clearTimeout(pause);
      pause = null;
      if (worker !== null) stopped = end(worker);
      worker = null;
      return stopped;
    },

    /** How each destination stands; empty before the first second. */
    figures: (): ForwardFigures => figures,
  };
}
