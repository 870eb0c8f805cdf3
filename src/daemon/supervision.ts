import type { Log } from "../platform/log.ts";
import { openNotify } from "../platform/systemd.ts";
import type { Notify } from "../platform/systemd.ts";

const REPORT_MS = 10_000;
/** The watchdog is fed more often than required, so that one slow turn of the event loop does no harm. */
const FEEDS_PER_WATCH = 3;

/** Receives even if the manager can't be reached, which may then count the start as failed. */
export async function openManager(socketName: string | undefined, log: Log): Promise<Notify> {
  try {
    return await openNotify(socketName);
  } catch (error) {
    log.warning(`The service manager can't be told of anything by NOTIFY_SOCKET: ${String(error)}`);
    return () => {};
  }
}

export type Supervision = {
  /** Deliveries are being finished: the manager waits for as long as this goes on. */
  stopping: () => void;
  end: () => void;
};

/**
 * Tells the service manager that the receiver is ready, what state it is in, and that it still works.
 *
 * It counts as working while the event loop turns and waiting events get stored. A full or failing disk
 * stops neither, and is for people to fix: a restart would only turn away more deliveries.
 */
export function superviseUnder(options: {
  notify: Notify;
  /** null: nobody watches */
  watchdogMs: number | null;
  url: string;
  /** False: there is no secret yet that ElevenLabs could sign with. */
  isConnected: boolean;
  /** Why ElevenLabs does not call, as far as it says; null if it does. */
  whyNotCalled: () => string | null;
  progress: () => { waitingCount: number; groupCount: number; storedCount: number };
  healthProblem: () => string | null;
}): Supervision {
  const { notify, watchdogMs, url, isConnected, whyNotCalled, progress, healthProblem } = options;
  const everyMs = Math.min(REPORT_MS, (watchdogMs ?? Number.POSITIVE_INFINITY) / FEEDS_PER_WATCH);
  const extendUsec = Math.round(everyMs * FEEDS_PER_WATCH * 1000);
  let lastStatus = "";
  let last = progress();
  let isStopping = false;

  function report(more: readonly string[]): void {
    const lines = [...more];
    const now = progress();
    const isStuck = last.waitingCount > 0 && now.waitingCount > 0 && now.groupCount === last.groupCount;
    last = now;
    if (watchdogMs !== null && !isStuck) lines.push("WATCHDOG=1");
    if (isStopping) lines.push(`EXTEND_TIMEOUT_USEC=${extendUsec}`);
    const status = `${stateText()}; ${now.storedCount} events stored since the start`;
    if (status !== lastStatus) lines.push(`STATUS=${status}`);
    lastStatus = status;
    if (lines.length > 0) notify(lines.join("\n"));
  }

  function stateText(): string {
    if (isStopping) return "Stopping: finishing what is in flight";
    const problem = healthProblem();
    if (problem !== null) return `NOT RECEIVING on ${url}: ${problem}`;
    if (!isConnected) return `Listening on ${url}, not connected: run connect`;
    const why = whyNotCalled();
    return `Receiving on ${url}${why === null ? "" : `; ${why}`}`;
  }

  report(["READY=1"]);
  const timer = setInterval(() => report([]), everyMs);
  return {
    stopping() {
      isStopping = true;
      report(["STOPPING=1"]);
    },
    end: () => clearInterval(timer),
  };
}
