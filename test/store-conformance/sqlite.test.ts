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
import type { Opened } from "./store.ts";

const log = createLog({ level: "ERROR", format: "text", write: () => {} });

/** SQLite and files in a folder of their own. */
async function open(): Promise<Opened> {
  const folder = mkdtempSync(join(tmpdir(), "store-"));
  const databasePath = join(folder, "transcripts.sqlite");
  const recordingsFolder = join(folder, "audio");

  const start = async (keepsRecordings = true) => ({
    store: await openStore({
      databasePath,
      audioFolder: keepsRecordings ? recordingsFolder : null,
      recordingsFolder,
      recordOfLeftBody,
      log,
    }),
    queries: createQueries({ databasePath, recordingsFolder, thread: readingThread, log }),
  });
  const stop = (): Promise<{ isClean: boolean }> => {
    opened.queries.close();
    return opened.store.close();
  };

  const opened: Opened = {
    ...(await start()),
    async reopen({ keepsRecordings = true } = {}) {
      const stopped = await stop();
      Object.assign(opened, await start(keepsRecordings));
      return stopped;
    },
    async end() {
      await stop();
      // The thread that reads may still be removing files of its own.
      rmSync(folder, { recursive: true, force: true });
    },
  };
  return opened;
}

describe("SQLite and files: events", () => testEventStore(open));
describe("SQLite and files: erasing", () => testEraser(open));
describe("SQLite and files: blobs", () => testBlobs(open));
describe("SQLite and files: queries", () => testQueries(open));
describe("SQLite and files: recoveries", () => testRecoveries(open));
