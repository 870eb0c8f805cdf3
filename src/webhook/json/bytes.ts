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
export const plainBytes: ByteSet = new Uint8Array(256).fill(1, SPACE);
plainBytes[QUOTE] = 0;
plainBytes[BACKSLASH] = 0;

/** What may follow a backslash. */
export const escapableBytes = setOf('"\\/bfnrtu');
export const hexadecimalBytes = setOf("0123456789abcdefABCDEF");
export const whiteSpace = setOf(" \n\r\t");
/** What a number, `true`, `false` or `null` is made of. */
export const scalarBytes = setOf("0123456789+-.Eabcdefghijklmnopqrstuvwxyz");

/** Where the run of bytes of a set that begins at `from` ends. */
export function endOfRun(set: ByteSet, piece: Uint8Array, from: number): number {
  let index = from;
  while (index < piece.byteLength && set[piece[index] ?? 0] === 1) index += 1;
  return index;
}

function setOf(characters: string): ByteSet {
  const set = new Uint8Array(256);
  for (const byte of Buffer.from(characters)) set[byte] = 1;
  return set;
}
