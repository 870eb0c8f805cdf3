import type { NotNull } from "drizzle-orm";
import { blob, integer, real, sqliteTable, text } from "drizzle-orm/sqlite-core";
import type {
  SQLiteIntegerBuilderInitial,
  SQLiteRealBuilderInitial,
  SQLiteTextBuilderInitial,
} from "drizzle-orm/sqlite-core";
import type { Column, Columns } from "../../model/columns.ts";
import { callFailureColumns } from "../../model/call-failure.ts";
import { eventColumns } from "../../model/event.ts";
import { conversationColumns } from "../../model/conversation.ts";

// The tables as drizzle sees them. What creates them is migrations/*.sql; their names are part of the public interface.

export const events = sqliteTable("events", {
  ...builders(eventColumns),
  id: integer("id").primaryKey({ autoIncrement: true }),
  /** The JSON as received (TEXT); a BLOB if it is not UTF-8. */
  payload: blob("payload", { mode: "buffer" }),
  /** Of a body that is too large for the row; relative to the folder of the database. */
  payloadPath: text("payload_path"),
  /** A copy of the payload without lone surrogates and NUL, only if it holds some: the view `turns` reads it. */
  turnsPayload: text("turns_payload"),
});

export const conversations = sqliteTable("conversations", builders(conversationColumns));

/** Conversations that were erased. */
export const erasures = sqliteTable("erasures", {
  /** Lower-case hex, of the conversation's id. */
  conversationSha256: text("conversation_sha256").primaryKey(),
  /** Unix milliseconds. */
  erasedAtMs: integer("erased_at").notNull(),
  /** NULL when all that the database holds of it is gone. */
  conversationId: text("conversation_id"),
  /** 1 when its traces in the files are gone too. */
  isComplete: integer("is_complete").notNull().default(0),
});

/** What the receiver remembers beyond one run: see state.ts. */
export const state = sqliteTable("state", {
  name: text("name").primaryKey(),
  value: text("value").notNull(),
});

export const callFailures = sqliteTable("call_failures", builders(callFailureColumns));

type Initial<One extends Column> = One["kind"] extends "text" | "json"
  ? SQLiteTextBuilderInitial<
      One["name"],
      One extends { values: readonly [infer First extends string, ...infer Rest extends string[]] }
        ? [First, ...Rest]
        : [string, ...string[]],
      undefined
    >
  : One["kind"] extends "real"
    ? SQLiteRealBuilderInitial<One["name"]>
    : SQLiteIntegerBuilderInitial<One["name"]>;

type Builders<Table extends Columns> = {
  [Name in keyof Table]: Table[Name] extends { isRequired: true }
    ? NotNull<Initial<Table[Name]>>
    : Initial<Table[Name]>;
};

/** A table's columns for drizzle. */
function builders<Table extends Columns>(columns: Table): Builders<Table> {
  const built = Object.entries(columns).map(([name, column]) => [name, builder(column)]);
  // Each is what `Initial` says of its kind.
  return Object.fromEntries(built) as Builders<Table>;
}

function builder({ name, kind, isRequired }: Column) {
  const column = initial(name, kind);
  return isRequired ? column.notNull() : column;
}

function initial(name: string, kind: Column["kind"]) {
  if (kind === "text" || kind === "json") return text(name);
  return kind === "real" ? real(name) : integer(name);
}
