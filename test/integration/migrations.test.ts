import { Database } from "bun:sqlite";
import { beforeEach, describe, expect, test } from "bun:test";
import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { openDatabase } from "../../src/store/database.ts";
import { temporaryFolder } from "../helpers/folders.ts";

const first = "CREATE TABLE calls (id INTEGER PRIMARY KEY, name TEXT) STRICT;";
const second = "ALTER TABLE calls ADD COLUMN kind TEXT; CREATE INDEX calls_kind ON calls (kind);";
const third = "CREATE TABLE words (id INTEGER PRIMARY KEY) STRICT;";
const faulty = "CREATE TABLE words (id INTEGER PRIMARY KEY) STRICT; CREATE TABLE calls (id INTEGER) STRICT;";

let path: string;

beforeEach(() => {
  path = join(temporaryFolder(), "transcripts.sqlite");
});

/** Opens with these migrations, asks, and closes again. */
function open(migrations: string[], sql = "PRAGMA user_version"): unknown[] {
  const { sqlite } = openDatabase(path, migrations);
  const statement = sqlite.query(sql);
  const values = statement.values();
  statement.finalize();
  sqlite.close();
  return values;
}

function valuesOf(file: string, sql: string): unknown[] {
  const database = new Database(file, { readonly: true });
  try {
    return database.query(sql).values();
  } finally {
    database.close();
  }
}

const copies = () => readdirSync(dirname(path)).filter((name) => name.includes(".before-"));

test("a new database gets all migrations, and no copy", () => {
  expect(open([first, second])).toEqual([[2]]);
  expect(copies()).toEqual([]);
});

describe("a database of an earlier schema", () => {
  beforeEach(() => {
    open([first], "INSERT INTO calls VALUES (7, 'Ada') RETURNING id");
  });

  test.each([
    ["one behind", [first, second], 2],
    ["two behind", [first, second, third], 3],
  ])("that is %s keeps its rows, gets what is new, and is copied before", (_, migrations, schema) => {
    expect(open(migrations)).toEqual([[schema]]);
    expect(valuesOf(path, "SELECT id, name, kind FROM calls")).toEqual([[7, "Ada", null]]);
    expect(copies()).toEqual([`${basename(path)}.before-schema-${schema}`]);
    const copy = `${path}.before-schema-${schema}`;
    expect(valuesOf(copy, "PRAGMA user_version")).toEqual([[1]]);
    expect(valuesOf(copy, "SELECT * FROM calls")).toEqual([[7, "Ada"]]);
    expect(valuesOf(copy, "PRAGMA integrity_check")).toEqual([["ok"]]);
  });

  test("is not copied again once it is up to date", () => {
    open([first, second], "INSERT INTO calls VALUES (8, 'Bob', 'x') RETURNING id");
    open([first, second]);
    expect(valuesOf(`${path}.before-schema-2`, "SELECT id FROM calls")).toEqual([[7]]);
  });

  test("stays as it is where one of several migrations fails, and is brought up to date later", () => {
    expect(() => open([first, second, faulty])).toThrow("already exists");
    expect(valuesOf(path, "PRAGMA user_version")).toEqual([[1]]);
    expect(valuesOf(path, "SELECT name FROM sqlite_schema ORDER BY name")).toEqual([["calls"]]);
    expect(open([first, second, third])).toEqual([[3]]);
    expect(valuesOf(path, "SELECT id FROM calls")).toEqual([[7]]);
  });

  test("replaces a copy that an interrupted start has left half done", () => {
    writeFileSync(`${path}.before-schema-2.tmp`, "half");
    open([first, second]);
    expect(existsSync(`${path}.before-schema-2.tmp`)).toBe(false);
    expect(valuesOf(`${path}.before-schema-2`, "SELECT id FROM calls")).toEqual([[7]]);
  });

  test("is refused by the program of before once it is newer, which names the copy", () => {
    open([first, second]);
    expect(() => open([first])).toThrow(`restore the copy made before the upgrade, ${path}.before-schema-2`);
    expect(valuesOf(path, "PRAGMA user_version")).toEqual([[2]]);
  });
});
