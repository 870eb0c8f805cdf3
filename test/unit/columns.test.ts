import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Value } from "@sinclair/typebox/value";
import { Type } from "@sinclair/typebox";
import { membersOf, shownRow } from "../../src/http/lib/columns.ts";
import { callFailureColumns } from "../../src/model/call-failure.ts";
import type { Column, Columns } from "../../src/model/columns.ts";
import { conversationColumns, noFacts } from "../../src/model/conversation.ts";
import { eventColumns } from "../../src/model/event.ts";
import { migrateEmpty, schemaVersion } from "../../src/store/sqlite/database.ts";

const src = join(import.meta.dir, "../../src");
const sqlTypes: Record<Column["kind"], string> = {
  text: "TEXT",
  json: "TEXT",
  integer: "INTEGER",
  real: "REAL",
  flag: "INTEGER",
  seconds: "INTEGER",
  milliseconds: "INTEGER",
};

test.each([
  ["conversations", conversationColumns, []],
  ["call_failures", callFailureColumns, []],
  ["events", eventColumns, ["payload", "payload_path", "turns_payload"]],
])("the columns of %s are those that the migrations make", (table, columns: Columns, others) => {
  const sqlite = new Database(":memory:");
  migrateEmpty(sqlite, schemaVersion);
  const made = sqlite.query<{ name: string; type: string }, [string]>(
    "SELECT name, type FROM pragma_table_info(?)",
  );
  expect(made.all(table).filter(({ name }) => !others.some((other) => other === name))).toEqual(
    Object.values(columns).map(({ name, kind }) => ({ name, type: sqlTypes[kind] })),
  );
});

/** Derived columns that nothing searches, filters by or adds up, with the files that name them. */
test.each([
  ["terminationReason", ["vendor/otel.ts", "vendor/transcription.ts"]],
  ["turnCount", ["vendor/otel.ts", "vendor/transcription.ts"]],
])("only the table of columns and what derives it name %s", (name, derivations) => {
  const naming = [...new Bun.Glob("**/*.ts").scanSync(src)].filter((file) =>
    new RegExp(`(^|[{ ,.])${name}[:,]`, "m").test(readFileSync(join(src, file), "utf8")),
  );
  expect(naming.toSorted()).toEqual(["model/conversation.ts", ...derivations]);
  expect(noFacts).toHaveProperty(name, null);
});

test("a further column is in the answer and its model with nothing else changed", () => {
  const table = {
    id: { name: "id", kind: "text", isRequired: true, description: "Its id." },
    isCalm: { name: "is_calm", kind: "flag", description: "Whether it was calm." },
    calmSince: { name: "calm_since", kind: "seconds", description: "Since when." },
  } as const satisfies Columns;
  const model = Type.Object(membersOf(table));
  const shown = shownRow(table, { id: "a", isCalm: 1, calmSince: 0 });
  expect(shown).toEqual({ id: "a", is_calm: true, calm_since: "1970-01-01T00:00:00Z" });
  expect(Value.Check(model, { ...shown, calm_since: null })).toBe(true);
  expect(Value.Check(model, { ...shown, is_calm: 1 })).toBe(false);
});
