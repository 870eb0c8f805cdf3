import type { AnswerOf } from "./api.ts";

const DAY_MS = 86_400_000;

export type DayCount = AnswerOf<"/stats">["calls"][number];

/** What calls add up to. */
export type Sum = { calls: number; minutes: number; costUsd: number; succeeded: number; failed: number };

export const noCalls: Sum = { calls: 0, minutes: 0, costUsd: 0, succeeded: 0, failed: 0 };

export function sumOf(counts: readonly DayCount[]): Sum {
  return counts.reduce<Sum>(
    (sum, { calls, minutes, cost_usd: costUsd, succeeded, failed }) => ({
      calls: sum.calls + calls,
      minutes: sum.minutes + minutes,
      costUsd: sum.costUsd + costUsd,
      succeeded: sum.succeeded + succeeded,
      failed: sum.failed + failed,
    }),
    noCalls,
  );
}

/** The share of those with a verdict that succeeded; null if none has one. */
export function successOf({ succeeded, failed }: Sum): number | null {
  return succeeded + failed === 0 ? null : succeeded / (succeeded + failed);
}

/** The days of a span that ends today, in UTC as the numbers are. */
export function lastDays(count: number): string[] {
  return Array.from({ length: count }, (_, index) => dayBefore(count - 1 - index));
}

/** The day that lies so many days back, in UTC. */
export function dayBefore(days: number): string {
  return new Date(Date.now() - days * DAY_MS).toISOString().slice(0, 10);
}
