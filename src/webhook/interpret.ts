import { readPieces, readWhole } from "./body.ts";
import type { ReadableBody } from "./body.ts";
import type { Span } from "./audio-members.ts";
import { isJsonText } from "./audio-text.ts";
import { isQuarantine, NESTING_LEVELS_MAX, readEvent, unusable } from "./event.ts";
import type { Event, Quarantine } from "./event.ts";
import { JsonScanner, REST_BYTES_MAX } from "./json-scan.ts";
import type { Scan } from "./json-scan.ts";
import { isDeeperThan } from "./json-value.ts";

/** A signed event, read. */
export type Interpretation = {
  event: Event;
  /** The JSON to be stored: the body, in an audio event without the recording's text. */
  payload: Uint8Array;
  /** Where in the body the recording's text is; null where there is none. Whether it is base64 is not known yet. */
  audio: Span | null;
};

// A byte order mark stays, and is not JSON (RFC 8259, section 8.1).
const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

const TOO_DEEP = `nested deeper than ${NESTING_LEVELS_MAX} levels`;
const TOO_LARGE = `more than ${REST_BYTES_MAX} bytes of JSON`;

/** Reads a body whose signature has been checked. */
export async function interpret(body: ReadableBody): Promise<Interpretation | Quarantine> {
  if (body.kind === "memory") {
    const event = parseEvent(body.bytes);
    if (isQuarantine(event)) return event;
    if (event.kind !== "audio") return { event, payload: body.bytes, audio: null };
  }
  return interpretScanned(body);
}

/** The way for recordings, and for whatever is too large to be read at once without looking. */
async function interpretScanned(body: ReadableBody): Promise<Interpretation | Quarantine> {
  const scan = await scanBody(body);
  if (scan === null) return whyNotScanned(body);
  if (scan.depth > NESTING_LEVELS_MAX) return unusable("invalid_payload", TOO_DEEP);

  const event = parseEvent(scan.rest);
  const isAudio = !isQuarantine(event) && event.kind === "audio";
  const inEffect = !isQuarantine(event) && event.isFlat ? scan.atTop : scan.inData;
  const audio = isAudio ? inEffect : null;
  // The recording's text is looked at when it is decoded, anything else that was left out here.
  for (const span of scan.leftOut) {
    if (span !== audio && !(await isJsonText(readPieces(body, span.start, span.end)))) {
      return unusable("invalid_json", "a string is not valid");
    }
  }
  if (isQuarantine(event)) return event;
  if (scan.leftOut.every((span) => span === audio)) return { event, payload: scan.rest, audio };
  // Another string under the name of a recording: only what becomes a file is left out of what is stored.
  const payload = await readWithout(body, audio);
  return payload === null ? unusable("invalid_payload", TOO_LARGE) : { event, payload, audio };
}

/** The body without the text of the recording; null where that is too large for memory. */
async function readWithout(body: ReadableBody, audio: Span | null): Promise<Uint8Array | null> {
  const { start, end } = audio ?? { start: 0, end: 0 };
  if (body.byteCount - (end - start) > REST_BYTES_MAX) return null;
  const kept: Uint8Array[] = [];
  for (const [from, to] of [
    [0, start],
    [end, body.byteCount],
  ]) {
    // The piece's buffer is used again for the next one.
    for await (const piece of readPieces(body, from, to)) kept.push(new Uint8Array(piece));
  }
  return Buffer.concat(kept);
}

/** A body of which there is too much to keep beside its recording, or whose strings could be too many recordings. */
async function whyNotScanned(body: ReadableBody): Promise<Quarantine> {
  const event = body.byteCount <= REST_BYTES_MAX ? parseEvent(await readWhole(body)) : null;
  if (event !== null && isQuarantine(event)) return event;
  return unusable(
    "invalid_payload",
    event === null ? TOO_LARGE : "too many strings that may be the recording",
  );
}

async function scanBody(body: ReadableBody): Promise<Scan | null> {
  const scanner = new JsonScanner();
  for await (const piece of readPieces(body)) {
    if (!scanner.add(piece)) return null;
  }
  return scanner.result();
}

function parseEvent(bytes: Uint8Array): Event | Quarantine {
  let parsed: unknown;
  try {
    parsed = JSON.parse(utf8.decode(bytes));
  } catch (error) {
    return unusable("invalid_json", error instanceof SyntaxError ? "not JSON" : "not UTF-8");
  }
  if (isDeeperThan(parsed, NESTING_LEVELS_MAX)) return unusable("invalid_payload", TOO_DEEP);
  return readEvent(parsed);
}
