import { getTableColumns, sql } from "drizzle-orm";
import type { Placeholder } from "drizzle-orm";
import type { SQLiteTable } from "drizzle-orm/sqlite-core";

/** The values of an insert that is prepared once: for each column of the table a placeholder with its name. */
export function placeholders<T extends SQLiteTable>(table: T) {
  const names = Object.keys(getTableColumns(table));
  // Object.fromEntries forgets which keys it was given.
  return Object.fromEntries(names.map((name) => [name, sql.placeholder(name)])) as Record<
    keyof T["_"]["columns"],
    Placeholder
  >;
}
