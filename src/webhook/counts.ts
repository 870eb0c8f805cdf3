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
  refusals: ReadonlyMap<RefusalCode, number>;
};

/** Counts what becomes of deliveries. */
export function createDeliveryCounts(): {
  observe: (outcome: Outcome | "failed") => void;
  read: () => DeliveryCounts;
} {
  const counts = { stored: 0, duplicates: 0, quarantined: 0, erased: 0, refused: 0, failed: 0 };
  const refusals = new Map<RefusalCode, number>();

  return {
    observe(outcome: Outcome | "failed"): void {
      if (outcome === "failed") {
        counts.failed += 1;
        return;
      }
      counts[outcome.kind] += 1;
      if ("isDuplicate" in outcome && outcome.isDuplicate) counts.duplicates += 1;
      if (outcome.kind === "refused") refusals.set(outcome.code, (refusals.get(outcome.code) ?? 0) + 1);
    },

    read: () => ({ ...counts, refusals }),
  };
}
