import type { Static } from "@sinclair/typebox";
import { Elysia } from "elysia";
import { SIGNATURE_HEADER } from "../webhook/signature.ts";
import type { Outcome } from "../webhook/outcome.ts";
import type { Receive } from "../webhook/receive.ts";
import { PROVEN_IDLE_SECONDS } from "./connections.ts";
import type { Connections } from "./connections.ts";
import { errorResponse, refuseOtherMethods } from "./errors.ts";
import { webhookDetail } from "./webhook-detail.ts";
import type { Received } from "./webhook-detail.ts";

export type WebhookParts = {
  receive: Receive;
  connections: Connections;
  /** The answer to signed bodies that were quarantined: 200 if the sender is not to count them as failures. */
  unknownEventStatus: 200 | 400;
};

/** `POST /webhook`: the endpoint that ElevenLabs calls. */
export function webhookRoutes({ receive, connections, unknownEventStatus }: WebhookParts) {
  return new Elysia({ name: "webhook" })
    .post(
      "/webhook",
      async ({ request, server }) => {
        // The runtime's idle time-out would cut a slow but steady recording; receiveBody has deadlines of its own.
        server?.timeout(request, 0);
        let idleSeconds = connections.idleSeconds(request, server);
        try {
          const outcome = await receive({
            signature: request.headers.get(SIGNATURE_HEADER),
            contentLength: contentLengthOf(request),
            stream: () => request.body,
            bytes: () => request.bytes(),
            address: connections.clientOf(request, server),
          });
          if (outcome.kind !== "refused") idleSeconds = PROVEN_IDLE_SECONDS;
          return answer(outcome, unknownEventStatus);
        } catch {
          // Why has been logged with the delivery.
          return errorResponse("storage_failed");
        } finally {
          server?.timeout(request, idleSeconds);
        }
      },
      // Elysia must not read the body: what is verified are the bytes as they came.
      { parse: "none", detail: webhookDetail },
    )
    .use(refuseOtherMethods);
}

function answer(outcome: Outcome, unknownEventStatus: 200 | 400): Response {
  switch (outcome.kind) {
    case "stored":
    case "erased":
      return received();
    case "quarantined": {
      if (unknownEventStatus === 200) return received();
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

const received = () => Response.json({ status: "received" } satisfies Static<typeof Received>);

/** null if the sender sends chunks: a Content-Length beside them would not count (RFC 9112, section 6.3). */
function contentLengthOf({ headers }: Request): number | null {
  const length = headers.get("content-length");
  return length === null || headers.has("transfer-encoding") ? null : Number(length);
}
