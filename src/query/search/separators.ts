import type { Database } from "bun:sqlite";
import { readSync, writeSync } from "node:fs";
import { encodeRecord, varintAt } from "../../store/sqlite/sqlite-format.ts";

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
