import { isDerivedFrom } from "../vendor/event-type.ts";
import { isQuarantine, NESTING_LEVELS_MAX, readEvent, unusable } from "../vendor/event.ts";
import type { Event, Quarantine } from "../vendor/event.ts";
import { isDeeperThan } from "../vendor/json-value.ts";
import { readPieces, readWhole } from "./body.ts";
import type { ReadableBody } from "./body.ts";
import type { Span } from "./json/outline.ts";
import { JsonScanner } from "./json/scan.ts";
import type { Scan } from "./json/scan.ts";

/** A signed event, read. */
export type Interpretation = {
  event: Event;
  /**
   * The JSON to be stored in the event's row: the body, in an audio event without the recording's text. null: the body
   * as it is, too large for a row.
   */
  payload: Uint8Array | null;
  /** Where in the body the recording's text is; null if there is none. Whether it is base64 is not known yet. */
  audio: Span | null;
};

/** A larger body that nothing is derived from stays a file. 10 hours of speech to text take more. */
const ROW_BYTES_MAX = 16 * 1024 * 1024;

/** Only what something is derived from is parsed: this number of values takes about 70 MB. The longest call measured (1,200 turns) has 9,837. */
const VALUES_MAX = 500_000;

/** Nor has it more bytes beside its recording: until it is stored they take five times as much, and the unit allows 512 MB. */
export const PARSED_BYTES_MAX = 32 * 1024 * 1024;

// A byte order mark stays, and is not JSON (RFC 8259, section 8.1).
const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

const TOO_DEEP = `nested deeper than ${NESTING_LEVELS_MAX} levels`;

/** Reads a body whose signature has been checked. */
export async function interpret(body: ReadableBody): Promise<Interpretation | Quarantine> {
  if (body.kind === "memory") {
    const event = parseEvent(body.bytes);
    if (isQuarantine(event)) return event;
    if (event.kind !== "audio") return { event, payload: body.bytes, audio: null };
  }
  return interpretScanned(body);
}

/** For recordings, and for what is too large to be parsed before it has been scanned. */
async function interpretScanned(body: ReadableBody): Promise<Interpretation | Quarantine> {
  const scan = await scanBody(body);
  if (scan === null) return unusable("invalid_json", "not JSON");
  const event = readEvent(scan.outline);
  if (scan.depth > NESTING_LEVELS_MAX) return unusable("invalid_payload", TOO_DEEP, event);
  if (isQuarantine(event)) return event;
  if (!isDerivedFrom(event.kind)) {
    return { event, payload: body.byteCount > ROW_BYTES_MAX ? null : await readWhole(body), audio: null };
  }
  if (scan.valueCount > VALUES_MAX) {
    return unusable("invalid_payload", `more than ${VALUES_MAX} values`, event);
  }
  const inEffect = event.isFlat ? scan.atTop : scan.inData;
  const audio = event.kind === "audio" ? inEffect : null;
  const payload = await readWithout(body, audio);
  if (payload === null) {
    return unusable("invalid_payload", `more than ${PARSED_BYTES_MAX} bytes of JSON`, event);
  }
  const whole = parseEvent(payload);
  return isQuarantine(whole) ? whole : { event: whole, payload, audio };
}

/** The body without the text of the recording; null if that is too large for memory. */
async function readWithout(body: ReadableBody, audio: Span | null): Promise<Uint8Array | null> {
  const { start, end } = audio ?? { start: 0, end: 0 };
  const byteCount = body.byteCount - (end - start);
  if (byteCount > PARSED_BYTES_MAX) return null;
  const kept = new Uint8Array(byteCount);
  let keptBytes = 0;
  for (const [from, to] of [
    [0, start],
    [end, body.byteCount],
  ]) {
    for await (const piece of readPieces(body, from, to)) {
      kept.set(piece, keptBytes);
      keptBytes += piece.byteLength;
    }
  }
  return kept;
}

async function scanBody(body: ReadableBody): Promise<Scan | null> {
  const scanner = new JsonScanner();
  for await (const piece of readPieces(body)) {
    if (!scanner.add(piece)) return null;
  }
  return scanner.end();
}

function parseEvent(bytes: Uint8Array): Event | Quarantine {
  let parsed: unknown;
  try {
    parsed = JSON.parse(utf8.decode(bytes));
  } catch (error) {
    return unusable("invalid_json", error instanceof SyntaxError ? "not JSON" : "not UTF-8");
  }
  const event = readEvent(parsed);
  return isDeeperThan(parsed, NESTING_LEVELS_MAX) ? unusable("invalid_payload", TOO_DEEP, event) : event;
}
