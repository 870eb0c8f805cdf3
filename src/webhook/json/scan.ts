import { isAscii } from "node:buffer";
import { NESTING_LEVELS_MAX } from "../../vendor/event.ts";
import * as bytes from "./bytes.ts";
import { Outline } from "./outline.ts";
import type { Span } from "./outline.ts";
import { StringReader } from "./string.ts";

/** What a body says of itself, read without keeping it. */
export type Scan = {
  /** The body as JSON.parse would return it, with nothing in it but the members that say what it is; null if it is neither object nor array. */
  outline: unknown;
  /** The text of the recording in `data`, or (older senders) at the top level. Whether it is base64 is not known yet. */
  inData: Span | null;
  atTop: Span | null;
  /** Strings, numbers, literals, objects and arrays; members' names are not counted. */
  valueCount: number;
  /** The deepest nesting: 1 for an object without inner objects and arrays. */
  depth: number;
};

const SCALAR = /^(?:true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)$/;
const SCALAR_CHARS_MAX = 1024;
const LONG_RUN_OF_DIGITS = /(\d{64})\d+/g;

type Expected = "value" | "value or end" | "name" | "name or end" | "colon" | "comma or end" | "nothing";

/**
 * Reads a body of any size in one pass over pieces that may be split at any byte, each byte once, in memory that does
 * not grow with it. Takes exactly what JSON.parse takes of bytes in UTF-8; only what is nested deeper than
 * NESTING_LEVELS_MAX is counted and not judged.
 */
export class JsonScanner {
  readonly #outline = new Outline();
  readonly #utf8 = new Utf8Judge();

  #expected: Expected = "value";
  /** 1 for each open object, 0 for each open array. */
  readonly #isObject = new Uint8Array(NESTING_LEVELS_MAX + 1);
  #depth = 0;
  #depthMax = 0;
  #valueCount = 0;

  /** Of the piece in the body. */
  #position = 0;
  readonly #string = new StringReader();
  #isInString = false;
  #isName = false;
  #stringStart = 0;
  /** What has been read of a number, `true`, `false` or `null`. */
  #scalar = "";

  /** Takes the next piece. Returns false, for good, if the body is not JSON. */
  add(piece: Uint8Array): boolean {
    let index = this.#utf8.takes(piece) ? 0 : -1;
    while (index !== -1 && index < piece.byteLength) {
      index = this.#isInString ? this.#readString(piece, index) : this.#readStructure(piece, index);
    }
    this.#position += piece.byteLength;
    return index !== -1;
  }

  /** To be called after the last piece. Returns null if the body is not JSON. */
  end(): Scan | null {
    if (this.#isInString || !this.#endScalar() || !this.#utf8.takes(null)) return null;
    if (this.#expected !== "nothing") return null;
    return {
      outline: this.#outline.value(),
      inData: this.#outline.inData(),
      atTop: this.#outline.atTop(),
      valueCount: this.#valueCount,
      depth: this.#depthMax,
    };
  }

  /** Reads up to and including the quote that opens the next string. Returns -1 if it is not JSON. */
  #readStructure(piece: Uint8Array, from: number): number {
    for (let index = from; index < piece.byteLength; index += 1) {
      const byte = piece[index] ?? 0;
      if (bytes.scalarBytes[byte] === 1) {
        const end = bytes.endOfRun(bytes.scalarBytes, piece, index);
        if (!this.#addToScalar(piece, index, end)) return -1;
        index = end - 1;
        continue;
      }
      if (!this.#endScalar()) return -1;
      if (bytes.whiteSpace[byte] === 1) continue;
      if (byte === bytes.QUOTE) return this.#openString(this.#position + index + 1) ? index + 1 : -1;
      if (!this.#takeMark(byte)) return -1;
    }
    return piece.byteLength;
  }

  /** Reads up to and including the quote that closes the string. Returns -1 if it is not JSON. */
  #readString(piece: Uint8Array, from: number): number {
    const end = this.#string.read(piece, from);
    if (end === -1 || end === piece.byteLength) return end;
    this.#closeString(this.#position + end);
    return end + 1;
  }

  #openString(start: number): boolean {
    this.#isName = this.#expected === "name" || this.#expected === "name or end";
    if (!this.#isName && !this.#beginValue()) return false;
    this.#isInString = true;
    this.#stringStart = start;
    this.#string.start(this.#isName ? this.#outline.isWatching() : this.#outline.wanted() === "text");
    return true;
  }

  #closeString(end: number): void {
    this.#isInString = false;
    const text = this.#string.text();
    if (this.#isName) {
      this.#outline.enterMember(text);
      this.#expected = "colon";
      return;
    }
    if (this.#outline.wanted() === "span") this.#outline.setAudio({ start: this.#stringStart, end });
    this.#outline.setValue(text);
    this.#endValue();
  }

  #takeMark(byte: number): boolean {
    switch (byte) {
      case bytes.OPEN_BRACE:
      case bytes.OPEN_BRACKET:
        return this.#openContainer(byte === bytes.OPEN_BRACE ? 1 : 0);
      case bytes.CLOSE_BRACE:
      case bytes.CLOSE_BRACKET:
        return this.#closeContainer(byte === bytes.CLOSE_BRACE ? 1 : 0);
      case bytes.COLON:
        return this.#expect("colon", "value");
      case bytes.COMMA:
        return this.#expect("comma or end", this.#isObject[this.#depth] === 1 ? "name" : "value");
      default:
        return false;
    }
  }

  #openContainer(isObject: 0 | 1): boolean {
    if (!this.#beginValue()) return false;
    this.#outline.openContainer(isObject === 1);
    this.#depth += 1;
    this.#depthMax = Math.max(this.#depthMax, this.#depth);
    if (this.#isTooDeep()) return true;
    this.#isObject[this.#depth] = isObject;
    this.#expected = isObject === 1 ? "name or end" : "value or end";
    return true;
  }

  #closeContainer(isObject: 0 | 1): boolean {
    const isOpen = this.#depth > 0 && this.#isObject[this.#depth] === isObject;
    if (!this.#isTooDeep() && !(isOpen && this.#expected.endsWith("or end"))) return false;
    this.#outline.closeContainer();
    this.#depth -= 1;
    this.#endValue();
    return true;
  }

  #addToScalar(piece: Uint8Array, from: number, end: number): boolean {
    this.#scalar += Buffer.from(piece.buffer, piece.byteOffset + from, end - from).toString("latin1");
    if (this.#scalar.length <= SCALAR_CHARS_MAX) return true;
    // This many digits are a number exactly if fewer are, and its value is never used.
    this.#scalar = this.#scalar.replace(LONG_RUN_OF_DIGITS, "$1");
    return this.#scalar.length <= SCALAR_CHARS_MAX;
  }

  #endScalar(): boolean {
    if (this.#scalar === "") return true;
    const text = this.#scalar;
    this.#scalar = "";
    if (!this.#beginValue() || !(SCALAR.test(text) || this.#isTooDeep())) return false;
    this.#outline.setValue(this.#outline.wanted() === "text" ? JSON.parse(text) : null);
    this.#endValue();
    return true;
  }

  #beginValue(): boolean {
    this.#valueCount += 1;
    return this.#expected === "value" || this.#expected === "value or end" || this.#isTooDeep();
  }

  #endValue(): void {
    this.#expected = this.#depth === 0 ? "nothing" : "comma or end";
  }

  #expect(expected: Expected, next: Expected): boolean {
    if (this.#isTooDeep()) return true;
    const isExpected = this.#expected === expected;
    this.#expected = next;
    return isExpected;
  }

  #isTooDeep(): boolean {
    return this.#depth > NESTING_LEVELS_MAX;
  }
}

/** Judges whether bytes that come in pieces are UTF-8 (RFC 3629: no surrogates, no overlong forms). */
class Utf8Judge {
  readonly #decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  #mayEndInCharacter = false;

  /** @param piece null for the end */
  takes(piece: Uint8Array | null): boolean {
    if (!this.#mayEndInCharacter && (piece === null || isAscii(piece))) return true;
    try {
      this.#decoder.decode(piece ?? undefined, { stream: piece !== null });
    } catch (error) {
      if (error instanceof TypeError) return false;
      throw error;
    }
    this.#mayEndInCharacter = (piece?.at(-1) ?? 0) > 0x7f;
    return true;
  }
}
