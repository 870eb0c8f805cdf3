import type { Database } from "bun:sqlite";
import { migrateEmpty, oldestWriter, schemaVersion } from "./database.ts";
import { openSqlite, userVersion } from "./open.ts";

/** A table, index, view or trigger, as SQLite keeps it. */
type SchemaObject = { type: string; name: string; table: string; tokens: string[] };

/** SQLite makes these by itself, or has them made by ANALYZE; none of them can do anything. */
const SQLITES_OWN = /^sqlite_(sequence|stat[1-4])$/;
/** A column that a program which does not know it need not heed: it may be NULL and asks for nothing. */
const ADDED_COLUMNS = /^(, \w+ (TEXT|INTEGER|REAL|BLOB|ANY) ?)*$/;
const TOKENS =
  /--[^\n]*|\/\*[\s\S]*?\*\/|'(?:[^']|'')*'|"(?:[^"]|"")*"|`(?:[^`]|``)*`|\[[^\]]*\]|[\w$\u0080-\u{10ffff}]+|\S/gu;

/**
 * What a database has otherwise than the migrations of its schema make it, each in a few words; none if all is as it
 * should be. A trigger would act at each write, a view tell readers what was never stored, an index keep events out.
 *
 * A database that a newer version has made so that this one may write to it (`schema_compatibility`) may have more tables,
 * indexes and columns than this version knows, and other views. A trigger is never ours.
 */
export function schemaFaults(sqlite: Database): string[] {
  const schema = userVersion(sqlite);
  const isNewer = schema > schemaVersion && oldestWriter(sqlite, schema) <= schemaVersion;
  const expected = expectedObjects(Math.min(schema, schemaVersion));
  const actual = new Map(objectsOf(sqlite).map((object) => [keyOf(object), object]));

  const missing = expected.filter((object) => !actual.has(keyOf(object)));
  const changed = expected.filter((object) => {
    const found = actual.get(keyOf(object));
    return found !== undefined && !isSame(found, object, isNewer);
  });
  const known = new Set(expected.map(keyOf));
  const added = [...actual.values()].filter(
    (object) => !known.has(keyOf(object)) && !(isNewer && isHarmless(object)),
  );
  return [
    ...missing.map((object) => `${shown(object)} is missing`),
    ...changed.map((object) => `${shown(object)} is another than that of schema ${schema}`),
    ...added.map((object) => `${shown(object)} is not of this program`),
  ];
}

function expectedObjects(schema: number): SchemaObject[] {
  const sqlite = openSqlite(":memory:", "scratch");
  try {
    migrateEmpty(sqlite, schema);
    return objectsOf(sqlite);
  } finally {
    sqlite.close();
  }
}

function objectsOf(sqlite: Database): SchemaObject[] {
  const statement = sqlite.prepare<Omit<SchemaObject, "tokens"> & { sql: string | null }, []>(
    'SELECT type, name, tbl_name AS "table", sql FROM sqlite_schema',
  );
  try {
    return statement
      .all()
      .filter(({ type, name }) => type !== "table" || !SQLITES_OWN.test(name))
      .map(({ type, name, table, sql }) => ({ type, name, table, tokens: tokensOf(sql ?? "") }));
  } finally {
    statement.finalize();
  }
}

/** The words and signs of a statement, without comments and white space. */
function tokensOf(sql: string): string[] {
  return (sql.match(TOKENS) ?? []).filter((token) => !token.startsWith("--") && !token.startsWith("/*"));
}

const keyOf = ({ type, name, table }: SchemaObject) => JSON.stringify([type, name, table]);

/** @param isNewer whether a table may have more columns, and a view be another */
function isSame(found: SchemaObject, expected: SchemaObject, isNewer: boolean): boolean {
  if (isNewer && expected.type === "view") return true;
  if (found.tokens.join(" ") === expected.tokens.join(" ")) return true;
  if (!isNewer || expected.type !== "table") return false;
  const end = expected.tokens.lastIndexOf(")");
  const tail = expected.tokens.length - end;
  const added = found.tokens.slice(end, -tail);
  const rest = found.tokens.toSpliced(end, added.length);
  return rest.join(" ") === expected.tokens.join(" ") && ADDED_COLUMNS.test(added.join(" "));
}

/** Whether something of a newer version leaves this one's reads and writes as they are. */
function isHarmless({ type, tokens }: SchemaObject): boolean {
  const words = tokens.map((token) => token.toUpperCase());
  if (type === "table") return words[1] === "TABLE" && !words.includes("REFERENCES");
  return type === "view" || (type === "index" && words[1] !== "UNIQUE");
}

const shown = ({ type, name }: SchemaObject) => `the ${type} ${name}`;
