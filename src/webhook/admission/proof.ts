import type { Clock } from "../../platform/clock.ts";
import { vendorAddresses } from "../../vendor/addresses.ts";

const PROVEN_MS = 24 * 60 * 60_000;
const PROVEN_MAX = 1024;

/** The sender of deliveries whose address is not known: what it has signed proves nothing about the next one. */
export const UNKNOWN_SENDER = "";

/**
 * Remembers which senders are known to be good: who sent a valid signature within the last 24 hours, of these the last
 * 1,024, and always the addresses that ElevenLabs publishes.
 */
export function createProof({ clock }: { clock: Clock }) {
  const published = new Set(vendorAddresses);
  /** In the order of their last signature. */
  const provenUntilMs = new Map<string, number>();

  return {
    has: (sender: string): boolean =>
      published.has(sender) || (provenUntilMs.get(sender) ?? -Infinity) > clock.monotonicMs(),

    /** Notes a valid signature. */
    add(sender: string): void {
      if (sender === UNKNOWN_SENDER || published.has(sender)) return;
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
