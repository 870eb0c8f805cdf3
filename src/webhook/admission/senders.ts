import { senderOf } from "../../platform/address.ts";
import type { AddressList } from "../../platform/address.ts";
import type { Clock } from "../../platform/clock.ts";
import { vendorAddresses } from "../../vendor/addresses.ts";

const PROVEN_MS = 24 * 60 * 60_000;
const PROVEN_MAX = 1024;

/** The sender of deliveries whose address is not known: what it has signed proves nothing about the next one. */
const UNKNOWN = "";

/** How good a sender's claim to something scarce is: proven senders come first, then those that hold least of it. */
export type Claim = { isProven: boolean; amount: number };

/** True if what is scarce is better given to the first than left with the second. */
export function outranks(first: Claim, second: Claim): boolean {
  return first.isProven === second.isProven ? first.amount < second.amount : first.isProven;
}

/**
 * Tells senders apart, and remembers which of them are proven: the last 1,024 that sent a valid signature within the last
 * 24 hours, and always the addresses that ElevenLabs publishes.
 */
export function createSenders({ trustedProxies, clock }: { trustedProxies: AddressList; clock: Clock }) {
  const published = new Set(vendorAddresses);
  /** In the order of their last signature. */
  const provenUntilMs = new Map<string, number>();

  return {
    /** The sender behind an address. */
    of: (address: string | null): string =>
      address === null || trustedProxies.has(address) ? UNKNOWN : senderOf(address),

    isProven: (sender: string): boolean =>
      published.has(sender) || (provenUntilMs.get(sender) ?? -Infinity) > clock.monotonicMs(),

    /** Notes a valid signature. */
    prove(sender: string): void {
      if (sender === UNKNOWN || published.has(sender)) return;
      provenUntilMs.delete(sender);
      provenUntilMs.set(sender, clock.monotonicMs() + PROVEN_MS);
      if (provenUntilMs.size <= PROVEN_MAX) return;
      for (const oldest of provenUntilMs.keys()) {
        provenUntilMs.delete(oldest);
        return;
      }
    },
  };
}
