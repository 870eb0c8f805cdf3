import { Database } from "bun:sqlite";
import { migrate } from "../../src/store/postgres/migrate.ts";
import { openPool } from "../../src/store/postgres/pool.ts";
import type { Value } from "../../src/store/postgres/pool.ts";
import { cleanText } from "../../src/store/postgres/text.ts";

const TABLES = ["events", "call_failures", "conversations", "state"];

/** Copies what a SQLite file holds into an empty database of Postgres. */
export async function copyToPostgres(databasePath: string, url: string): Promise<void> {
  const pool = openPool({ url, connectionsMax: 4 });
  await migrate(pool, { instanceId: "copy" });
  const sqlite = new Database(databasePath, { readonly: true });
  for (const table of TABLES) {
    const rowId = table === "conversations" ? ", rowid AS row_id, '{}' AS fold_order" : "";
    const bytes = table === "events" ? ", CAST(payload AS BLOB) AS payload" : "";
    const rows = sqlite.query<Record<string, Value>, []>(`SELECT *${bytes}${rowId} FROM ${table}`).all();
    for (const row of rows) {
      const names = Object.keys(row);
      const places = names.map((_, index) => `$${index + 1}`);
      await pool.query(
        `INSERT INTO ${table} (${names.join()}) VALUES (${places.join()})`,
        Object.values(row).map((value) => (typeof value === "string" ? cleanText(value) : value)),
      );
    }
  }
  sqlite.close();
  await pool.close();
}
