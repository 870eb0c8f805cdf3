import type { Database } from "bun:sqlite";
import { existsSync, statSync } from "node:fs";
import { errorCode } from "../platform/errors.ts";
import { oldestWriter, schemaVersion } from "../store/sqlite/database.ts";
import { restoringMark } from "../store/files/marks.ts";
import { openSqlite } from "../store/sqlite/open.ts";
import { readRecordingsOwner } from "../store/sqlite/state.ts";
import { error, ok, warning } from "./result.ts";
import { sizeText } from "../platform/text.ts";
import type { CheckResult } from "./result.ts";

/** A larger one is checked quickly: its indexes are not compared with its rows. */
const FULL_CHECK_BYTES_MAX = 1024 ** 3;

/** What other checks need to know of the database. */
export type DatabaseContent = {
  recordings: { conversationId: string; path: string }[];
  /** Of the folder of the recordings; null if there is none yet. */
  recordingsOwner: string | null;
  /** null if there are no events */
  newestReceivedAtMs: number | null;
};

/** Reads the database, without changing it. `content` is null if there is none that can be read. */
export function checkDatabase(path: string): { results: CheckResult[]; content: DatabaseContent | null } {
  if (existsSync(restoringMark(path))) {
    const text = `a restore of ${path} has not been finished`;
    return {
      results: [error("database", text, "Run it again: until then the receiver refuses to start.")],
      content: null,
    };
  }
  if (!existsSync(path)) {
    return { results: [ok("database", `${path} is not there yet: the first start makes it`)], content: null };
  }
  let sqlite: Database | null = null;
  try {
    sqlite = openSqlite(path, "inspector");
    const schema = checkSchema(sqlite);
    if (schema.level === "error") return { results: [schema], content: null };
    const integrity = checkIntegrity(sqlite, path);
    return { results: [integrity, schema], content: integrity.level === "ok" ? readContent(sqlite) : null };
  } catch (failure) {
    return { results: [unreadable(path, failure)], content: null };
  } finally {
    sqlite?.close();
  }
}

function checkIntegrity(sqlite: Database, path: string): CheckResult {
  const { size } = statSync(path);
  const pragma = size > FULL_CHECK_BYTES_MAX ? "quick_check" : "integrity_check";
  const faults = sqlite.query(`PRAGMA ${pragma}(3)`).values().flat().map(String);
  const [first = ""] = faults;
  if (first === "ok") return ok("database", `${path} is intact (${sizeText(size)})`);
  return error(
    "database",
    `${path} is damaged: ${first}`,
    "Stop the receiver, keep a copy, and restore a backup or use sqlite3's .recover.",
  );
}

function checkSchema(sqlite: Database): CheckResult {
  const schema = Number(sqlite.query("PRAGMA user_version").values()[0]?.[0]);
  if (schema > schemaVersion && oldestWriter(sqlite, schema) > schemaVersion) {
    return error(
      "schema",
      `${schema} is newer than this program, which knows ${schemaVersion}`,
      "Run the newer version, or restore the copy made before the upgrade.",
    );
  }
  const hasEvents = sqlite.query("SELECT 1 FROM sqlite_master WHERE name = 'events'").get() !== null;
  if (schema > 0 && !hasEvents) {
    return error(
      "schema",
      "this is not a database of this program",
      "Set TRANSCRIPT_STORAGE_PATH to another file.",
    );
  }
  if (schema < schemaVersion) {
    return warning(
      "schema",
      `${schema} is older than this program's, ${schemaVersion}`,
      "The next start brings it up to date.",
    );
  }
  if (schema > schemaVersion) {
    return ok("schema", `${schema}, newer than this program, which may write there all the same`);
  }
  return ok("schema", `${schema}, that of this program`);
}

function readContent(sqlite: Database): DatabaseContent | null {
  const hasTables = sqlite.query("SELECT 1 FROM sqlite_master WHERE name = 'conversations'").get() !== null;
  if (!hasTables) return null;
  const recordings = sqlite
    .query<{ conversationId: string; path: string }, []>(
      "SELECT conversation_id AS conversationId, audio_path AS path FROM conversations WHERE audio_path IS NOT NULL",
    )
    .all();
  const newest = sqlite.query<{ ms: number | null }, []>("SELECT max(received_at) AS ms FROM events").get();
  return { recordings, recordingsOwner: readRecordingsOwner(sqlite), newestReceivedAtMs: newest?.ms ?? null };
}

function unreadable(path: string, failure: unknown): CheckResult {
  const code = errorCode(failure);
  if (code === "SQLITE_NOTADB" || code.startsWith("SQLITE_CORRUPT")) {
    return error(
      "database",
      `${path} is not an intact SQLite database`,
      "Restore it from a backup, or move it away to start with an empty one.",
    );
  }
  return error(
    "database",
    `${path} can't be read (${code})`,
    "Give this user the right to read and write it.",
  );
}
