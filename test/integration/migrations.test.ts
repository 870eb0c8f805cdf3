import { Database } from "bun:sqlite";
import { beforeEach, describe, expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { openDatabase, PredecessorInTheWayError, schemaVersion } from "../../src/store/sqlite/database.ts";
import type { Migration } from "../../src/store/sqlite/database.ts";
import { temporaryFolder } from "../helpers/folders.ts";

const first = "CREATE TABLE calls (id INTEGER PRIMARY KEY, name TEXT) STRICT;";
const second = "ALTER TABLE calls ADD COLUMN kind TEXT; CREATE INDEX calls_kind ON calls (kind);";
const third = "CREATE TABLE words (id INTEGER PRIMARY KEY) STRICT;";
const faulty = "CREATE TABLE words (id INTEGER PRIMARY KEY) STRICT; CREATE TABLE calls (id INTEGER) STRICT;";

const folderOfMigrations = join(import.meta.dir, "../../src/store/sqlite/migrations");

let path: string;

beforeEach(() => {
  path = join(temporaryFolder(), "transcripts.sqlite");
});

/** Opens with these migrations, asks, and closes again. */
function open(migrations: string[], sql = "PRAGMA user_version"): unknown[] {
  const { sqlite } = openDatabase(path, {
    migrations: migrations.map((step) => ({ sql: step, olderPrograms: "stop" })),
  });
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

describe("while an instance of an older version finishes", () => {
  const older: Migration[] = [{ sql: first, olderPrograms: "stop" }];
  const insert = "INSERT INTO calls (name) VALUES ('Bob')";

  test.each([
    ["adds columns and indexes", second],
    ["adds a table", third],
  ])("a step that only %s is taken beside it, and it goes on writing", (_, sql) => {
    const before = openDatabase(path, { migrations: older });
    const statement = before.sqlite.query(insert);
    statement.run();
    openDatabase(path, {
      isShared: true,
      migrations: [...older, { sql, olderPrograms: "go on" }],
    }).sqlite.close();
    statement.run();
    statement.finalize();
    before.sqlite.close();
    // So does the version before when it is put back.
    const back = openDatabase(path, { migrations: older });
    back.sqlite.run(insert);
    back.sqlite.close();
    expect(valuesOf(path, "SELECT count(*) FROM calls")).toEqual([[3]]);
    expect(valuesOf(path, "PRAGMA user_version")).toEqual([[2]]);
  });

  const renaming: Migration = { sql: "ALTER TABLE calls RENAME TO talks;", olderPrograms: "stop" };

  test("a step that it can't go on beside waits for it, and nothing is changed", () => {
    const before = openDatabase(path, { migrations: older });
    const newer = { isShared: true, migrations: [...older, renaming] };
    expect(() => openDatabase(path, newer)).toThrow(PredecessorInTheWayError);
    before.sqlite.run(insert);
    before.sqlite.close();
    expect(copies()).toEqual([]);
    expect(valuesOf(path, "PRAGMA user_version")).toEqual([[1]]);
    openDatabase(path, { ...newer, isShared: false }).sqlite.close();
    expect(valuesOf(path, "SELECT name FROM talks")).toEqual([["Bob"]]);
  });

  test("the version before is refused after such a step, whatever came later", () => {
    const adding: Migration = { sql: third, olderPrograms: "go on" };
    openDatabase(path, { migrations: [...older, renaming, adding] }).sqlite.close();
    expect(() => openDatabase(path, { migrations: older })).toThrow(
      "restore the copy made before the upgrade",
    );
    openDatabase(path, { migrations: [...older, renaming] }).sqlite.close();
  });
});

test("an event that the version before stores beside this one counts as delivered", () => {
  openDatabase(path).sqlite.close();
  const database = new Database(path);
  database.run(
    "INSERT INTO events (received_at, status, body_sha256, body_bytes) VALUES (1, 'processed', 'ab', 2)",
  );
  database.close();
  expect(valuesOf(path, "SELECT source FROM events")).toEqual([["webhook"]]);
  expect(valuesOf(path, "SELECT oldest_writer FROM schema_compatibility")).toEqual([[3]]);
});

test("conversations are found by their start without looking at all of them", () => {
  const { sqlite } = openDatabase(path);
  const plan = sqlite.query<{ detail: string }, []>(
    "EXPLAIN QUERY PLAN SELECT * FROM conversations WHERE started_at > 0 ORDER BY started_at DESC, rowid DESC",
  );
  const steps = plan.all().map(({ detail }) => detail);
  plan.finalize();
  sqlite.close();
  expect(steps).toEqual(["SEARCH conversations USING INDEX conversations_started_at (started_at>?)"]);
});

// A database is told apart from a tampered one by what its migrations make: a change to one of them, even to a comment,
// would make two databases of one schema. What has to change is a new migration.
test.each([
  ["0001-initial", "0762e4773c81481154db07eab5d20de4835516cb9b97ed1e31d59d7293045a1c"],
  ["0002-erasures", "1394e71841ef961c69bef1a7acdb22a6494e2d492e202c0e80d167c3a7691c6d"],
  ["0003-events", "b1487e28ad703d9556c769bdf297d00fa22f20236a89d040455bc4fed24e9dd3"],
  ["0004-conversations-by-start", "bc7eeeee6f0c91551e909d32567e8a3e0785e8664feed253893271fcaca63a25"],
  ["0005-state", "7fdea9d6218a4b043ab92e69c66909f7ac5796a1dd1bfe23af0205c09bae729f"],
  ["0006-recovery", "142a37ffe13433794831ac5c345f5886abf0ff979f2369d02628b1e8cc1899fb"],
])("the migration %s is frozen", (name, sha256) => {
  const bytes = readFileSync(join(folderOfMigrations, `${name}.sql`));
  expect(new Bun.CryptoHasher("sha256").update(bytes).digest("hex")).toBe(sha256);
});

test("every migration is frozen by the test above, once it has been released", () => {
  expect(readdirSync(folderOfMigrations)).toHaveLength(schemaVersion);
  expect(schemaVersion).toBe(6);
});
