import { errorAnswers } from "./errors.ts";
import type { ErrorCode } from "./errors.ts";

const codes: ErrorCode[] = [
  "source_not_allowed",
  "signature_missing",
  "signature_malformed",
  "timestamp_expired",
  "signature_mismatch",
  "invalid_json",
  "unknown_type",
  "invalid_payload",
  "body_too_large",
  "body_too_slow",
  "body_incomplete",
  "overloaded",
  "disk_low",
  "shutting_down",
  "storage_failed",
];

const errorSchema = {
  type: "object" as const,
  required: ["error", "code"],
  properties: { error: { type: "string" as const }, code: { type: "string" as const } },
};

/** What the OpenAPI document says of the webhook. */
export const webhookDetail = {
  summary: "Receive a webhook",
  description:
    "Called by ElevenLabs. The signature is checked against the raw body before anything is parsed; 200 means that " +
    "the event is on disk.",
  tags: ["webhook"],
  parameters: [
    {
      name: "ElevenLabs-Signature",
      in: "header" as const,
      required: true,
      description: "`t=<unix seconds>,v0=<hex>`: HMAC-SHA256 over `t`, a dot and the raw body.",
      schema: { type: "string" as const },
    },
  ],
  requestBody: {
    required: true,
    content: {
      "application/json": {
        schema: {
          type: "object" as const,
          required: ["type"],
          properties: {
            type: {
              type: "string" as const,
              description: "What happened, such as `post_call_transcription`.",
            },
            event_timestamp: { type: "integer" as const, description: "When, in Unix seconds." },
            data: { type: "object" as const, description: "The event, by type." },
          },
        },
      },
    },
  },
  responses: {
    200: {
      description: "On disk, now or by an earlier delivery of the same body.",
      content: {
        "application/json": {
          schema: {
            type: "object" as const,
            properties: { status: { type: "string" as const, enum: ["received"] } },
          },
        },
      },
    },
    ...errorResponses(),
  },
};

/** One response a status, with an example for each of its codes. */
function errorResponses() {
  const statuses = [...new Set(codes.map((code) => errorAnswers[code].status))];
  return Object.fromEntries(
    statuses.map((status) => {
      const ofStatus = codes.filter((code) => errorAnswers[code].status === status);
      const examples = ofStatus.map(
        (code) => [code, { value: { error: errorAnswers[code].error, code } }] as const,
      );
      return [
        status,
        {
          description: ofStatus.map((code) => `\`${code}\``).join(", "),
          content: { "application/json": { schema: errorSchema, examples: Object.fromEntries(examples) } },
        },
      ];
    }),
  );
}
