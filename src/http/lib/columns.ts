import { Type } from "@sinclair/typebox";
import type { TSchema, TUnsafe } from "@sinclair/typebox";
import type { Column, Columns, Row, ShownRow } from "../../model/columns.ts";
import { Nullable, optionalSecondsText, optionalTimeText, Time, timeText } from "./models.ts";

/** The model's members for a table's columns: what the OpenAPI document says of them, and the type of an answer. */
export function membersOf<Table extends Columns>(
  table: Table,
): { [Name in keyof ShownRow<Table>]: TUnsafe<ShownRow<Table>[Name]> } {
  const members = Object.values(table).map((column) => [column.name, memberOf(column)]);
  // Each is what `ShownRow` says of its kind.
  return Object.fromEntries(members) as ReturnType<typeof membersOf<Table>>;
}

function memberOf(column: Column): TSchema {
  const { description, isRequired = false } = column;
  const schema = schemaOf(column);
  return isRequired || column.kind === "json" ? { ...schema, description } : Nullable(schema, description);
}

function schemaOf({ kind, values, examples }: Column): TSchema {
  const options = {
    ...(values !== undefined && { enum: [...values] }),
    ...(examples !== undefined && { examples: [...examples] }),
  };
  switch (kind) {
    case "text":
      return Type.String(options);
    case "integer":
      return Type.Integer(options);
    case "real":
      return Type.Number(options);
    case "flag":
      return Type.Boolean(options);
    case "seconds":
    case "milliseconds":
      return { ...Time, ...options };
    case "json":
      return Type.Unknown(options);
  }
}

/** A row as answers and exports have it. */
export function shownRow<Table extends Columns>(table: Table, row: Row<Table>): ShownRow<Table> {
  const shown: Record<string, unknown> = {};
  for (const [name, column] of Object.entries(table)) shown[column.name] = shownValue(column, row[name]);
  // The loop has given every column its value.
  return shown as ShownRow<Table>;
}

function shownValue({ kind, isRequired }: Column, value: unknown): unknown {
  if (kind === "json" && typeof value === "string") return JSON.parse(value);
  if (typeof value !== "number") return value;
  switch (kind) {
    case "flag":
      return value === 1;
    case "seconds":
      return optionalSecondsText(value);
    case "milliseconds":
      return isRequired ? timeText(value) : optionalTimeText(value);
    default:
      return value;
  }
}
