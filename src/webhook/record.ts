import { isUtf8 } from "node:buffer";
import type { EventRecord } from "../model/event.ts";
import { readableCopy } from "../model/readable-copy.ts";
import { pathsOfRecording } from "../model/recording.ts";
import type { Recording } from "../model/recording.ts";
import type { BlobIntake, LeftBody } from "../store/port.ts";
import { failureOf, deriveFacts } from "../vendor/derive.ts";
import { isQuarantine, unusable } from "../vendor/event.ts";
import type { Quarantine } from "../vendor/event.ts";
import { readPieces } from "./body.ts";
import type { ReadableBody, SignedBody } from "./body.ts";
import { interpret } from "./interpret.ts";
import type { Interpretation } from "./interpret.ts";
import { decodeAudioText } from "./json/audio-text.ts";

/**
 * Decodes the recording of an audio event into its file. Returns null if there is no recording, or if recordings
 * are not stored; then its base64 is checked all the same, so that the answer does not depend on the configuration.
 */
export async function storeRecording(options: {
  read: Interpretation;
  signed: SignedBody<ReadableBody>;
  recordings: BlobIntake | null;
}): Promise<Recording | Quarantine | null> {
  const { event, audio } = options.read;
  const { body, receivedAtMs } = options.signed;
  const { conversationId, eventTimestamp } = event;
  if (audio === null || conversationId === null) return null;

  const file = (await options.recordings?.create()) ?? null;
  const hasher = new Bun.CryptoHasher("sha256");
  try {
    const isDecoded = await decodeAudioText(readPieces(body, audio.start, audio.end), (bytes) => {
      hasher.update(bytes);
      file?.write(bytes);
    });
    if (!isDecoded) return unusable("invalid_payload", "the recording is not valid base64", event);
    if (file === null || file.byteCount === 0 || options.recordings === null) return null;
    const sha256 = hasher.digest("hex");
    const paths = pathsOfRecording({ conversationId, sha256, eventTimestamp, receivedAtMs });
    return { path: await options.recordings.put(file, paths, sha256), byteCount: file.byteCount, sha256 };
  } finally {
    await file?.discard();
  }
}

/**
 * Makes of an event that can be processed what is to be written of it. Its recording, if it has one, is on disk then:
 * the file comes first, the row that names it second.
 */
export async function recordOf(options: {
  read: Interpretation;
  signed: SignedBody<ReadableBody>;
  /** null: recordings are not stored */
  recordings: BlobIntake | null;
  storeTranscripts: boolean;
  /** Commits the body as a file and returns its path, relative to the folder of the database. */
  commitBody: () => Promise<string>;
}): Promise<EventRecord | Quarantine> {
  const { read, signed, recordings, storeTranscripts, commitBody } = options;
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
    payloadPath: storeTranscripts && payload === null ? await commitBody() : null,
    turnsPayload: facts?.holdsTurns === true && payload !== null ? readableCopy(payload) : null,
    facts,
    failure: storeTranscripts && event.kind === "failure" ? failureOf(event) : null,
    recording,
    source: "webhook",
  };
}

/** Makes of a body that can't be processed what is to be written of it. */
export function recordOfQuarantined(
  why: Quarantine,
  kept: Pick<EventRecord, "bodySha256" | "bodyBytes" | "receivedAtMs" | "payload" | "payloadPath">,
): EventRecord {
  const { type, conversationId, agentId, eventTimestamp } = why;
  return {
    type,
    conversationId,
    agentId,
    eventTimestamp,
    status: "quarantined",
    error: `${why.code}: ${why.reason}`,
    ...kept,
    payloadIsText: kept.payload !== null && isUtf8(kept.payload),
    turnsPayload: null,
    facts: null,
    failure: null,
    recording: null,
    source: "webhook",
  };
}

/**
 * Makes of a body that a stop has left without its row what is to be written of it. One that could be processed from a
 * row was quarantined all the same, perhaps since its recording could not be decoded: it may be read again on request.
 */
export async function recordOfLeftBody({ blob, payloadPath, ...kept }: LeftBody): Promise<EventRecord> {
  const body: ReadableBody = { kind: "blob", blob, byteCount: kept.bodyBytes };
  const read = await interpret(body);
  if (isQuarantine(read)) return recordOfQuarantined(read, { ...kept, payload: null, payloadPath });
  const why: Quarantine = {
    ...read.event,
    code: "invalid_payload",
    reason: "a stop left it without its row",
  };
  const commitBody = () => Promise.resolve(payloadPath);
  const record =
    read.payload === null
      ? await recordOf({
          read,
          signed: { ...kept, body },
          recordings: null,
          storeTranscripts: true,
          commitBody,
        })
      : why;
  return isQuarantine(record) ? recordOfQuarantined(record, { ...kept, payload: null, payloadPath }) : record;
}
