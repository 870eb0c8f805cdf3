import { ID_CHARS_MAX } from "../../vendor/event.ts";
import { splitEscape } from "./audio-text.ts";
import { BACKSLASH, endOfPlainRun, escapableBytes, hexadecimalBytes, QUOTE, SMALL_U } from "./bytes.ts";

// A character takes at most six bytes, as \uXXXX: a text that is longer has more characters than any that is used.
const TEXT_BYTES_MAX = 6 * (ID_CHARS_MAX + 2);

/** Reads the strings of a body, one after the other, from the byte after the opening quote on. */
export class StringReader {
  /** What is to come of an escape: 1 for the character after the backslash, then 2 to 5 for hexadecimal digits. */
  #escape = 0;
  /** null if nobody wants the text */
  #kept: Buffer[] | null = null;
  #keptBytes = 0;

  start(isWanted: boolean): void {
    this.#kept = isWanted ? [] : null;
    this.#keptBytes = 0;
  }

  /** Returns where the closing quote is, the end of the piece if it comes in a later one, or -1 if it is not JSON. */
  read(piece: Uint8Array, from: number): number {
    let index = from;
    for (; index < piece.byteLength; index += 1) {
      if (this.#escape === 0) index = endOfPlainRun(piece, index);
      const byte = piece[index];
      if (byte === undefined || (byte === QUOTE && this.#escape === 0)) break;
      if (!this.#takeOdd(byte)) return -1;
    }
    this.#keep(piece, from, index);
    return index;
  }

  /** The string that has been read, or null if nobody wanted it. One of more than TEXT_BYTES_MAX lacks its end. */
  text(): string | null {
    if (this.#kept === null) return null;
    const [whole] = splitEscape(Buffer.concat(this.#kept).toString());
    return String(JSON.parse(`"${whole}"`));
  }

  #takeOdd(byte: number): boolean {
    const part = this.#escape;
    if (part === 0) {
      this.#escape = 1;
      return byte === BACKSLASH;
    }
    if (part === 1) {
      this.#escape = byte === SMALL_U ? 2 : 0;
      return escapableBytes[byte] === 1;
    }
    this.#escape = part === 5 ? 0 : part + 1;
    return hexadecimalBytes[byte] === 1;
  }

  #keep(piece: Uint8Array, from: number, end: number): void {
    if (this.#kept === null || this.#keptBytes === TEXT_BYTES_MAX) return;
    // The piece's buffer is used again for the next one.
    const kept = Buffer.from(piece.subarray(from, Math.min(end, from + TEXT_BYTES_MAX - this.#keptBytes)));
    this.#kept.push(kept);
    this.#keptBytes += kept.byteLength;
  }
}
