import { timingSafeEqual } from "node:crypto";
import type { AddressList } from "../../platform/address.ts";
import type { Clock } from "../../platform/clock.ts";
import { createAttempts } from "./attempts.ts";
import { PROVEN_IDLE_SECONDS } from "../connections.ts";
import type { Connections, ConnectionServer } from "../connections.ts";
import { errorResponse } from "../errors.ts";

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
