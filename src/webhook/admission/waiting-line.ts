import { outranks } from "./senders.ts";
import type { Claim } from "./senders.ts";

const WAITING_MAX = 256;
const WAIT_MS_MAX = 5_000;

/** How a wait ends. */
type WaitEnd = "slot" | "overloaded" | "shutting_down";

type Waiter = {
  sender: string;
  timer: ReturnType<typeof setTimeout>;
  resolve: (end: WaitEnd) => void;
};

/**
 * Deliveries that wait for a slot: at most 256, each for at most 5 s. A slot goes to one of the sender with the best
 * claim, and of its deliveries to the one that waits longest.
 *
 * Each wait ends in a turn of the event loop of its own: the runtime nests the answers of one turn if their requests'
 * bodies are incomplete, and dies of some 2,000 (test/integration/answers-at-once.test.ts).
 *
 * @param claimOf what a sender holds, without those of its deliveries that wait here
 */
export function createWaitingLine({ claimOf }: { claimOf: (sender: string) => Claim }) {
  const waiters = new Set<Waiter>();
  const countOf = new Map<string, number>();

  function end(waiter: Waiter, why: WaitEnd): void {
    waiters.delete(waiter);
    clearTimeout(waiter.timer);
    const count = (countOf.get(waiter.sender) ?? 0) - 1;
    if (count === 0) countOf.delete(waiter.sender);
    else countOf.set(waiter.sender, count);
    setImmediate(waiter.resolve, why);
  }

  /** What a sender has, and waits for. */
  function wholeClaimOf(sender: string): Claim {
    const claim = claimOf(sender);
    return { ...claim, amount: claim.amount + (countOf.get(sender) ?? 0) };
  }

  /** The first delivery of each sender that waits, in the order of their arrival. */
  function firstOfEach(): Waiter[] {
    const firsts = new Map<string, Waiter>();
    for (const waiter of waiters) {
      if (!firsts.has(waiter.sender)) firsts.set(waiter.sender, waiter);
      if (firsts.size === countOf.size) break;
    }
    return [...firsts.values()];
  }

  function best(): Waiter | null {
    let found: { waiter: Waiter; claim: Claim } | null = null;
    for (const waiter of firstOfEach()) {
      const claim = claimOf(waiter.sender);
      if (found === null || outranks(claim, found.claim)) found = { waiter, claim };
    }
    return found?.waiter ?? null;
  }

  /** The last delivery of the sender with the worst claim, if that one is worse than the given one. */
  function lastBehind(claim: Claim): Waiter | null {
    let worst: { sender: string; claim: Claim } = { sender: "", claim };
    for (const sender of countOf.keys()) {
      const other = wholeClaimOf(sender);
      if (outranks(worst.claim, other)) worst = { sender, claim: other };
    }
    if (worst.claim === claim) return null;
    return [...waiters].findLast((waiter) => waiter.sender === worst.sender) ?? null;
  }

  return {
    wholeClaimOf,

    size: () => waiters.size,

    /** The best claim among those who wait; null if nobody does. */
    bestClaim(): Claim | null {
      const waiter = best();
      return waiter === null ? null : claimOf(waiter.sender);
    },

    /** Waits for a slot. If the line is full, the last one of the sender with the worst claim is refused. */
    wait(sender: string): Promise<WaitEnd> | "overloaded" {
      if (waiters.size >= WAITING_MAX) {
        const claim = wholeClaimOf(sender);
        const last = lastBehind({ ...claim, amount: claim.amount + 1 });
        if (last === null) return "overloaded";
        end(last, "overloaded");
      }
      const { promise, resolve } = Promise.withResolvers<WaitEnd>();
      const timer = setTimeout(() => end(waiter, "overloaded"), WAIT_MS_MAX);
      const waiter: Waiter = { sender, timer, resolve };
      waiters.add(waiter);
      countOf.set(sender, (countOf.get(sender) ?? 0) + 1);
      return promise;
    },

    /** Gives a slot to a delivery that waits; returns false if there is none. */
    giveSlot(): boolean {
      const waiter = best();
      if (waiter === null) return false;
      end(waiter, "slot");
      return true;
    },

    /** Refuses everybody. */
    close(): void {
      for (const waiter of waiters) end(waiter, "shutting_down");
    },
  };
}
