import { timingSafeEqual } from "node:crypto";
import { Elysia } from "elysia";
import { errorResponse } from "./errors.ts";

/**
 * Guards the routes of the plugin that uses it: without a configured token there are none (404), with one it has to be
 * shown as `Authorization: Bearer TOKEN` (RFC 6750).
 *
 * @param tokens several during a rotation
 */
export function requireToken(tokens: readonly string[]) {
  const digests = tokens.map(digestOf);

  return new Elysia({ name: "api-token" }).onBeforeHandle({ as: "scoped" }, ({ request }) => {
    if (digests.length === 0) return errorResponse("not_found");
    const [, token = ""] = /^bearer +(\S+)$/i.exec(request.headers.get("authorization") ?? "") ?? [];
    const given = digestOf(token);
    // All are compared, each in constant time: how long it takes tells nothing about any token.
    const matches = digests.filter((digest) => timingSafeEqual(digest, given));
    return matches.length > 0 ? undefined : errorResponse("token_invalid");
  });
}

function digestOf(token: string): Buffer {
  return new Bun.CryptoHasher("sha256").update(token).digest();
}
