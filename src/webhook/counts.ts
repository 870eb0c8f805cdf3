import type { Clock } from "../platform/clock.ts";
import type { Outcome, RefusalCode } from "./outcome.ts";

/** What became of deliveries since the start. */
export type DeliveryCounts = {
  stored: number;
  /** Of those stored or quarantined: the body was stored before. */
  duplicates: number;
  quarantined: number;
  erased: number;
  refused: number;
  failed: number;
  lastFailedAtMs: number | null;
  refusals: ReadonlyMap<RefusalCode, { count: number; lastAtMs: number }>;
};

/** Counts what becomes of deliveries. */
export function createDeliveryCounts(clock: Clock): {
  observe: (outcome: Outcome | "failed") => void;
  read: () => DeliveryCounts;
} {
  const counts = { stored: 0, duplicates: 0, quarantined: 0, erased: 0, refused: 0, failed: 0 };
  const refusals = new Map<RefusalCode, { count: number; lastAtMs: number }>();
  let lastFailedAtMs: number | null = null;

  return {
    observe(outcome): void {
      if (outcome === "failed") {
        counts.failed += 1;
        lastFailedAtMs = clock.nowMs();
        return;
      }
      counts[outcome.kind] += 1;
      if ("isDuplicate" in outcome && outcome.isDuplicate) counts.duplicates += 1;
      if (outcome.kind !== "refused") return;
      const count = (refusals.get(outcome.code)?.count ?? 0) + 1;
      refusals.set(outcome.code, { count, lastAtMs: clock.nowMs() });
    },

    read: () => ({ ...counts, lastFailedAtMs, refusals }),
  };
}
