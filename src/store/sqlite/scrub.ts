import type { Database } from "bun:sqlite";
import { fdatasyncSync, fstatSync, openSync, readSync, statSync, writeSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { hasCode } from "../../platform/errors.ts";
import { ScrubError } from "../port.ts";
import { logBytes } from "./open.ts";

const PAGES_AT_ONCE = 256;
const WAIT_MS = 50;
const WAIT_MS_MAX = 20_000;

// The format of a page: https://www.sqlite.org/fileformat2.html, sections 1.3 and 1.6.
const FILE_HEADER_BYTES = 100;
const PAGE_SIZE_AT = 16;
const INTERIOR_TYPES = [2, 5];
const LEAF_TYPES = [10, 13];

/**
 * Overwrites what SQLite has left of moved rows. `secure_delete` clears what is deleted, but a row that moved to another
 * page while pages were balanced stays, word for word, in the space between the pointers and the cells of the page it
 * came from. No statement of SQL reaches that space, so it is cleared in the file: while nobody else can write, and
 * with the write-ahead log empty, so that the file is the truth.
 *
 * @param sqlite a connection that nobody else uses, in WAL mode
 * @throws ScrubError; what SQLite or the system says
 */
export async function scrub(sqlite: Database, path: string): Promise<void> {
  for (let from: number | null = 0; from !== null;) from = await scrubSome(sqlite, path, from);
}

/** A part of that, from an offset on. Returns the offset to go on at, null at the end. */
export async function scrubSome(sqlite: Database, path: string, from: number): Promise<number | null> {
  const descriptor = descriptorOf(path);
  const end = await withEmptyLog(sqlite, path, () => scrubPages(sqlite, descriptor, from));
  if (end !== null) return end;
  fdatasyncSync(descriptor);
  await withEmptyLog(sqlite, path, () => null);
  return null;
}

/**
 * Changes the file in place, while nobody else can write and the write-ahead log is empty, so that the file is the truth.
 *
 * @param edit says whether it has changed something
 */
export async function editFile<T extends { isChanged: boolean }>(
  sqlite: Database,
  path: string,
  edit: (descriptor: number) => T,
): Promise<T> {
  const descriptor = descriptorOf(path);
  const result = await withEmptyLog(sqlite, path, () => {
    const done = edit(descriptor);
    if (done.isChanged) touch(sqlite);
    return done;
  });
  fdatasyncSync(descriptor);
  return result;
}

/** Clears some pages from an offset on. Returns the offset to go on at, null at the end. */
function scrubPages(sqlite: Database, descriptor: number, from: number): number | null {
  const header = Buffer.alloc(FILE_HEADER_BYTES);
  readSync(descriptor, header, 0, header.byteLength, 0);
  const pageBytes = header.readUInt16BE(PAGE_SIZE_AT) === 1 ? 65_536 : header.readUInt16BE(PAGE_SIZE_AT);
  const zeros = Buffer.alloc(pageBytes);
  const pages = Buffer.alloc(pageBytes * PAGES_AT_ONCE);
  const byteCount = readSync(descriptor, pages, 0, pages.byteLength, from);

  let cleared = 0;
  for (let at = 0; at + pageBytes <= byteCount; at += pageBytes) {
    const offset = from + at;
    const page = pages.subarray(at, at + pageBytes);
    const { start, end } = unusedSpan(page, offset === 0 ? FILE_HEADER_BYTES : 0);
    if (start >= end || page.subarray(start, end).equals(zeros.subarray(start, end))) continue;
    writeSync(descriptor, zeros, 0, end - start, offset + start);
    cleared += 1;
  }
  // A change, whatever it be: other connections then forget the pages that they have in memory, with what was in them.
  if (cleared > 0) touch(sqlite);
  return byteCount < pages.byteLength ? null : from + byteCount;
}

/** The span between the pointers and the cells of a page; empty if the page is none of a table or an index. */
function unusedSpan(page: Buffer, headerAt: number): { start: number; end: number } {
  const type = page[headerAt] ?? 0;
  // Of an overflow page, and of a free one, the first byte is the highest of a page number: 0 up to 256 GiB.
  if (![...INTERIOR_TYPES, ...LEAF_TYPES].includes(type)) return { start: 0, end: 0 };
  const cells = page.readUInt16BE(headerAt + 3);
  const start = headerAt + (INTERIOR_TYPES.includes(type) ? 12 : 8) + 2 * cells;
  // 0 stands for 65,536.
  const end = page.readUInt16BE(headerAt + 5) || 65_536;
  return end <= page.byteLength ? { start, end } : { start: 0, end: 0 };
}

/** Does something while nobody else can write and all that was written is in the file itself. */
async function withEmptyLog<T>(sqlite: Database, path: string, work: () => T): Promise<T> {
  const busyMs = Number(sqlite.query("PRAGMA busy_timeout").values()[0]?.[0]);
  const startedMs = performance.now();
  do {
    // SQLite itself would wait in this thread, and deliveries with it.
    sqlite.run("PRAGMA busy_timeout = 0");
    try {
      sqlite.run("PRAGMA wal_checkpoint(TRUNCATE)");
      const done = ifLogIsEmpty(sqlite, path, work);
      if (done !== null) return done.value;
    } finally {
      sqlite.run(`PRAGMA busy_timeout = ${busyMs}`);
    }
    await sleep(WAIT_MS);
  } while (performance.now() - startedMs < WAIT_MS_MAX);
  throw new ScrubError(`somebody keeps reading ${path}`);
}

/** null if another process is writing, or has written since the checkpoint, or reads what is old. */
function ifLogIsEmpty<T>(sqlite: Database, path: string, work: () => T): { value: T } | null {
  if (!begin(sqlite)) return null;
  try {
    return (logBytes(path) ?? 0) === 0 ? { value: work() } : null;
  } finally {
    sqlite.run("COMMIT");
  }
}

/** False if another process is writing. */
function begin(sqlite: Database): boolean {
  try {
    sqlite.run("BEGIN IMMEDIATE");
    return true;
  } catch (error) {
    if (hasCode(error, "SQLITE_BUSY")) return false;
    throw error;
  }
}

function touch(sqlite: Database): void {
  const version = Number(sqlite.query("PRAGMA user_version").values()[0]?.[0]);
  sqlite.run(`PRAGMA user_version = ${version}`);
}

const descriptors = new Map<string, number>();

/**
 * A descriptor of a database's file. Never closed: that would drop the locks which SQLite holds on the file for this
 * process (https://www.sqlite.org/howtocorrupt.html, section 2.2).
 */
function descriptorOf(path: string): number {
  const known = descriptors.get(path);
  if (known !== undefined && isSame(known, path)) return known;
  const descriptor = openSync(path, "r+");
  descriptors.set(path, descriptor);
  return descriptor;
}

function isSame(descriptor: number, path: string): boolean {
  const [ours, there] = [fstatSync(descriptor), statSync(path)];
  return ours.ino === there.ino && ours.dev === there.dev;
}
