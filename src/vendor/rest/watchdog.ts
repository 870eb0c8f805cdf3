import { RestError, faultOfConnection } from "./fault.ts";
import type { RestPace } from "./pace.ts";

/** Ends one try that takes too long, or gets no byte for too long, or is stopped by the caller. */
export type Watchdog = {
  signal: AbortSignal;
  /** A byte has come. */
  isAlive: () => void;
  /** Why the try failed, from what it failed with. */
  faultOf: (error: unknown) => RestError;
  /** The try is over: what is still open is closed. */
  end: () => void;
};

/** Watches over one try, from now on. */
export function startWatchdog(pace: RestPace, msMax: number, caller: AbortSignal | undefined): Watchdog {
  const controller = new AbortController();
  let reason: RestError | null = null;
  const stop = (why: RestError) => {
    reason ??= why;
    controller.abort(why);
  };
  const slow = () => stop(new RestError({ kind: "unavailable", reason: "too slow" }));
  const cancel = () => stop(new RestError({ kind: "cancelled" }));
  const total = setTimeout(slow, msMax);
  let stall = setTimeout(slow, pace.stallMsMax);
  caller?.addEventListener("abort", cancel, { once: true });

  return {
    signal: controller.signal,
    isAlive: () => {
      clearTimeout(stall);
      stall = setTimeout(slow, pace.stallMsMax);
    },
    faultOf: (error) => reason ?? (error instanceof RestError ? error : faultOfConnection(error)),
    end: () => {
      clearTimeout(total);
      clearTimeout(stall);
      caller?.removeEventListener("abort", cancel);
      controller.abort();
    },
  };
}
