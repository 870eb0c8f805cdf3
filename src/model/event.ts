import type { CallFailureFacts } from "./call-failure.ts";
import type { Columns, Row } from "./columns.ts";
import type { ConversationFacts } from "./conversation.ts";
import type { Recording } from "./recording.ts";

/** The columns of the table `events` that the API shows: all but the payload's. */
export const eventColumns = {
  id: {
    name: "id",
    kind: "integer",
    isRequired: true,
    description: "Grows with every event that is stored; never given twice.",
    examples: [42],
  },
  type: {
    name: "type",
    kind: "text",
    description: "What happened, as ElevenLabs names it; null if the body has no type that could be read.",
    examples: ["post_call_transcription"],
  },
  conversationId: {
    name: "conversation_id",
    kind: "text",
    description: "The conversation that it speaks of; null if it has none.",
    examples: ["conv_2601kfx0demo0synthetic0022"],
  },
  agentId: {
    name: "agent_id",
    kind: "text",
    description: "The agent it names.",
    examples: ["agent_2601kfx0demo0synthetic0aaaa"],
  },
  eventTimestamp: {
    name: "event_timestamp",
    kind: "seconds",
    description: "When it happened, by ElevenLabs' clock.",
  },
  receivedAtMs: {
    name: "received_at",
    kind: "milliseconds",
    isRequired: true,
    description: "When it arrived, by this server's clock.",
    examples: ["2026-01-31T09:30:00.123Z"],
  },
  status: {
    name: "status",
    kind: "text",
    values: ["processed", "quarantined"],
    isRequired: true,
    description: "`quarantined`: signed, but it can't be processed; its exact bytes are kept.",
  },
  error: {
    name: "error",
    kind: "text",
    description:
      "Why it is quarantined: the code of the answer that its sender got, a colon, and the reason.",
    examples: ["unknown_type: this version does not know the type"],
  },
  bodySha256: {
    name: "body_sha256",
    kind: "text",
    isRequired: true,
    description: "SHA-256 of the body as it was received, in lower-case hex.",
  },
  bodyBytes: {
    name: "body_bytes",
    kind: "integer",
    isRequired: true,
    description: "Length of the body as it was received.",
    examples: [11264],
  },
  source: {
    name: "source",
    kind: "text",
    values: ["webhook", "recovered"],
    isRequired: true,
    description:
      "`webhook`: ElevenLabs delivered and signed it; `recovered`: it was fetched from ElevenLabs' API, since no delivery had brought it.",
  },
} as const satisfies Columns;

export type EventRow = Row<typeof eventColumns>;

/** One event, ready to be written: its row, and what is derived from it. */
export type EventRecord = {
  type: string | null;
  conversationId: string | null;
  agentId: string | null;
  /** Unix seconds. */
  eventTimestamp: number | null;
  receivedAtMs: number;
  status: "processed" | "quarantined";
  /** Of a quarantined event: the code of its answer, a colon, and the reason. */
  error: string | null;
  /** Lower-case hex, of the whole body. */
  bodySha256: string;
  bodyBytes: number;
  payload: Uint8Array | null;
  /** Whether the payload is UTF-8 and is to be stored as text. */
  payloadIsText: boolean;
  payloadPath: string | null;
  /** For readers that the payload is too odd for: see model/readable-copy.ts. */
  turnsPayload: string | null;
  facts: ConversationFacts | null;
  failure: CallFailureFacts | null;
  recording: Recording | null;
  source: "webhook" | "recovered";
};

/** What makes two deliveries the same. */
export type EventKey = Pick<EventRecord, "bodySha256" | "conversationId">;

/** What became of a record. Of a duplicate, type and error are those of the first delivery of the same body. */
export type EventOutcome = { isDuplicate: boolean; type: string | null; error: string | null };

/** Nothing is stored of an event whose conversation was erased. */
export type StoreOutcome = EventOutcome | "erased";

/** What became of a quarantined event that can be processed now. */
export type Replacement = "replaced" | "gone" | "erased" | "unstorable";

/** The body of a quarantined event, as it was received. */
export type QuarantinedBody = Pick<EventRecord, "bodySha256" | "bodyBytes" | "receivedAtMs"> & {
  /** null if the body is a file, or is gone. */
  bytes: Uint8Array | null;
  /** Of the file, relative to the folder of the database. */
  path: string | null;
};
