import { describe } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readingThread } from "../../src/app.ts";
import { createLog } from "../../src/platform/log.ts";
import { createQueries } from "../../src/query/queries.ts";
import { openStore } from "../../src/store/store.ts";
import { recordOfLeftBody } from "../../src/webhook/record.ts";
import { testBlobs } from "./blobs.ts";
import { testEraser } from "./eraser.ts";
import { testEventStore } from "./events.ts";
import { testQueries } from "./queries.ts";
import { testRecoveries } from "./recoveries.ts";
import { openedBy } from "./store.ts";
import type { Opened } from "./store.ts";

const log = createLog({ level: "ERROR", format: "text", write: () => {} });

/** SQLite and files in a folder of their own. */
async function open(): Promise<Opened> {
  const folder = mkdtempSync(join(tmpdir(), "store-"));
  const databasePath = join(folder, "transcripts.sqlite");
  const recordingsFolder = join(folder, "audio");

  const start = async (keepsRecordings: boolean) => ({
    store: await openStore({
      databasePath,
      audioFolder: keepsRecordings ? recordingsFolder : null,
      recordingsFolder,
      recordOfLeftBody,
      log,
    }),
    queries: createQueries({ databasePath, recordingsFolder, thread: readingThread, log }),
  });
  // The thread that reads may still be removing files of its own.
  return await openedBy(start, () => rmSync(folder, { recursive: true, force: true }));
}

describe("SQLite and files: events", () => testEventStore(open));
describe("SQLite and files: erasing", () => testEraser(open));
describe("SQLite and files: blobs", () => testBlobs(open));
describe("SQLite and files: queries", () => testQueries(open));
describe("SQLite and files: recoveries", () => testRecoveries(open));
