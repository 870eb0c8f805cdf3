import type { Columns } from "../../model/columns.ts";
import type { Query, Value } from "../../store/postgres/pool.ts";
import { cleanText } from "../../store/postgres/text.ts";

/** Runs a statement, in which "?" stands for a value. */
export type Select = <Row>(text: string, values?: readonly Value[]) => Promise<Row[]>;

/** A condition with its values: each "?" stands for one. */
export type Condition = readonly [text: string, ...values: Value[]];

export type Conditions = { text: string; values: Value[] };

/** All conditions at once, but those whose value is null. */
export function allOf(conditions: readonly Condition[]): Conditions {
  const asked = conditions.filter(([, value]) => value !== null);
  return {
    text: asked.map(([text]) => text).join(" AND ") || "true",
    values: asked.flatMap(([, ...values]) => values),
  };
}

/** Texts that no column can have find nothing, rather than fail. */
export function selectBy(query: Query): Select {
  return (text, values = []) => {
    let count = 0;
    const numbered = text.replaceAll("?", () => `$${(count += 1)}`);
    const clean = values.map((value) => (typeof value === "string" ? cleanText(value) : value));
    return query(numbered, clean);
  };
}

/** A table's columns by the names that the program has for them. */
export function columnsOf(columns: Columns, table: string): string {
  return Object.entries(columns)
    .map(([name, column]) => `${table}.${column.name} AS "${name}"`)
    .join(", ");
}
