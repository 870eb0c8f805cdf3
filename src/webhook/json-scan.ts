/** Where the text of a JSON string stands in a body, without its quotes: the first byte, and the one after the last. */
export type Span = { start: number; end: number };

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
const AUDIO_NAMES = new Set(["full_audio", "audio_base64"]);
// The longest spelling of one of these names: every character escaped as \uXXXX, and the quotes.
const KEY_BYTES_MAX = 6 * "audio_base64".length + 2;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

type Level = { isObject: boolean; expectsKey: boolean; key: string | null; audio: Map<string, Span> };

const newLevel = (): Level => ({ isObject: false, expectsKey: false, key: null, audio: new Map() });

/**
 * Separates the one long string of an audio event from the rest, in one pass over pieces that may be split at any byte,
 * in memory that does not grow with that string. Exact where the body is JSON. Where it is not, `rest` is not JSON
 * either or something in `leftOut` is no JSON text, so that `JSON.parse` of the one and a look at the other decide.
 */
export class JsonScanner {
  #position = 0;
  #depth = 0;
  #depthMax = 0;
  // Only the object at the top and the one in its member `data` can hold the recording.
  readonly #top = newLevel();
  readonly #data = newLevel();

  #inString = false;
  #escaped = false;
  #key: number[] | null = null;
  #leftOutFrom: { start: number; level: Level; name: string } | null = null;

  readonly #rest: Uint8Array[] = [];
  #restBytes = 0;
  readonly #leftOut: Span[] = [];

  /** Takes the next piece. Returns false, for good, when there is more than can be kept in memory. */
  add(piece: Uint8Array): boolean {
    let copyFrom = 0;
    for (let index = 0; index < piece.byteLength;) {
      if (!this.#inString) {
        index = this.#structure(piece, index);
        if (this.#leftOutFrom !== null) this.#keep(piece.subarray(copyFrom, index));
        continue;
      }
      const wasLeftOut = this.#leftOutFrom !== null;
      index = this.#string(piece, index);
      if (wasLeftOut && !this.#inString) copyFrom = index - 1;
    }
    if (this.#leftOutFrom === null) this.#keep(piece.subarray(copyFrom));
    this.#position += piece.byteLength;
    return this.#restBytes <= REST_BYTES_MAX && this.#leftOut.length <= LEFT_OUT_MAX;
  }

  result(): Scan {
    return {
      rest: Buffer.concat(this.#rest, this.#restBytes),
      inData: effectiveSpan(this.#data),
      atTop: effectiveSpan(this.#top),
      leftOut: this.#leftOut,
      depth: this.#depthMax,
    };
  }

  /** Reads up to and including the quote that opens the next string. */
  #structure(piece: Uint8Array, from: number): number {
    for (let index = from; index < piece.byteLength; index += 1) {
      const byte = piece[index];
      if (byte === QUOTE) {
        this.#openString(this.#position + index);
        return index + 1;
      }
      if (byte === 0x7b || byte === 0x5b) this.#openContainer(byte === 0x7b);
      else if (byte === 0x7d || byte === 0x5d) this.#closeContainer();
      else if (byte === 0x3a) this.#expectKey(false);
      else if (byte === 0x2c) this.#expectKey(true);
    }
    return piece.byteLength;
  }

  /** Reads up to and including the quote that closes the string. */
  #string(piece: Uint8Array, from: number): number {
    // Both searches are native; neither is repeated before its result has been passed.
    let quote = -2;
    let backslash = -2;
    for (let index = from; index < piece.byteLength;) {
      if (this.#escaped) {
        this.#escaped = false;
        this.#keyBytes(piece, index, index + 1);
        index += 1;
        continue;
      }
      if (quote !== -1 && quote < index) quote = piece.indexOf(QUOTE, index);
      if (backslash !== -1 && backslash < index) backslash = piece.indexOf(BACKSLASH, index);
      if (backslash !== -1 && (quote === -1 || backslash < quote)) {
        this.#escaped = true;
        this.#keyBytes(piece, index, backslash + 1);
        index = backslash + 1;
        continue;
      }
      const end = quote === -1 ? piece.byteLength : quote + 1;
      this.#keyBytes(piece, index, end);
      if (quote !== -1) this.#closeString(this.#position + quote);
      return end;
    }
    return piece.byteLength;
  }

  #openString(quoteAt: number): void {
    this.#inString = true;
    const level = this.#level();
    if (level === null) return;
    if (level.expectsKey) {
      this.#key = [QUOTE];
    } else if (level.key !== null && AUDIO_NAMES.has(level.key)) {
      this.#leftOutFrom = { start: quoteAt + 1, level, name: level.key };
    }
  }

  #closeString(quoteAt: number): void {
    this.#inString = false;
    if (this.#leftOutFrom !== null) {
      const { start, level, name } = this.#leftOutFrom;
      const span = { start, end: quoteAt };
      level.audio.set(name, span);
      if (this.#leftOut.length <= LEFT_OUT_MAX) this.#leftOut.push(span);
      this.#leftOutFrom = null;
    }
    if (this.#key !== null) this.#closeKey(this.#key);
    this.#key = null;
  }

  #closeKey(bytes: number[]): void {
    const level = this.#level();
    if (level === null) return;
    level.key = bytes.length > KEY_BYTES_MAX ? null : parseKey(bytes);
    // JSON.parse takes the last of repeated members: what an earlier one held no longer counts.
    if (level.key !== null) level.audio.delete(level.key);
    if (level === this.#top && level.key === "data") this.#data.audio.clear();
  }

  #openContainer(isObject: boolean): void {
    this.#depth += 1;
    this.#depthMax = Math.max(this.#depthMax, this.#depth);
    if (this.#depth > 2) return;
    const level = this.#depth === 1 ? this.#top : this.#data;
    const isWatched =
      this.#depth === 1 || (this.#top.isObject && this.#top.key === "data" && !this.#top.expectsKey);
    level.isObject = isObject && isWatched;
    level.expectsKey = level.isObject;
    level.key = null;
  }

  #closeContainer(): void {
    const level = this.#level();
    if (level !== null) level.isObject = false;
    this.#depth -= 1;
  }

  #expectKey(expectsKey: boolean): void {
    const level = this.#level();
    if (level !== null) level.expectsKey = expectsKey;
  }

  /** The object that is being read, if it is one that can hold the recording. */
  #level(): Level | null {
    if (this.#depth === 1) return this.#top.isObject ? this.#top : null;
    if (this.#depth === 2) return this.#data.isObject ? this.#data : null;
    return null;
  }

  #keyBytes(piece: Uint8Array, from: number, end: number): void {
    if (this.#key === null || this.#key.length > KEY_BYTES_MAX) return;
    for (const byte of piece.subarray(from, Math.min(end, from + KEY_BYTES_MAX + 1))) this.#key.push(byte);
  }

  #keep(bytes: Uint8Array): void {
    if (bytes.byteLength === 0 || this.#restBytes > REST_BYTES_MAX) return;
    this.#restBytes += bytes.byteLength;
    // The piece's buffer is used again for the next one.
    this.#rest.push(Uint8Array.from(bytes));
  }
}

function effectiveSpan(level: Level): Span | null {
  return level.audio.get("full_audio") ?? level.audio.get("audio_base64") ?? null;
}

function parseKey(bytes: number[]): string | null {
  try {
    return String(JSON.parse(Buffer.from(bytes).toString("latin1")));
  } catch {
    return null;
  }
}
