import { Type } from "@sinclair/typebox";
import { samples } from "../samples/samples.ts";
import { describeAnswer, describeHeaders, ErrorAnswer } from "./lib/models.ts";
import { errorAnswers } from "./errors.ts";
import type { ErrorCode } from "./errors.ts";

/** The errors of the webhook, and when they come. */
const situations: readonly (readonly [code: ErrorCode, when: string])[] = [
  ["source_not_allowed", "The request did not come from an address that may deliver. Nothing was kept."],
  ["signature_missing", "No signature header, or an empty one."],
  ["signature_malformed", "The header has not exactly one `t` of digits and at least one `v0`."],
  ["timestamp_expired", "`t` is further from our clock than the tolerance. Nothing was kept."],
  [
    "signature_mismatch",
    "No configured secret gives the hash: another secret, or the body was changed on its way.",
  ],
  ["invalid_json", "Signed, but no JSON object with a string `type`. It is kept, in quarantine."],
  ["unknown_type", "Signed, but of a type that this version does not know. It is kept, in quarantine."],
  ["invalid_payload", "Signed, but unusable, such as without a conversation id. It is kept, in quarantine."],
  ["body_too_large", "The body is over `MAX_BODY_BYTES`."],
  ["body_too_slow", "The body came slower than 1 KiB/s, or was longer than ten minutes on its way."],
  ["body_incomplete", "The sender hung up before the body was complete."],
  ["overloaded", "Too much is in flight. Nothing was kept: send it again."],
  ["disk_low", "Too little disk space is free. Nothing was kept: send it again."],
  ["shutting_down", "The program is stopping. Nothing was kept: send it again."],
  ["storage_failed", "The event could not be stored. Nothing was kept: send it again."],
];

export const Received = Type.Object(
  { status: Type.Literal("received", { description: "Always the same." }) },
  { $id: "Received", description: "The event is on disk." },
);

/** What the OpenAPI document says of the webhook. The events' models come in as the document is made. */
export const webhookDetail = {
  operationId: "receiveWebhook",
  summary: "Receive a webhook",
  description:
    "Called by ElevenLabs. The signature is checked against the raw body before anything is parsed; 200 means that " +
    "the event is on disk. Events may have members that are not described here, and lack any but `type` and their id; older " +
    "ones have the members of `data` beside `type`, and the recording as `audio_base64`.",
  tags: ["webhook"],
  // The signature is all that is asked for.
  security: [],
  parameters: [
    {
      name: "ElevenLabs-Signature",
      in: "header" as const,
      required: true,
      description:
        "`t=<unix seconds>,v0=<hex>`: HMAC-SHA256 over `t`, a dot and the raw body, keyed with the whole secret. The parts come in " +
        "any order, and there may be several `v0`.",
      schema: {
        type: "string" as const,
        examples: ["t=1793620890,v0=5f0c0d3e5f0c0d3e5f0c0d3e5f0c0d3e5f0c0d3e5f0c0d3e5f0c0d3e5f0c0d3e"],
      },
    },
  ],
  requestBody: {
    required: true,
    description:
      "One event. Recordings come in chunks, without a Content-Length. The Content-Type does not matter.",
    content: {
      "application/json": {
        schema: { $ref: "#/components/schemas/WebhookEvent" },
        examples: Object.fromEntries(
          samples.map(({ name }) => [name, { $ref: `#/components/examples/${name}` }]),
        ),
      },
    },
  },
  responses: {
    200: describeAnswer(Received, "On disk, now or by an earlier delivery of the same body."),
    ...errorResponses(),
  },
};

/** One response a status, with an example for each of its codes. */
function errorResponses() {
  const statuses = [...new Set(situations.map(([code]) => errorAnswers[code].status))];
  return Object.fromEntries(statuses.map((status) => [status, errorResponse(status)]));
}

function errorResponse(status: number) {
  const here = situations.filter(([code]) => errorAnswers[code].status === status);
  const examples = here.map(([code, when]) => [
    code,
    { summary: when, value: { error: errorAnswers[code].error, code } },
  ]);
  return {
    description: here.map(([code, when]) => `\`${code}\`: ${when}`).join("\n\n"),
    ...describeHeaders(here.map(([code]) => code)),
    content: { "application/json": { schema: ErrorAnswer, examples: Object.fromEntries(examples) } },
  };
}
