import { openSqlite } from "../store/sqlite/open.ts";
import type { Queries } from "./port.ts";
import { groupQuarantined } from "./quarantine.ts";
import type { QuarantinedGroup } from "./quarantine.ts";
import type { Reader } from "./reader.ts";
import { createSumRecordings } from "./recording-bytes.ts";
import { readFigures } from "./stats.ts";
import type { StoredFigures } from "./stats.ts";

/** What of the database tells how the receiver is. */
export type FiguresReader = {
  figures: (nowMs: number) => Promise<StoredFigures>;
  /** By reason, the most frequent first. */
  quarantined: (groupsMax: number) => Promise<QuarantinedGroup[]>;
};

/** Asks the thread that reads. */
export function figuresByThread(queries: Pick<Queries, "ask">): FiguresReader {
  return {
    figures: (nowMs) => queries.ask("readFigures", nowMs),
    quarantined: (groupsMax) => queries.ask("groupQuarantined", groupsMax),
  };
}

/**
 * Asks by a connection that is open for that long only. For a receiver without the API, which has no thread that reads, nor
 * a search index, and asks once in a while.
 */
export function figuresByConnection(databasePath: string): FiguresReader {
  const sumRecordings = createSumRecordings();
  const within = async <T>(read: (reader: Pick<Reader, "sqlite" | "sumRecordings">) => T): Promise<T> => {
    const sqlite = openSqlite(databasePath, "reader");
    try {
      return read({ sqlite, sumRecordings });
    } finally {
      sqlite.close();
    }
  };
  return {
    figures: (nowMs) => within((reader) => readFigures(reader, nowMs)),
    quarantined: (groupsMax) => within((reader) => groupQuarantined(reader, groupsMax)),
  };
}
