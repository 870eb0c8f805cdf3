import type { Database } from "bun:sqlite";
import { randomBytes } from "node:crypto";
import { readAges, textOfAges } from "../../model/lineage.ts";
import type { DataAge, Lineage } from "../../model/lineage.ts";
import { openSqlite } from "./open.ts";
import type { StateName } from "./state.ts";

const NAME: StateName = "data_id";

/** Gives a database its id, unless it has one. */
export function ensureDataId(sqlite: Database): void {
  if (agesOf(sqlite).length > 0) return;
  sqlite.transaction(() => agesOf(sqlite).length === 0 && begin(sqlite)).immediate();
}

/**
 * Gives a copy of a database that is about to be restored another id: its next events get ids that others had before.
 *
 * @throws SQLiteError
 */
export function replaceDataId(path: string): void {
  const sqlite = openSqlite(path, "copy");
  try {
    // Of a backup from before there were facts; the first open gives it one.
    if (hasTable(sqlite, "state")) sqlite.transaction(() => begin(sqlite)).immediate();
  } finally {
    sqlite.close();
  }
}

/** Which data a database holds. It may be read without the right to write. */
export function readLineage(sqlite: Database): Lineage {
  return { ages: agesOf(sqlite), lastEventId: lastEventId(sqlite) };
}

function begin(sqlite: Database): void {
  const age = { dataId: randomBytes(16).toString("hex"), sinceEventId: lastEventId(sqlite) };
  const value = textOfAges([age, ...agesOf(sqlite)]);
  sqlite.query("INSERT OR REPLACE INTO state (name, value) VALUES (?, ?)").run(NAME, value);
}

function agesOf(sqlite: Database): DataAge[] {
  if (!hasTable(sqlite, "state")) return [];
  const row = sqlite.query<{ value: unknown }, [string]>("SELECT value FROM state WHERE name = ?").get(NAME);
  return readAges(String(row?.value ?? ""));
}

/** SQLite keeps it for AUTOINCREMENT: it never goes down, whatever is deleted. */
export function lastEventId(sqlite: Database): number {
  const row = sqlite.query("SELECT max(seq) FROM sqlite_sequence WHERE name = 'events'").values()[0];
  return Number(row?.[0] ?? 0);
}

function hasTable(sqlite: Database, name: string): boolean {
  return (
    sqlite.query("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?").values(name).length > 0
  );
}
