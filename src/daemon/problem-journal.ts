import type { Clock } from "../platform/clock.ts";
import type { Log } from "../platform/log.ts";
import type { Problem } from "../problems/problem.ts";

const LOOK_EVERY_MS = 60 * 60_000;
const REPEAT_AFTER_MS = 24 * 60 * 60_000;

/**
 * Makes what logs each problem once a day: not everybody has Prometheus, and nobody looks at a page that is empty most of
 * the time.
 */
export function createProblemJournal({ clock, log }: { clock: Clock; log: Log }) {
  const loggedAtMs = new Map<string, number>();

  return {
    note(problems: readonly Problem[]): void {
      const nowMs = clock.monotonicMs();
      for (const [key, atMs] of loggedAtMs) if (nowMs - atMs >= REPEAT_AFTER_MS) loggedAtMs.delete(key);
      for (const { problem, what, remedy } of problems) {
        // What is wrong has figures in it that change; the remedy tells two of one kind apart.
        const key = `${problem} ${remedy}`;
        if (problem === "shutting_down" || loggedAtMs.has(key)) continue;
        loggedAtMs.set(key, nowMs);
        log.warning(`${what}. ${remedy}`, { problem });
      }
    },
  };
}

/** Looks for problems every hour, and logs each once a day. Returns what ends it. */
export function startProblemJournal(options: {
  problems: () => Promise<readonly Problem[]>;
  clock: Clock;
  log: Log;
}): () => void {
  const journal = createProblemJournal(options);
  const look = async () => journal.note(await options.problems());
  // What can't be asked for is a problem of its own, which is logged where it arises.
  const timer = setInterval(() => void look().catch(() => undefined), LOOK_EVERY_MS);
  timer.unref();
  return () => clearInterval(timer);
}
