import { recentRate, startArrival } from "./recent-rate.ts";
import type { Arrival } from "./recent-rate.ts";

export type Storage = "memory" | "disk";

/** What bodies of unknown origin share. */
export type Resource = "places" | Storage;

/** What one body of unknown origin takes. */
export type Holding = {
  readonly sender: string;
  readonly startedMs: number;
  readonly arrival: Arrival;
  /** Of memory or disk, announced or received. */
  byteCount: number;
  storage: Storage;
  /** Ends its intake. */
  readonly drop: () => void;
};

/** How well a sender stands if something runs short: who has proof comes first, then who has least of it. */
export type Claim = { isProven: boolean; amount: number };

/** True if what is short is better given to the first than left with the second. */
export function outranks(first: Claim, second: Claim): boolean {
  return first.isProven === second.isProven ? first.amount < second.amount : first.isProven;
}

type Held = Record<Resource, number>;
type Sender = { held: Held; holdings: Set<Holding> };

const nothing = (): Held => ({ places: 0, memory: 0, disk: 0 });

export type Holdings = ReturnType<typeof createHoldings>;

/**
 * Knows what each sender takes of what all share, and says whose body goes first if something runs short: that of a
 * sender without proof before that of a proven one, then of the sender that takes most of what is short, then the slowest.
 */
export function createHoldings(options: { isProven: (sender: string) => boolean }) {
  const { isProven } = options;
  const senders = new Map<string, Sender>();
  const total = nothing();

  function change(sender: Sender, resource: Resource, by: number): void {
    sender.held[resource] += by;
    total[resource] += by;
  }

  const claimOf = (sender: string, resource: Resource): Claim => ({
    isProven: isProven(sender),
    amount: senders.get(sender)?.held[resource] ?? 0,
  });

  /** The sender with the worst claim. */
  function worst(resource: Resource): Sender | null {
    let found: { sender: Sender; claim: Claim } | null = null;
    for (const [name, sender] of senders) {
      if (sender.held[resource] === 0) continue;
      const claim = claimOf(name, resource);
      if (found === null || outranks(found.claim, claim)) found = { sender, claim };
    }
    return found?.sender ?? null;
  }

  return {
    total: (resource: Resource): number => total[resource],

    claimOf,

    add(name: string, nowMs: number, drop: () => void): Holding {
      const sender = senders.get(name) ?? { held: nothing(), holdings: new Set<Holding>() };
      senders.set(name, sender);
      const holding: Holding = {
        sender: name,
        startedMs: nowMs,
        arrival: startArrival(nowMs),
        byteCount: 0,
        storage: "memory",
        drop,
      };
      sender.holdings.add(holding);
      change(sender, "places", 1);
      return holding;
    },

    /** Returns false if it was removed before. */
    count(holding: Holding, byteCount: number, storage: Storage): boolean {
      const sender = senders.get(holding.sender);
      if (sender?.holdings.has(holding) !== true) return false;
      change(sender, holding.storage, -holding.byteCount);
      change(sender, storage, byteCount);
      holding.byteCount = byteCount;
      holding.storage = storage;
      return true;
    },

    /** Returns false if it was removed before. */
    remove(holding: Holding): boolean {
      const sender = senders.get(holding.sender);
      if (sender?.holdings.delete(holding) !== true) return false;
      change(sender, holding.storage, -holding.byteCount);
      change(sender, "places", -1);
      if (sender.holdings.size === 0) senders.delete(holding.sender);
      return true;
    },

    /** The body that goes first if this runs short; null if nobody takes any of it. */
    first(resource: Resource, nowMs: number): Holding | null {
      let first: { holding: Holding; rate: number } | null = null;
      // In the order in which they came: of two that are equally slow the older one goes.
      for (const holding of worst(resource)?.holdings ?? []) {
        if (resource !== "places" && (holding.storage !== resource || holding.byteCount === 0)) continue;
        const rate = recentRate(holding.arrival, nowMs);
        if (first === null || rate < first.rate) first = { holding, rate };
      }
      return first?.holding ?? null;
    },
  };
}
