import type { Clock } from "../platform/clock.ts";
import type { Outcome } from "./outcome.ts";
import type { Receive } from "./receive.ts";

/** Receives delivery outcomes for the metrics. Called for every one: it must cost next to nothing, and never throw. */
export type DeliveryObserver = {
  /** A delivery was signed with the secret of this place in the configuration, from 0. */
  verified: (secretIndex: number) => void;
  /** @param outcome "failed" where it could not be stored */
  ended: (outcome: Outcome | "failed", seconds: number) => void;
};

/** Has an observer told what becomes of each delivery, and how long that took. */
export function observeDeliveries(
  receive: Receive,
  options: { observer: DeliveryObserver; clock: Clock },
): Receive {
  const { observer, clock } = options;

  return async (delivery) => {
    const startedMs = clock.monotonicMs();
    let outcome: Outcome | "failed" = "failed";
    try {
      outcome = await receive(delivery);
      return outcome;
    } finally {
      observer.ended(outcome, (clock.monotonicMs() - startedMs) / 1000);
    }
  };
}
