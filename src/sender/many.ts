import type { Clock } from "../platform/clock.ts";
import { deliver } from "./deliver.ts";
import type { DeliverOptions, NextBody } from "./deliver.ts";
import { judge } from "./expectation.ts";
import type { Expectation } from "./expectation.ts";

/** What came of many events. */
export type Summary = {
  count: number;
  concurrency: number;
  durationMs: number;
  /** Number of answers by status, and of requests without one. */
  statuses: Record<string, number>;
  unexpected: number;
  /** The first thing that was not as expected; null if all was. */
  problem: string | null;
  latencyMs: { min: number; median: number; p95: number; p99: number; max: number };
};

/** Sends many events, a given number at a time, and sums up their outcomes. */
export async function deliverMany(
  nextBody: NextBody,
  options: DeliverOptions & {
    count: number;
    concurrency: number;
    expectation: Expectation;
    onProgress: (done: number) => void;
  },
): Promise<Summary> {
  const { count, concurrency, expectation, onProgress, clock } = options;
  const startedMs = clock.monotonicMs();
  const latencies: number[] = [];
  const statuses: Record<string, number> = {};
  let started = 0;
  let unexpected = 0;
  let firstProblem: string | null = null;

  const work = async (): Promise<void> => {
    while (started < count) {
      started += 1;
      const answer = await deliver(nextBody(), options);
      const judgement = judge(answer, expectation);
      const status = answer.kind === "answered" ? String(answer.status) : "unanswered";
      statuses[status] = (statuses[status] ?? 0) + 1;
      latencies.push(answer.durationMs);
      if (!judgement.isExpected) {
        unexpected += 1;
        firstProblem ??= judgement.problem;
      }
      onProgress(latencies.length);
    }
  };
  await Promise.all(Array.from({ length: concurrency }, work));
  return {
    count,
    concurrency,
    durationMs: elapsed(clock, startedMs),
    statuses,
    unexpected,
    problem: firstProblem,
    latencyMs: percentiles(latencies),
  };
}

/** @param values at least one */
export function percentiles(values: readonly number[]): Summary["latencyMs"] {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (part: number) => sorted[Math.max(0, Math.ceil(sorted.length * part) - 1)] ?? 0;
  return { min: at(0), median: at(0.5), p95: at(0.95), p99: at(0.99), max: at(1) };
}

function elapsed(clock: Clock, sinceMs: number): number {
  return clock.monotonicMs() - sinceMs;
}
