import { useSignalEffect, untracked } from "@preact/signals";
import { arrivals } from "./live.ts";

/** Does something when new events were seen, and not when what it reads itself changes. */
export function useArrivals(look: () => void): void {
  useSignalEffect(() => {
    if (arrivals.value > 0) untracked(look);
  });
}
