// How SQLite writes rows: https://www.sqlite.org/fileformat2.html, sections 1.6 and 2.1.

const BLOB_TYPE = 12;

/** A whole number of up to 48 bits, or bytes. */
type Value = number | Uint8Array;

/** A row as it stands in a file, without what a page keeps around it. */
export function encodeRecord(values: readonly Value[]): Uint8Array {
  const types = values.flatMap((value) => encodeVarint(typeOf(value)));
  // The length counts itself; a header that needs two bytes for it has columns by the dozen.
  const header = [...encodeVarint(types.length + 1), ...types];
  const body = values.map((value) => (typeof value === "number" ? encodeInteger(value) : value));
  return Buffer.concat([Uint8Array.from(header), ...body]);
}

/** A number of SQLite's: seven bits a byte, the highest first, and the eighth says that more follow. */
export function varintAt(bytes: Uint8Array, at: number): { value: number; end: number } {
  let value = 0;
  let end = at;
  let byte: number;
  do {
    byte = bytes[end] ?? 0;
    value = value * 128 + (byte & 0x7f);
    end += 1;
  } while (byte >= 0x80);
  return { value, end };
}

function encodeVarint(value: number): number[] {
  const higher = Math.floor(value / 128);
  const last = value % 128;
  return higher === 0 ? [last] : [...encodeVarint(higher).map((byte) => byte | 0x80), last];
}

/** 8 and 9 are the numbers 0 and 1 themselves, 1 to 5 numbers of 1, 2, 3, 4 and 6 bytes. */
function typeOf(value: Value): number {
  if (typeof value !== "number") return BLOB_TYPE + 2 * value.byteLength;
  if (value === 0 || value === 1) return 8 + value;
  const byteCount = integerBytes(value);
  return byteCount === 6 ? 5 : byteCount;
}

function integerBytes(value: number): number {
  const found = [1, 2, 3, 4].find(
    (count) => value >= -(2 ** (8 * count - 1)) && value < 2 ** (8 * count - 1),
  );
  return found ?? 6;
}

function encodeInteger(value: number): Uint8Array {
  if (value === 0 || value === 1) return new Uint8Array();
  const byteCount = integerBytes(value);
  const bytes = Buffer.alloc(byteCount);
  bytes.writeIntBE(value, 0, byteCount);
  return bytes;
}
