import { describe } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createLog } from "../../src/platform/log.ts";
import { createPostgresQueries } from "../../src/query/postgres/queries.ts";
import { openPostgresStore } from "../../src/store/postgres/store.ts";
import { recordOfLeftBody } from "../../src/webhook/record.ts";
import { openFileObjects } from "../helpers/file-objects.ts";
import { hasPostgres, sharedPostgres } from "../helpers/postgres.ts";
import { testBlobs } from "./blobs.ts";
import { testEraser } from "./eraser.ts";
import { testEventStore } from "./events.ts";
import { testQueries } from "./queries.ts";
import { testRecoveries } from "./recoveries.ts";
import { openedBy } from "./store.ts";
import type { Opened } from "./store.ts";

const log = createLog({ level: "ERROR", format: "text", write: () => {} });
// What outlives a crash is told by postgres-faults.test.ts.
const server = sharedPostgres({ fsync: "off", synchronous_commit: "off", full_page_writes: "off" });
const isHere = hasPostgres("the store in Postgres");

/** Databases without tables. */
const empty: string[] = [];

/** A database and a folder of their own; the blobs of a bucket are in test/cloud. */
async function open(): Promise<Opened> {
  const folder = mkdtempSync(join(tmpdir(), "store-"));
  const databaseUrl = empty.pop() ?? (await (await server()).createDatabase());

  const start = async (storesRecordings: boolean) => {
    const objects = await openFileObjects(folder, { storesRecordings, log });
    const store = await openPostgresStore({
      databaseUrl,
      objects,
      spoolFolder: folder,
      recordOfLeftBody,
      log,
    });
    return { store, queries: createPostgresQueries({ databaseUrl, recordings: objects.recordings, log }) };
  };
  return await openedBy(start, async () => {
    rmSync(folder, { recursive: true, force: true });
    await (await server()).clear(databaseUrl);
    empty.push(databaseUrl);
  });
}

describe.skipIf(!isHere)("Postgres: events", () => testEventStore(open));
describe.skipIf(!isHere)("Postgres: erasing", () => testEraser(open));
describe.skipIf(!isHere)("Postgres: blobs", () => testBlobs(open));
describe.skipIf(!isHere)("Postgres: queries", () => testQueries(open));
describe.skipIf(!isHere)("Postgres: recoveries", () => testRecoveries(open));
