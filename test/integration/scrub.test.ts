import { afterAll, beforeAll, expect, test } from "bun:test";
import { Database } from "bun:sqlite";
import { readFileSync, statSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { withDatabase } from "../../src/store/sqlite/open.ts";
import { scrub } from "../../src/store/sqlite/scrub.ts";
import { temporaryFolder } from "../helpers/folders.ts";

const ROWS = 4000;
const path = join(temporaryFolder(), "rows.sqlite");
const link = join(temporaryFolder(), "link.sqlite");
let sqlite: Database;
/** Rows that were moved about, because they grew, and then deleted. */
let deleted: string[];

/** The same numbers in every run, from 0 to 1. */
function createRandom() {
  let state = 42;
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return state / 2_147_483_648;
  };
}

const left = () => {
  const content = readFileSync(path, "latin1");
  return deleted.filter((name) => content.includes(name));
};

beforeAll(() => {
  symlinkSync(path, link);
  const random = createRandom();
  const filler = (chars: number) => "x".repeat(Math.floor(random() * chars));
  sqlite = new Database(path);
  for (const pragma of ["page_size = 8192", "journal_mode = WAL", "secure_delete = ON"]) {
    sqlite.run(`PRAGMA ${pragma}`);
  }
  sqlite.run("CREATE TABLE rows (name TEXT PRIMARY KEY, text TEXT)");
  const names = Array.from({ length: ROWS }, (_, index) => `row-${index}-${Math.floor(random() * 1e9)}.`);
  sqlite.transaction(() => {
    for (const [index, name] of names.entries()) {
      sqlite.query("INSERT INTO rows VALUES (?, ?)").run(name, filler(200));
      const older = names[index - Math.floor(random() * 20)] ?? name;
      sqlite.query("UPDATE rows SET text = ? WHERE name = ?").run(`${older}${filler(600)}`, older);
    }
  })();
  deleted = names.filter((_, index) => index % 3 === 0);
  for (const name of deleted) sqlite.query("DELETE FROM rows WHERE name = ?").run(name);
  sqlite.run("PRAGMA wal_checkpoint(TRUNCATE)");
});
afterAll(() => sqlite.close());

test("SQLite leaves words of rows that it moved before they were deleted; a scrub clears them", async () => {
  // Where this fails, SQLite has learnt to do it, and scrub.ts can go.
  expect(left()).not.toBeEmpty();
  await withDatabase(path, (own) => scrub(own, path));
  expect(left()).toBeEmpty();
  expect(statSync(`${path}-wal`).size).toBe(0);
});

test("the rest is as it was", () => {
  expect(sqlite.query("PRAGMA integrity_check").values()).toEqual([["ok"]]);
  expect(sqlite.query("SELECT count(*) FROM rows").values()).toEqual([[ROWS - deleted.length]]);
});

test("a connection that has the old pages in memory does not write them back", async () => {
  sqlite.query("SELECT sum(length(text)) FROM rows").values();
  await withDatabase(path, (own) => scrub(own, path));
  sqlite.run("UPDATE rows SET text = text || 'y'");
  sqlite.run("PRAGMA wal_checkpoint(TRUNCATE)");
  expect(left()).toBeEmpty();
});

test.each([
  ["", path],
  [", also if it is named by a symlink elsewhere", link],
])("waits for those who still read what is old%s", async (_, named) => {
  sqlite.run("BEGIN");
  sqlite.query("SELECT count(*) FROM rows").values();
  const scrubbed = withDatabase(named, (own) => {
    own.run("UPDATE rows SET text = text || 'z' WHERE rowid = 2");
    return scrub(own, named);
  });
  let isScrubbed = false;
  void scrubbed.then(() => (isScrubbed = true));
  await Bun.sleep(100);
  expect(isScrubbed).toBe(false);
  sqlite.run("COMMIT");
  await scrubbed;
  expect(statSync(`${path}-wal`).size).toBe(0);
});
