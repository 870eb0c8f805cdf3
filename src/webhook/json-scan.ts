import { AudioMembers } from "./audio-members.ts";
import type { Span } from "./audio-members.ts";

/** What a body is apart from its recording. */
export type Scan = {
  /** The body with the text of every string that may be the recording left out: `"full_audio":""`. */
  rest: Uint8Array;
  /** The recording's text where it is in `data`, or (older senders) at the top level; of repeated members the last. */
  inData: Span | null;
  atTop: Span | null;
  /** All that was left out of `rest`, the above among them. Where one is no valid JSON text, the body is not JSON. */
  leftOut: Span[];
  /** The deepest nesting: 1 for an object without inner objects and arrays. */
  depth: number;
};

/** More JSON than this beside a recording is not read. The longest call measured (1,200 turns) has 0.4 MB. */
export const REST_BYTES_MAX = 16 * 1024 * 1024;

const LEFT_OUT_MAX = 16;
// The longest spelling of a name that counts: every character of it escaped as \uXXXX, and the quotes.
const NAME_BYTES_MAX = 6 * "audio_base64".length + 2;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

/**
 * Separates the one long string of an audio event from the rest, in one pass over pieces that may be split at any byte,
 * in memory that does not grow with that string. Exact where the body is JSON. Where it is not, `rest` is not JSON
 * either or something in `leftOut` is no JSON text, so that `JSON.parse` of the one and a look at the other decide.
 */
export class JsonScanner {
  readonly #members = new AudioMembers();
  #position = 0;

  #inString = false;
  #isEscaped = false;
  /** The next backslash in the piece. */
  #backslash = -1;
  /** The bytes of the member's name that is being read. */
  #name: number[] | null = null;
  /** Where the text that is being left out began. */
  #leftOutFrom: number | null = null;

  readonly #rest: Uint8Array[] = [];
  #restBytes = 0;
  readonly #leftOut: Span[] = [];

  /** Takes the next piece. Returns false, for good, when there is more than can be kept in memory. */
  add(piece: Uint8Array): boolean {
    this.#backslash = piece.indexOf(BACKSLASH);
    let keepFrom = 0;
    for (let index = 0; index < piece.byteLength;) {
      const wasLeftOut = this.#leftOutFrom !== null;
      index = this.#inString ? this.#readString(piece, index) : this.#readStructure(piece, index);
      const isLeftOut = this.#leftOutFrom !== null;
      if (isLeftOut && !wasLeftOut) this.#keep(piece.subarray(keepFrom, index));
      // The closing quote is kept again.
      if (wasLeftOut && !isLeftOut) keepFrom = index - 1;
    }
    if (this.#leftOutFrom === null) this.#keep(piece.subarray(keepFrom));
    this.#position += piece.byteLength;
    return this.#restBytes <= REST_BYTES_MAX && this.#leftOut.length <= LEFT_OUT_MAX;
  }

  result(): Scan {
    return {
      rest: Buffer.concat(this.#rest, this.#restBytes),
      inData: this.#members.inData(),
      atTop: this.#members.atTop(),
      leftOut: this.#leftOut,
      depth: this.#members.depthMax,
    };
  }

  /** Reads up to and including the quote that opens the next string. */
  #readStructure(piece: Uint8Array, from: number): number {
    for (let index = from; index < piece.byteLength; index += 1) {
      const byte = piece[index];
      if (byte === QUOTE) {
        this.#openString(this.#position + index);
        return index + 1;
      }
      if (byte === OPEN_BRACE || byte === OPEN_BRACKET) this.#members.openContainer(byte === OPEN_BRACE);
      else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) this.#members.closeContainer();
      else if (byte === COMMA || byte === COLON) this.#members.expectKey(byte === COMMA);
    }
    return piece.byteLength;
  }

  /** Reads up to and including the quote that closes the string. */
  #readString(piece: Uint8Array, from: number): number {
    for (let index = from; index < piece.byteLength;) {
      if (this.#isEscaped) {
        this.#isEscaped = false;
        this.#addToName(piece, index, index + 1);
        index += 1;
        continue;
      }
      const quote = piece.indexOf(QUOTE, index);
      const backslash = this.#nextBackslash(piece, index);
      this.#isEscaped = backslash !== -1 && (quote === -1 || backslash < quote);
      const last = this.#isEscaped ? backslash : quote;
      const end = last === -1 ? piece.byteLength : last + 1;
      this.#addToName(piece, index, end);
      index = end;
      if (last !== -1 && last === quote) {
        this.#closeString(this.#position + quote);
        return end;
      }
    }
    return piece.byteLength;
  }

  /** Where the next backslash is, or -1; most pieces have none, and are searched for it once. */
  #nextBackslash(piece: Uint8Array, from: number): number {
    if (this.#backslash !== -1 && this.#backslash < from) this.#backslash = piece.indexOf(BACKSLASH, from);
    return this.#backslash;
  }

  #openString(quoteAt: number): void {
    this.#inString = true;
    const kind = this.#members.nextString();
    if (kind === "name") this.#name = [QUOTE];
    if (kind === "audio") this.#leftOutFrom = quoteAt + 1;
  }

  #closeString(quoteAt: number): void {
    this.#inString = false;
    if (this.#name !== null) this.#members.enterMember(parseName(this.#name));
    this.#name = null;
    if (this.#leftOutFrom === null) return;
    const span = { start: this.#leftOutFrom, end: quoteAt };
    this.#members.foundAudio(span);
    if (this.#leftOut.length <= LEFT_OUT_MAX) this.#leftOut.push(span);
    this.#leftOutFrom = null;
  }

  #addToName(piece: Uint8Array, from: number, end: number): void {
    if (this.#name === null || this.#name.length > NAME_BYTES_MAX) return;
    this.#name.push(...piece.subarray(from, Math.min(end, from + NAME_BYTES_MAX + 1)));
  }

  #keep(bytes: Uint8Array): void {
    if (bytes.byteLength === 0 || this.#restBytes > REST_BYTES_MAX) return;
    this.#restBytes += bytes.byteLength;
    // The piece's buffer is used again for the next one.
    this.#rest.push(new Uint8Array(bytes));
  }
}

function parseName(bytes: number[]): string | null {
  if (bytes.length > NAME_BYTES_MAX) return null;
  try {
    return String(JSON.parse(Buffer.from(bytes).toString("latin1")));
  } catch {
    return null;
  }
}
