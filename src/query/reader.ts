import type { Database } from "bun:sqlite";
import { drizzle } from "drizzle-orm/bun-sqlite";
import type { Orm } from "../store/sqlite/database.ts";
import { recordingFiles } from "../store/files/blobs.ts";
import { openSqlite } from "../store/sqlite/open.ts";
import { createMeter } from "./loudness/measure.ts";
import { createSumRecordings } from "./recording-bytes.ts";
import type { SumRecordings } from "./recording-bytes.ts";
import { createQueryReader } from "./search/query.ts";
import { createSearchIndex } from "./search/search-index.ts";
import type { SearchIndex, Tell } from "./search/search-index.ts";

/** A connection that can't change the database, and the search index beside it. */
export type Reader = {
  orm: Orm;
  sqlite: Database;
  index: SearchIndex;
  readQuery: ReturnType<typeof createQueryReader>;
  meter: ReturnType<typeof createMeter>;
  sumRecordings: SumRecordings;
};

/** Opens a database that is there, and that a writer has brought up to date. */
export function openReader(
  { databasePath, recordingsFolder }: { databasePath: string; recordingsFolder: string },
  tell: Tell,
): Reader {
  const sqlite = openSqlite(databasePath, "reader");
  const database = { sqlite, orm: drizzle({ client: sqlite }) };
  return {
    ...database,
    index: createSearchIndex({ databasePath, database, tell }),
    readQuery: createQueryReader(),
    meter: createMeter(recordingFiles(recordingsFolder)),
    sumRecordings: createSumRecordings(),
  };
}
