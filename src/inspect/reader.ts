import { Database } from "bun:sqlite";
import { drizzle } from "drizzle-orm/bun-sqlite";
import type { Orm } from "../store/database.ts";

/** A connection that can't change the database. */
export type Reader = { orm: Orm; sqlite: Database };

/** Opens a database that is there, and that a writer has brought up to date. */
export function openReader(databasePath: string): Reader {
  const sqlite = new Database(databasePath, { readwrite: true, create: false, strict: true });
  sqlite.run("PRAGMA busy_timeout = 5000");
  sqlite.run("PRAGMA query_only = ON");
  return { sqlite, orm: drizzle({ client: sqlite }) };
}
