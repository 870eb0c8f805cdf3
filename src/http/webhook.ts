import { Elysia } from "elysia";
import { SIGNATURE_HEADER } from "../webhook/signature.ts";
import type { Outcome } from "../webhook/outcome.ts";
import type { Receive } from "../webhook/receive.ts";
import { errorResponse } from "./errors.ts";
import { webhookDetail } from "./webhook-detail.ts";

/**
 * A connection is closed after this time without a request, after an answer whose body still trickles in, and with the
 * next request's headers incomplete. For its first request the runtime has a time of its own, 8 to 12 s.
 */
export const IDLE_SECONDS = 8;

/**
 * Who has sent a signed delivery may keep the connection longer than proxies do (nginx 60 s, Caddy 120 s): if we hang up
 * first, the next delivery may be on its way already, and is lost.
 */
const PROVEN_IDLE_SECONDS = 130;

/** `POST /webhook`: the endpoint that ElevenLabs calls. */
export function webhookRoutes(options: {
  receive: Receive;
  /** The answer to signed bodies that were quarantined: 200 where the sender is not to count them as failures. */
  unknownEventStatus: 200 | 400;
}) {
  const { receive, unknownEventStatus } = options;

  return new Elysia({ name: "webhook" })
    .post(
      "/webhook",
      async ({ request, server }) => {
        // The runtime's idle time-out would cut a slow but steady recording; receiveBody has deadlines of its own.
        server?.timeout(request, 0);
        let idleSeconds = IDLE_SECONDS;
        try {
          const outcome = await receive({
            signature: request.headers.get(SIGNATURE_HEADER),
            contentLength: contentLengthOf(request),
            stream: () => request.body,
            bytes: () => request.bytes(),
            address: () => server?.requestIP(request)?.address ?? null,
          });
          if (outcome.kind !== "refused") idleSeconds = PROVEN_IDLE_SECONDS;
          return answer(outcome, unknownEventStatus);
        } finally {
          server?.timeout(request, idleSeconds);
        }
      },
      // Elysia must not read the body: what is verified are the bytes as they came.
      { parse: "none", detail: webhookDetail },
    )
    .all("/webhook", () => errorResponse("method_not_allowed", { headers: { allow: "POST" } }), {
      parse: "none",
      detail: { hide: true },
    });
}

function answer(outcome: Outcome, unknownEventStatus: 200 | 400): Response {
  switch (outcome.kind) {
    case "stored":
    case "erased":
      return Response.json({ status: "received" });
    case "quarantined": {
      if (unknownEventStatus === 200) return Response.json({ status: "received" });
      const { type } = outcome.about;
      return errorResponse(
        outcome.code,
        outcome.code === "unknown_type" ? { error: `Unknown webhook type: ${type}` } : {},
      );
    }
    case "refused":
      return errorResponse(outcome.code);
  }
}

/** null where the sender sends chunks: a Content-Length beside them would not count (RFC 9112, section 6.3). */
function contentLengthOf({ headers }: Request): number | null {
  const length = headers.get("content-length");
  return length === null || headers.has("transfer-encoding") ? null : Number(length);
}
