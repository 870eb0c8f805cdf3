/**
 * A column of a table that is a public interface. What the program and its documentation say of it is made from this:
 * the row's type and the table that drizzle sees, the API's model and answer, the export, and the table in docs/data.md.
 */
export type Column = {
  /** In SQL, in answers and in exports. */
  name: string;
  /** A flag is 0 or 1 in SQL, false or true in answers; moments are RFC 3339 in answers, and JSON is a value. */
  kind: "text" | "integer" | "real" | "flag" | "seconds" | "milliseconds" | "json";
  description: string;
  examples?: readonly (string | number)[];
  /** All values that a text may have. */
  values?: readonly [string, ...string[]];
  /** Never null. */
  isRequired?: true;
};

/** The columns of a table in its order, by the names that the program has for them. */
export type Columns = Record<string, Column>;

type Value<One extends Column> = One extends { values: readonly (infer Text)[] }
  ? Text
  : One["kind"] extends "text" | "json"
    ? string
    : number;

type OrNull<One extends Column, T> = One extends { isRequired: true } ? T : T | null;

/** A row as the database has it. */
export type Row<Table extends Columns> = { [Name in keyof Table]: OrNull<Table[Name], Value<Table[Name]>> };

type ShownValue<One extends Column> = One["kind"] extends "json"
  ? unknown
  : One["kind"] extends "flag"
    ? boolean
    : One["kind"] extends "seconds" | "milliseconds"
      ? string
      : Value<One>;

/** A row as answers and exports have it. */
export type ShownRow<Table extends Columns> = {
  [Name in keyof Table as Table[Name]["name"]]: OrNull<Table[Name], ShownValue<Table[Name]>>;
};
