import type { AddressList } from "../platform/address.ts";
import { clientAddress } from "./client-address.ts";

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

    /** How long the connection of a request may wait for the next one. */
    idleSeconds: (request: Request, server: ConnectionServer): number =>
      isProxy(request, server) ? PROVEN_IDLE_SECONDS : IDLE_SECONDS,

    /** Keeps the connection of a proxy, whatever the request: what it sends there next may be a delivery. */
    keepProxy(request: Request, server: ConnectionServer): void {
      if (isProxy(request, server)) server?.timeout(request, PROVEN_IDLE_SECONDS);
    },
  };
}
