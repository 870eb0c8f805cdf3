// What JSON is made of, by bytes (RFC 8259).

const SPACE = 0x20;
export const QUOTE = 0x22;
export const COMMA = 0x2c;
export const COLON = 0x3a;
export const OPEN_BRACKET = 0x5b;
export const BACKSLASH = 0x5c;
export const CLOSE_BRACKET = 0x5d;
export const SMALL_U = 0x75;
export const OPEN_BRACE = 0x7b;
export const CLOSE_BRACE = 0x7d;

/** 1 for each byte that is in the set. */
export type ByteSet = Uint8Array;

/** What stands for itself in a string: all but control characters, the quote and the backslash. */
const plainBytes: ByteSet = new Uint8Array(256).fill(1, SPACE);
plainBytes[QUOTE] = 0;
plainBytes[BACKSLASH] = 0;

/** What may follow a backslash. */
export const escapableBytes = setOf('"\\/bfnrtu');
export const hexadecimalBytes = setOf("0123456789abcdefABCDEF");
export const whiteSpace = setOf(" \n\r\t");
/** What a number, `true`, `false` or `null` is made of. */
export const scalarBytes = setOf("0123456789+-.Eabcdefghijklmnopqrstuvwxyz");

/** Where the run of bytes of a set that begins at `from` ends; `until` if it does not end before. */
export function endOfRun(set: ByteSet, piece: Uint8Array, from: number, until = piece.byteLength): number {
  let index = from;
  while (index < until && set[piece[index] ?? 0] === 1) index += 1;
  return index;
}

const SHORT_RUN_BYTES = 1024;
const WINDOW_BYTES_MAX = 65_536;
// oxlint-disable-next-line no-control-regex -- JSON forbids exactly these in a string (RFC 8259, section 7)
const NOT_PLAIN = /["\\\u0000-\u001f]/;

/** Where the run of what stands for itself in a string ends that begins at `from`. */
export function endOfPlainRun(piece: Uint8Array, from: number): number {
  const until = Math.min(from + SHORT_RUN_BYTES, piece.byteLength);
  const index = endOfRun(plainBytes, piece, from, until);
  return index - from < SHORT_RUN_BYTES ? index : endOfLongPlainRun(piece, from, index);
}

/**
 * A regular expression takes a third of the time that a look at each byte takes, but needs a copy: of no more than what has been
 * passed by then, so that the work is in proportion to the run.
 */
function endOfLongPlainRun(piece: Uint8Array, from: number, passed: number): number {
  const buffer = Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength);
  let index = passed;
  while (index < buffer.byteLength) {
    const windowBytes = Math.min(index - from, WINDOW_BYTES_MAX);
    const found = buffer.toString("latin1", index, index + windowBytes).search(NOT_PLAIN);
    if (found !== -1) return index + found;
    index += windowBytes;
  }
  return buffer.byteLength;
}

function setOf(characters: string): ByteSet {
  const set = new Uint8Array(256);
  for (const byte of Buffer.from(characters)) set[byte] = 1;
  return set;
}
