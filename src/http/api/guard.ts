import { timingSafeEqual } from "node:crypto";
import { senderOf } from "../../platform/address.ts";
import type { AddressList } from "../../platform/address.ts";
import type { Clock } from "../../platform/clock.ts";
import { PROVEN_IDLE_SECONDS } from "../connections.ts";
import type { Connections, ConnectionServer } from "../connections.ts";
import { errorResponse } from "../errors.ts";

/** Wrong tokens from one sender in a window, before it is told to wait. */
const ATTEMPTS_MAX = 20;
const WINDOW_MS = 60_000;
/** Of more, the one that has been known for longest is forgotten. */
const SENDERS_MAX = 1_024;

/** Returns the answer to a request that may not pass; null if it may. */
export type ApiGuard = (request: Request, server: ConnectionServer) => Response | null;

/**
 * Stands in front of every route of the API: without a configured token there is none (404), and a request has to come
 * from one of the sources and show a token as `Authorization: Bearer TOKEN` (RFC 6750).
 *
 * @param tokens several during a rotation
 */
export function createApiGuard(options: {
  tokens: readonly string[];
  sources: AddressList;
  connections: Connections;
  clock: Clock;
}): ApiGuard {
  const { sources, connections, clock } = options;
  const digests = options.tokens.map(digestOf);
  const wrongTokens = createAttempts(clock);

  return (request, server) => {
    if (digests.length === 0) return errorResponse("api_off");
    const client = connections.clientOf(request, server);
    if (!sources.has(client)) return errorResponse("source_not_allowed");
    const [, token] = /^bearer +(\S+)$/i.exec(request.headers.get("authorization") ?? "") ?? [];
    if (token === undefined) return errorResponse("token_invalid");
    const given = digestOf(token);
    // All are compared, each in constant time: how long it takes tells nothing about any token.
    const matches = digests.filter((digest) => timingSafeEqual(digest, given));
    if (matches.length > 0) {
      // Answers may take longer than a connection may be quiet: anyone who has shown the token gets each of them.
      server?.timeout(request, PROVEN_IDLE_SECONDS);
      return null;
    }
    const seconds = wrongTokens.secondsToWait(client);
    if (seconds === null) return errorResponse("token_invalid");
    return errorResponse("too_many_attempts", { headers: { "retry-after": String(seconds) } });
  };
}

function digestOf(token: string): Buffer {
  return new Bun.CryptoHasher("sha256").update(token).digest();
}

/** Counts wrong tokens by sender. It only slows down guessing: a right token is never asked for here. */
export function createAttempts(clock: Clock) {
  const windows = new Map<string, { count: number; endMs: number }>();

  return {
    /** Counts one. @returns how many seconds the sender should wait; null while it may try again at once */
    secondsToWait(address: string | null): number | null {
      const sender = address === null ? "" : senderOf(address);
      const nowMs = clock.monotonicMs();
      const known = windows.get(sender);
      if (known !== undefined && known.endMs > nowMs) {
        known.count += 1;
        return known.count > ATTEMPTS_MAX ? Math.ceil((known.endMs - nowMs) / 1000) : null;
      }
      windows.delete(sender);
      const [oldest] = windows.keys();
      if (windows.size >= SENDERS_MAX && oldest !== undefined) windows.delete(oldest);
      windows.set(sender, { count: 1, endMs: nowMs + WINDOW_MS });
      return null;
    },

    senderCount: () => windows.size,
  };
}
