import type { EventRecord } from "../store/event-record.ts";
import { readableCopy } from "../store/readable-copy.ts";
import type { Recordings } from "../store/recordings.ts";
import type { ReadableBody, SignedBody } from "./body.ts";
import { failureOf } from "./call-failure.ts";
import { deriveFacts } from "./derive.ts";
import { isQuarantine } from "./event.ts";
import type { Quarantine } from "./event.ts";
import type { Interpretation } from "./interpret.ts";
import { storeRecording } from "./recording.ts";

/**
 * Makes of an event that can be processed what is to be written of it. Its recording, if it has one, is on disk then:
 * the file comes first, the row that names it second.
 */
export async function recordOf(options: {
  read: Interpretation;
  signed: SignedBody<ReadableBody>;
  /** null: recordings are not stored */
  recordings: Recordings | null;
  storeTranscripts: boolean;
  /** Keeps the body as a file and returns its path, relative to the folder of the database. */
  keepBody: () => Promise<string>;
}): Promise<EventRecord | Quarantine> {
  const { read, signed, recordings, storeTranscripts, keepBody } = options;
  const recording = await storeRecording({ read, signed, recordings });
  if (recording !== null && isQuarantine(recording)) return recording;

  const { event, payload } = read;
  const facts = storeTranscripts ? deriveFacts(event) : null;
  return {
    type: event.type,
    conversationId: event.conversationId,
    agentId: event.agentId,
    eventTimestamp: event.eventTimestamp,
    receivedAtMs: signed.receivedAtMs,
    status: "processed",
    error: null,
    bodySha256: signed.bodySha256,
    bodyBytes: signed.body.byteCount,
    payload: storeTranscripts ? payload : null,
    payloadIsText: true,
    payloadPath: storeTranscripts && payload === null ? await keepBody() : null,
    turnsPayload: facts?.holdsTurns === true && payload !== null ? readableCopy(payload) : null,
    facts,
    failure: storeTranscripts && event.kind === "failure" ? failureOf(event) : null,
    recording,
  };
}
