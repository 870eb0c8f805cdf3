import { RestError } from "./fault.ts";
import type { RestPace } from "./pace.ts";

export type RepeatRules = { method: string; pace: RestPace; signal: AbortSignal | undefined };

/** Does something until it succeeds, or fails for good, or has been tried often enough. @throws RestError of the last try */
export async function repeat<T>(work: () => Promise<T>, rules: RepeatRules): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      if (rules.signal?.aborted === true) throw new RestError({ kind: "cancelled" });
      return await work();
    } catch (error) {
      const waitMs = error instanceof RestError ? waitBeforeNext(error, tries, rules) : null;
      if (waitMs === null) throw error;
      await sleep(waitMs, rules.signal);
    }
  }
}

/** null: there is no next try. */
function waitBeforeNext(
  { fault, retryAfterMs }: RestError,
  tries: number,
  rules: RepeatRules,
): number | null {
  const { pace, method } = rules;
  const { kind } = fault;
  if (tries >= pace.triesMax) return null;
  // What a POST makes, it would make twice. A 429 has made nothing.
  const isRepeatable = kind === "rate_limited" || (kind === "unavailable" && method !== "POST");
  if (!isRepeatable || (retryAfterMs ?? 0) > pace.retryAfterMsMax) return null;
  // Fully random, so that many receivers that were cut off together do not come back together.
  const jitterMs = Math.random() * Math.min(pace.backoffMsMax, pace.backoffMs * 2 ** (tries - 1));
  return Math.max(jitterMs, retryAfterMs ?? 0);
}

/** Waits, no longer than until the caller stops it. */
async function sleep(ms: number, signal: AbortSignal | undefined): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const wake = () => resolve();
  const timer = setTimeout(wake, ms);
  signal?.addEventListener("abort", wake, { once: true });
  if (signal?.aborted === true) wake();
  await promise;
  clearTimeout(timer);
  signal?.removeEventListener("abort", wake);
}
