import { setImmediate } from "node:timers/promises";
import type { QuarantinedBody } from "../model/event.ts";
import { createLimit } from "../platform/limit.ts";
import type { Log } from "../platform/log.ts";
import type { Store } from "../store/port.ts";
import { isQuarantine } from "../vendor/event.ts";
import type { Quarantine } from "../vendor/event.ts";
import type { Admission, AdmissionRefusal } from "./admission/admission.ts";
import { readPieces } from "./body.ts";
import type { ReadableBody, SignedBody } from "./body.ts";
import { interpret } from "./interpret.ts";
import type { Interpretation } from "./interpret.ts";
import { recordOf } from "./record.ts";

/** What became of a quarantined event that was read again. */
export type ReprocessOutcome =
  | { kind: "processed" }
  | { kind: "quarantined"; code: Quarantine["code"]; reason: string }
  /** The bytes that were signed are not there (any more): the event stays as it is. */
  | { kind: "body_missing" }
  /** There is no quarantined event of that id. */
  | { kind: "not_quarantined" }
  /** It turns out to be of a conversation that was erased: nothing of it is kept. */
  | { kind: "erased" }
  | { kind: "refused"; code: AdmissionRefusal };

export type Reprocess = (id: number) => Promise<ReprocessOutcome>;

/**
 * Reads quarantined events again, the way a delivery is read, one after the other. Each step can be interrupted: the
 * recording becomes a file first, then one transaction makes the row a processed one with everything derived from it,
 * and only then is the quarantined file removed. The returned function rejects if storage fails.
 */
export function createReprocess(options: {
  store: Store;
  storeTranscripts: boolean;
  admission: Admission;
  log: Log;
}): Reprocess {
  const { store, storeTranscripts, admission, log } = options;
  const limit = createLimit(1);

  return (id) => limit(() => reprocess(id));

  async function reprocess(id: number): Promise<ReprocessOutcome> {
    if (admission.isClosed()) return { kind: "refused", code: "shutting_down" };
    const quarantined = await store.events.quarantined(id);
    if (quarantined === null) return { kind: "not_quarantined" };
    // What is decoded needs its place beside the body, and deliveries need theirs.
    if (admission.isDiskLow(quarantined.bodyBytes)) return { kind: "refused", code: "disk_low" };

    const signed = await signedBody(quarantined);
    if (signed === null || (await sha256Of(signed.body)) !== quarantined.bodySha256) {
      log.error("A quarantined body is missing or not what was signed: restore it from a backup", { id });
      return { kind: "body_missing" };
    }
    const read = await interpret(signed.body);
    if (isQuarantine(read)) return { kind: "quarantined", ...reasonOf(read) };
    const release = store.events.hold(read.event.conversationId);
    try {
      return await replace(id, { quarantined, read, signed });
    } finally {
      release();
    }
  }

  async function replace(
    id: number,
    about: { quarantined: QuarantinedBody; read: Interpretation; signed: SignedBody<ReadableBody> },
  ): Promise<ReprocessOutcome> {
    const { quarantined, read, signed } = about;
    const isErased = await store.events.isErased(read.event.conversationId);
    const recordings = isErased ? null : store.newRecordings;
    const commitBody = () => pathOf(quarantined);
    const record = await recordOf({ read, signed, recordings, storeTranscripts, commitBody });
    if (isQuarantine(record)) return { kind: "quarantined", ...reasonOf(record) };

    const replaced = await store.events.replace(id, record);
    if (replaced === "gone") return { kind: "not_quarantined" };
    if (replaced === "erased") return { kind: "erased" };
    if (replaced === "unstorable") {
      const reason = "it could not be stored with what was derived from it";
      return { kind: "quarantined", code: "invalid_payload", reason };
    }
    log.info("Processed what was quarantined", { id, type: record.type, bytes: record.bodyBytes });
    return { kind: "processed" };
  }

  /** null if the bytes were never kept, or are gone. */
  async function signedBody(quarantined: QuarantinedBody): Promise<SignedBody<ReadableBody> | null> {
    const { bytes, path, bodySha256, receivedAtMs } = quarantined;
    const blob = path === null ? null : await store.bodies.open(path);
    if (blob !== null) {
      return { body: { kind: "blob", blob, byteCount: blob.size }, bodySha256, receivedAtMs };
    }
    if (bytes === null) return null;
    return { body: { kind: "memory", bytes, byteCount: bytes.byteLength }, bodySha256, receivedAtMs };
  }
}

function reasonOf({ code, reason }: Quarantine) {
  return { code, reason };
}

/** A body that stays a file is in its place already. */
async function pathOf({ path, bodySha256 }: QuarantinedBody): Promise<string> {
  if (path === null) throw new Error(`the body ${bodySha256} is no file`);
  return path;
}

async function sha256Of(body: ReadableBody): Promise<string> {
  const hasher = new Bun.CryptoHasher("sha256");
  for await (const piece of readPieces(body)) hasher.update(piece);
  return hasher.digest("hex");
}

/** What became of all events that were quarantined. */
export type ReprocessedAll =
  | {
      kind: "done";
      processed: number;
      /** Why events are still quarantined, the most frequent reason first. */
      reasons: { error: string; count: number }[];
    }
  | { kind: "refused"; code: AdmissionRefusal }
  /** Nobody waits for it any more. */
  | { kind: "stopped" };

/**
 * Reads everything that is quarantined again, one event after the other.
 *
 * @param quarantinedAfter some of the quarantined events behind one, in the order of their ids
 */
export async function reprocessAll(
  reprocess: Reprocess,
  quarantinedAfter: (id: number) => Promise<number[]>,
  isOver: () => boolean,
): Promise<ReprocessedAll> {
  let processed = 0;
  const counts = new Map<string, number>();
  for (let ids = await quarantinedAfter(0); ids.length > 0; ids = await quarantinedAfter(ids.at(-1) ?? 0)) {
    for (const id of ids) {
      // Deliveries that wait have their turn.
      await setImmediate();
      if (isOver()) return { kind: "stopped" };
      const outcome = await reprocess(id);
      if (outcome.kind === "refused") return outcome;
      const error = whyQuarantined(outcome);
      if (outcome.kind === "processed") processed += 1;
      else if (error !== null) counts.set(error, (counts.get(error) ?? 0) + 1);
    }
  }
  const reasons = [...counts].map(([error, count]) => ({ error, count }));
  return { kind: "done", processed, reasons: reasons.toSorted((a, b) => b.count - a.count) };
}

/** Why an event is still quarantined; null if it is not. */
export function whyQuarantined(outcome: Exclude<ReprocessOutcome, { kind: "refused" }>): string | null {
  switch (outcome.kind) {
    case "quarantined":
      return `${outcome.code}: ${outcome.reason}`;
    case "body_missing":
      return "payload_missing: its bytes are gone, or are not those that were signed";
    case "processed":
    case "not_quarantined":
    case "erased":
      return null;
  }
}
