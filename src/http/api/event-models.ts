import { Type } from "@sinclair/typebox";
import type { EventRow } from "../../query/events.ts";
import { Nullable, optionalSecondsText, Time, timeText } from "./api-models.ts";

/** An event as the API shows it. Its members have the names of the table's columns. */
export const Event = Type.Object({
  id: Type.Integer({
    description: "Grows with every event that is stored; never given twice.",
    examples: [42],
  }),
  type: Nullable(
    Type.String({ examples: ["post_call_transcription"] }),
    "What happened, as ElevenLabs names it; null where the body has no type that could be read.",
  ),
  conversation_id: Nullable(
    Type.String({ examples: ["conv_2601kfx0demo0synthetic0022"] }),
    "The conversation that it speaks of; null where it has none.",
  ),
  agent_id: Nullable(Type.String({ examples: ["agent_2601kfx0demo0synthetic0aaaa"] }), "The agent it names."),
  event_timestamp: Nullable(Time, "When it happened, by ElevenLabs' clock."),
  received_at: Type.String({
    format: "date-time",
    description: "When it arrived, by this server's clock.",
    examples: ["2026-01-31T09:30:00.123Z"],
  }),
  status: Type.String({
    enum: ["processed", "quarantined"],
    description: "`quarantined`: signed, but it can't be processed; its exact bytes are kept.",
  }),
  error: Nullable(
    Type.String({ examples: ["unknown_type: this version does not know the type"] }),
    "Why it is quarantined: the code of the answer that its sender got, a colon, and the reason.",
  ),
  body_sha256: Type.String({ description: "SHA-256 of the body as it was received, in lower-case hex." }),
  body_bytes: Type.Integer({ description: "Length of the body as it was received.", examples: [11264] }),
});

export const EventPage = Type.Object({
  events: Type.Array(Event, {
    description: "The last to arrive first; with `after`, in the order in which they were stored.",
  }),
  next_cursor: Nullable(
    Type.String(),
    "Continues the list as `cursor`; null on its last page, and with `after`.",
  ),
  next_after: Nullable(Type.Integer(), "Continues the feed as `after`, now or later; null without `after`."),
});

export function shownEvent(row: EventRow) {
  return {
    id: row.id,
    type: row.type,
    conversation_id: row.conversationId,
    agent_id: row.agentId,
    event_timestamp: optionalSecondsText(row.eventTimestamp),
    received_at: timeText(row.receivedAtMs),
    status: row.status,
    error: row.error,
    body_sha256: row.bodySha256,
    body_bytes: row.bodyBytes,
  };
}

const EVENT_ID = /^[1-9]\d{0,14}$/;

/** The id in a path; null for what can be none. */
export function eventIdOf(text: string | null): number | null {
  return text !== null && EVENT_ID.test(text) ? Number(text) : null;
}

/** What the OpenAPI document says of the id in a path. */
export const eventIdParameter = {
  name: "id",
  in: "path" as const,
  required: true,
  description: "The event's `id`.",
  schema: { type: "integer" as const, minimum: 1 },
  example: 42,
};
