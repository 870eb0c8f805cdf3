import { Database } from "bun:sqlite";
import { onFile } from "../../platform/faults.ts";

/**
 * Works on a database through a connection of its own: the one that receives then sees from the changes of this one that
 * the pages it has in memory are old.
 *
 * @param path of a database of any of our schemas
 * @throws FileFault if SQLite or the system fails
 */
export function withDatabase<T>(path: string, work: (sqlite: Database) => T | Promise<T>): Promise<T> {
  return onFile(path, () => workOn(path, work));
}

async function workOn<T>(path: string, work: (sqlite: Database) => T | Promise<T>): Promise<T> {
  const sqlite = new Database(path, { create: false, readwrite: true, strict: true });
  try {
    for (const pragma of [
      "busy_timeout = 1000",
      "journal_mode = WAL",
      "synchronous = FULL",
      "foreign_keys = ON",
      "secure_delete = ON",
    ]) {
      sqlite.run(`PRAGMA ${pragma}`);
    }
    return await work(sqlite);
  } finally {
    sqlite.close();
  }
}
