import type { CallFailureFacts } from "./call-failure.ts";
import type { ConversationFacts } from "./conversation.ts";
import type { Recording } from "./recording.ts";

/** One signed event, ready to be written: its row, and what is derived from it. */
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
  /** For readers that the payload is too odd for: see readable-copy.ts. */
  turnsPayload: string | null;
  facts: ConversationFacts | null;
  failure: CallFailureFacts | null;
  recording: Recording | null;
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
