import { timingSafeEqual } from "node:crypto";
import type { AddressList } from "../../platform/address.ts";
import type { Clock } from "../../platform/clock.ts";
import type { Log } from "../../platform/log.ts";
import { PROVEN_IDLE_SECONDS } from "../connections.ts";
import type { Connections, ConnectionServer } from "../connections.ts";
import { errorResponse } from "../errors.ts";
import { createAttemptLog } from "../session/attempt-log.ts";
import { createAttempts } from "../session/attempts.ts";
import { cookieOf, readSession, sessionKey } from "../session/cookie.ts";
import type { Session, SessionKey } from "../session/cookie.ts";
import { isForeign, isSameOrigin } from "../session/same-origin.ts";

const SAFE_METHODS = new Set(["GET", "HEAD"]);

/** Returns the answer to a request that may not pass; null if it may. */
export type ApiGuard = (request: Request, server: ConnectionServer) => Response | null;

/** Who may use the API: who shows the token with each request, or has shown it for a session. */
export type ApiEntry = {
  /** Stands in front of every route of the API. */
  guard: ApiGuard;
  /** Stands in front of the routes that begin and end a session: whether there is an API for that sender at all. */
  doorkeeper: ApiGuard;
  /** Whether a request was made by a page of ours. */
  isOwnPage: (request: Request, server: ConnectionServer) => boolean;
  /** What the sessions of a token are signed with, or the answer to a wrong one. */
  keyOf: (token: string, request: Request, server: ConnectionServer) => SessionKey | Response;
  /** The session of a request; null if it has none. */
  sessionOf: (request: Request) => Session | null;
};

/**
 * Decides who may use the API: without a configured token there is none (404), and a request has to come from one of the
 * sources and show a token as `Authorization: Bearer TOKEN` (RFC 6750), or the cookie of a session. By cookie, what
 * changes something has to come from a page of ours.
 *
 * @param tokens several during a rotation
 */
export function createApiEntry(options: {
  tokens: readonly string[];
  sources: AddressList;
  publicUrl: string | null;
  connections: Connections;
  clock: Clock;
  log: Log;
}): ApiEntry {
  const { sources, publicUrl, connections, clock } = options;
  const known = options.tokens.map((token) => ({ digest: digestOf(token), key: sessionKey(token) }));
  const keys = known.map(({ key }) => key);
  const wrongTokens = createAttempts(clock);
  const logWrongToken = createAttemptLog(options.log);

  const doorkeeper: ApiGuard = (request, server) => {
    if (known.length === 0) return errorResponse("api_off");
    return sources.has(connections.clientOf(request, server)) ? null : errorResponse("source_not_allowed");
  };

  const keyOf: ApiEntry["keyOf"] = (token, request, server) => {
    const given = digestOf(token);
    // All are compared, each in constant time: how long it takes tells nothing about any token.
    const matches = known.filter(({ digest }) => timingSafeEqual(digest, given));
    const key = matches.at(-1)?.key;
    if (key !== undefined) return key;
    const client = connections.clientOf(request, server);
    logWrongToken(client);
    const seconds = wrongTokens.secondsToWait(client);
    if (seconds === null) return errorResponse("token_invalid");
    return errorResponse("too_many_attempts", { headers: { "retry-after": String(seconds) } });
  };

  const sessionOf = ({ headers }: Request): Session | null => {
    const cookie = cookieOf(headers.get("cookie"));
    return cookie === null ? null : readSession(cookie, keys, clock.nowMs());
  };

  const isOwnPage: ApiEntry["isOwnPage"] = (request, server) => {
    const { headers } = request;
    const host = connections.hostOf(request, server);
    const from = { site: headers.get("sec-fetch-site"), origin: headers.get("origin"), host };
    return isSameOrigin(from, publicUrl);
  };

  /** Who shows a token is judged by that, whatever cookie comes along. */
  const judge: ApiGuard = (request, server) => {
    const authorization = request.headers.get("authorization");
    if (authorization === null && sessionOf(request) !== null) {
      const mayPass = SAFE_METHODS.has(request.method)
        ? !isForeign(request.headers.get("sec-fetch-site"))
        : isOwnPage(request, server);
      return mayPass ? null : errorResponse("origin_not_allowed");
    }
    const [, token] = /^bearer +(\S+)$/i.exec(authorization ?? "") ?? [];
    if (token === undefined) return errorResponse("token_invalid");
    const key = keyOf(token, request, server);
    return key instanceof Response ? key : null;
  };

  return {
    guard(request, server) {
      const refusal = doorkeeper(request, server) ?? judge(request, server);
      // Answers may take longer than a connection may be quiet: anyone who may ask gets each of them.
      if (refusal === null) server?.timeout(request, PROVEN_IDLE_SECONDS);
      return refusal;
    },
    doorkeeper,
    isOwnPage,
    keyOf,
    sessionOf,
  };
}

function digestOf(token: string): Buffer {
  return new Bun.CryptoHasher("sha256").update(token).digest();
}
