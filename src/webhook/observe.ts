import type { Clock } from "../platform/clock.ts";
import type { Outcome } from "./outcome.ts";
import type { Receive } from "./receive.ts";

/** Receives delivery outcomes for the metrics. Called for every one: it must cost next to nothing, and never throw. */
export type DeliveryObserver = {
  /** A delivery was signed with the secret of this position in the configuration, from 0. */
  verified: (secretIndex: number) => void;
  /** @param outcome "failed" if it could not be stored */
  ended: (outcome: Outcome | "failed", seconds: number) => void;
};

/** Tells an observer the outcome of each delivery, and how long it took. */
export function observeDeliveries(
  receive: Receive,
  options: { observer: Pick<DeliveryObserver, "ended">; clock: Clock },
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
