import { canonicalAddress } from "../platform/address.ts";
import type { AddressList } from "../platform/address.ts";

/**
 * A connection is closed after this time (seen: 4 to 8 s) without a request, after an answer whose body still trickles
 * in, and with the next request's headers incomplete. For its first request the runtime has a time of its own, 8 to
 * 13 s. The proxies in scripts/deploy drop idle connections before either.
 */
export const IDLE_SECONDS = 8;

/**
 * Who has sent a signed delivery, or is a proxy of ours, may keep the connection longer than proxies do (nginx 60 s,
 * Caddy 120 s): if we hang up first, the next delivery may be on its way already, and is lost.
 */
export const PROVEN_IDLE_SECONDS = 130;

/** The part of the runtime's server that knows connections; null if a request came without one, as in tests. */
export type ConnectionServer = {
  requestIP: (request: Request) => { address: string } | null;
  timeout: (request: Request, seconds: number) => void;
} | null;

export type Connections = ReturnType<typeof createConnections>;

/** Who is at the other end of a request's connection, and how long that connection is kept. */
export function createConnections(trustedProxies: AddressList) {
  const peerOf = (request: Request, server: ConnectionServer) => server?.requestIP(request)?.address ?? null;
  const isProxy = (request: Request, server: ConnectionServer) => trustedProxies.has(peerOf(request, server));

  return {
    /** Where a request comes from, as far as the proxies in between are trusted; null if it is not known. */
    clientOf(request: Request, server: ConnectionServer): string | null {
      const forwardedFor = request.headers.get("x-forwarded-for");
      return clientAddress({ peer: peerOf(request, server), forwardedFor, trustedProxies });
    },

    /** The host that a request was made to, as the last proxy that is trusted was asked; null if it is not known. */
    hostOf(request: Request, server: ConnectionServer): string | null {
      const { headers } = request;
      const forwarded = isProxy(request, server) ? headers.get("x-forwarded-host") : null;
      // Each proxy appends its own.
      return forwarded?.split(",").at(-1)?.trim() ?? headers.get("host");
    },

    /** How long the connection of a request may wait for the next one. */
    idleSeconds: (request: Request, server: ConnectionServer): number =>
      isProxy(request, server) ? PROVEN_IDLE_SECONDS : IDLE_SECONDS,

    /** Keeps the connection of a proxy, whatever the request: what it sends there next may be a delivery. */
    keepProxy(request: Request, server: ConnectionServer): void {
      if (isProxy(request, server)) server?.timeout(request, PROVEN_IDLE_SECONDS);
    },
  };
}

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
