import type { Changes, Database, SQLQueryBindings } from "bun:sqlite";
import { getTableColumns, is, Param, Placeholder, sql } from "drizzle-orm";
import type { SQLiteTable } from "drizzle-orm/sqlite-core";

/**
 * Prepares an insert that drizzle has written, to be run by SQLite directly: what drizzle does for each run (filling in
 * values, mapping columns, reading rows back) costs more than the insert itself, and this runs for every event.
 *
 * @param query its values are placeholders with the names of the row's members
 */
export function prepareInsert<Row extends { [Name in keyof Row]: SQLQueryBindings }>(
  sqlite: Database,
  query: { toSQL: () => { sql: string; params: unknown[] } },
): (row: Row) => Changes {
  const { sql: text, params } = query.toSQL();
  const names = params.map(nameOf);
  const statement = sqlite.prepare(text);
  return (row) => statement.run(...names.map((name) => row[name as keyof Row]));
}

function nameOf(parameter: unknown): string {
  const value = is(parameter, Param) ? parameter.value : parameter;
  if (!is(value, Placeholder)) throw new Error("a value of the statement is not a placeholder");
  return value.name;
}

/** The values of an insert that is prepared once: for each column of the table a placeholder with its name. */
export function placeholders<T extends SQLiteTable>(table: T) {
  const names = Object.keys(getTableColumns(table));
  // Object.fromEntries forgets which keys it was given.
  return Object.fromEntries(names.map((name) => [name, sql.placeholder(name)])) as Record<
    keyof T["_"]["columns"],
    Placeholder
  >;
}
