import { bodyPath, QUARANTINE_ROW_BYTES_MAX } from "../model/body.ts";
import type { EventRecord, StoreOutcome } from "../model/event.ts";
import { createLimit } from "../platform/limit.ts";
import type { Store } from "../store/port.ts";
import { isQuarantine, isQuarantineCode } from "../vendor/event.ts";
import type { Quarantine } from "../vendor/event.ts";
import { readWhole } from "./body.ts";
import type { SignedBody } from "./body.ts";
import { interpret } from "./interpret.ts";
import type { Interpretation } from "./interpret.ts";
import type { Outcome } from "./outcome.ts";
import { recordOf, recordOfQuarantined } from "./record.ts";

/** Bodies in files that are read and decoded at once: enough to keep the processor busy, few enough to stay small. */
const LARGE_BODIES_AT_ONCE_MAX = 2;

/** Stores a signed body, processed or quarantined; it is on disk when this resolves. Rejects if storage fails. */
export type Ingest = (signed: SignedBody) => Promise<Outcome>;

export function createIngest(options: { store: Store; storeTranscripts: boolean }): Ingest {
  const { store, storeTranscripts } = options;
  const limit = createLimit(LARGE_BODIES_AT_ONCE_MAX);

  return (signed) => (signed.body.kind === "file" ? limit(() => ingest(signed)) : ingest(signed));

  async function ingest(signed: SignedBody): Promise<Outcome> {
    const read = await interpret(signed.body);
    const release = store.events.hold(isQuarantine(read) ? read.conversationId : read.event.conversationId);
    try {
      return isQuarantine(read) ? await quarantine(signed, read) : await process(signed, read);
    } finally {
      release();
    }
  }

  async function process(signed: SignedBody, read: Interpretation): Promise<Outcome> {
    const { event } = read;
    // A file is work; a body that is stored already, or that is not to be stored, needs none.
    if (read.audio !== null || read.payload === null) {
      if (await store.events.isErased(event.conversationId)) return outcomeOf("erased", signed, event);
      const first = await store.events.firstOf({ ...signed, conversationId: event.conversationId });
      if (first !== null) return outcomeOf(first, signed, event);
    }
    const recordings = store.newRecordings;
    const commitBody = () => putBody(signed);
    const record = await recordOf({ read, signed, recordings, storeTranscripts, commitBody });
    if (isQuarantine(record)) return quarantine(signed, record);
    const stored = await store.events.add(record);
    const outcome = outcomeOf(stored, signed, event);
    const isDropped =
      outcome.kind === "stored" && !outcome.isDuplicate && read.audio !== null && recordings === null;
    return isDropped ? { ...outcome, isRecordingDropped: true } : outcome;
  }

  async function quarantine(signed: SignedBody, why: Quarantine): Promise<Outcome> {
    const { body, bodySha256, receivedAtMs } = signed;
    if (await store.events.isErased(why.conversationId)) return outcomeOf("erased", signed, why);
    const isLarge = body.byteCount > QUARANTINE_ROW_BYTES_MAX;
    const record = recordOfQuarantined(why, {
      receivedAtMs,
      bodySha256,
      bodyBytes: body.byteCount,
      payload: isLarge ? null : await readWhole(body),
      payloadPath: isLarge ? await putBody(signed) : null,
    });
    const stored = await store.events.add(record);
    return outcomeOf(stored, signed, why);
  }

  async function putBody({ body, bodySha256 }: SignedBody): Promise<string> {
    if (body.kind === "memory") throw new Error(`a body of ${body.byteCount} bytes is in memory`);
    return store.bodies.put(body.file, [bodyPath(bodySha256)], bodySha256);
  }
}

/** The answer follows what is stored, so that a duplicate gets that of the first time. */
function outcomeOf(
  stored: StoreOutcome,
  signed: SignedBody,
  event: Pick<EventRecord, "type" | "conversationId">,
): Outcome {
  const { conversationId } = event;
  const { byteCount } = signed.body;
  if (stored === "erased") return { kind: "erased", about: { type: event.type, conversationId, byteCount } };
  const { isDuplicate, type, error } = stored;
  const about = { type, conversationId, byteCount };
  if (error === null) return { kind: "stored", isDuplicate, isRecordingDropped: false, about };

  const [code = "", ...reason] = error.split(": ");
  if (!isQuarantineCode(code))
    throw new Error(`the stored event ${signed.bodySha256} has the unknown error ${code}`);
  return { kind: "quarantined", isDuplicate, about, code, reason: reason.join(": ") };
}
