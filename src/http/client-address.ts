import { canonicalAddress } from "../platform/address.ts";
import type { AddressList } from "../platform/address.ts";

/**
 * Where a request comes from. Every proxy appends to `X-Forwarded-For` the address that it was called from, so that the
 * header is to be read from its end, and only as far as those who wrote it are trusted: what stands further left was
 * written by the client, or could have been.
 *
 * @param peer at the other end of our connection; null if it is not known
 * @param forwardedFor the header, its lines joined by commas in the order in which they came
 * @returns the last address that is not a trusted proxy's; null if a trusted proxy says something else than an address
 */
export function clientAddress(options: {
  peer: string | null;
  forwardedFor: string | null;
  trustedProxies: AddressList;
}): string | null {
  const { peer, forwardedFor, trustedProxies } = options;
  let client = peer === null ? null : canonicalAddress(peer);
  if (forwardedFor === null) return client;
  const hops = forwardedFor
    .split(",")
    .map((hop) => hop.trim())
    .filter((hop) => hop !== "");
  for (const hop of hops.toReversed()) {
    if (!trustedProxies.has(client)) return client;
    client = hopAddress(hop);
  }
  return client;
}

/** Some proxies write a port behind the address, and then IPv6 in brackets. */
function hopAddress(hop: string): string | null {
  const [, bracketed] = /^\[([^\]]+)\](?::\d{1,5})?$/.exec(hop) ?? [];
  const [, beforePort] = /^([\d.]+):\d{1,5}$/.exec(hop) ?? [];
  return canonicalAddress(bracketed ?? beforePort ?? hop);
}
