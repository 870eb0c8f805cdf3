import type { Database } from "bun:sqlite";
import { readSync, writeSync } from "node:fs";

/** Looked at in one go, each with its page of about 4 KB. */
const COUNT_MAX = 2_000;

// The format of FTS5's pages: "FTS5 On-Disk Format", in the comments of SQLite's ext/fts5/fts5_index.c.
const SEGMENT_SHIFT = 37;
const LEAF_BYTES_AT = 2;

/** The last separator that was looked at. */
export type SeparatorPosition = { segment: number; term: Uint8Array };

type Separator = SeparatorPosition & { pgno: number; page: Uint8Array };
/** The bytes of a separator's row, and those that are to stand there. */
type Edit = { row: Uint8Array; newRow: Uint8Array };

const SELECT = `
  SELECT segid AS segment, term, pgno, block AS page
  FROM texts_idx JOIN texts_data ON texts_data.id = (segid << ${SEGMENT_SHIFT}) + (pgno >> 1)
  WHERE (segid, term) > (?, ?) ORDER BY segid, term LIMIT ${COUNT_MAX}`;

/** A separator is not where the format says: the index can't be cleaned, and has to go. */
export class SeparatorError extends Error {
  override readonly name = "SeparatorError";
}

/**
 * Clears words that are deleted from the list in which FTS5 finds the page of a word. It holds of each page's first word
 * as much as tells it from the word before, at times all of it, and `secure-delete` leaves that there. Another word takes
 * its place, as long, between the same two pages. SQLite lets no statement change that list (SQLITE_DBCONFIG_DEFENSIVE),
 * so it is changed in the file.
 *
 * @param index in a transaction that nobody else can write beside, with the write-ahead log empty
 * @param descriptor of its file
 * @param after null at the beginning
 * @returns whether the file was changed, and where to go on: null at the end
 * @throws SeparatorError
 */
export function clearSeparators(
  index: Database,
  descriptor: number,
  after: SeparatorPosition | null,
): { isChanged: boolean; next: SeparatorPosition | null } {
  const { segment, term } = after ?? { segment: 0, term: new Uint8Array() };
  const separators = index.query<Separator, [number, Uint8Array]>(SELECT).all(segment, term);
  const edits = separators.flatMap((separator) => editOf(separator) ?? []);
  if (edits.length > 0) applyEdits(index, descriptor, edits);
  const last = separators.at(-1);
  const isEnd = last === undefined || separators.length < COUNT_MAX;
  return { isChanged: edits.length > 0, next: isEnd ? null : { segment: last.segment, term: last.term } };
}

/** null if the page's first word is still the one of the separator, or shares all of it. */
function editOf({ segment, term, pgno, page }: Separator): Edit | null {
  const first = firstTermOf(page);
  const shared = first === null ? term.byteLength : sharedBytes(first, term);
  if (first === null || shared === term.byteLength) return null;
  const newTerm = new Uint8Array(term.byteLength);
  if (first.byteLength >= term.byteLength) newTerm.set(first.subarray(0, term.byteLength));
  else {
    // Behind all that begins like the deleted word, before the first word that is left. No text in UTF-8 has 0xff.
    newTerm.fill(0xff);
    newTerm.set(term.subarray(0, shared + 1));
  }
  return { row: encodeRecord([segment, term, pgno]), newRow: encodeRecord([segment, newTerm, pgno]) };
}

function applyEdits(index: Database, descriptor: number, edits: readonly Edit[]): void {
  const pages = index
    .query<{ start: number; size: number }, []>(
      "SELECT pgoffset AS start, pgsize AS size FROM dbstat WHERE name = 'texts_idx'",
    )
    .all();
  const left = new Set(edits);
  for (const { start, size } of pages) {
    const page = Buffer.alloc(size);
    readSync(descriptor, page, 0, size, start);
    for (const edit of left) {
      const at = page.indexOf(edit.row);
      if (at < 0) continue;
      writeSync(descriptor, edit.newRow, 0, edit.newRow.byteLength, start + at);
      left.delete(edit);
    }
  }
  if (left.size > 0) throw new SeparatorError("a separator of the search index is not found in its file");
}

/** The first word of a page, with the byte that FTS5 puts before each; null if no word begins on it. */
function firstTermOf(page: Uint8Array): Uint8Array | null {
  const leafBytes = new DataView(page.buffer, page.byteOffset, page.byteLength).getUint16(LEAF_BYTES_AT);
  if (leafBytes >= page.byteLength) return null;
  const { value: termAt } = varintAt(page, leafBytes);
  const { value: termBytes, end } = varintAt(page, termAt);
  return page.subarray(end, end + termBytes);
}

function sharedBytes(one: Uint8Array, other: Uint8Array): number {
  let count = 0;
  while (count < one.byteLength && count < other.byteLength && one[count] === other[count]) count += 1;
  return count;
}

// How SQLite writes rows: https://www.sqlite.org/fileformat2.html, sections 1.6 and 2.1.

const BLOB_TYPE = 12;

/** A whole number of up to 48 bits, or bytes. */
type Value = number | Uint8Array;

/** A row as it stands in a file, without what a page keeps around it. */
function encodeRecord(values: readonly Value[]): Uint8Array {
  const types = values.flatMap((value) => encodeVarint(typeOf(value)));
  // The length counts itself; a header that needs two bytes for it has columns by the dozen.
  const header = [...encodeVarint(types.length + 1), ...types];
  const body = values.map((value) => (typeof value === "number" ? encodeInteger(value) : value));
  return Buffer.concat([Uint8Array.from(header), ...body]);
}

/** A number of SQLite's: seven bits a byte, the highest first, and the eighth says that more follow. */
function varintAt(bytes: Uint8Array, at: number): { value: number; end: number } {
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
