import { Database } from "bun:sqlite";
import { beforeEach, expect, test } from "bun:test";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import {
  announceErased,
  clearTraces,
  commitAnnounced,
  dropAnnouncements,
  dueAnnouncements,
} from "../../src/forward/sqlite/announcements.ts";
import { configureCursors, readCursor, replayFrom } from "../../src/forward/sqlite/cursors.ts";
import { forwardPath, openForwardFile } from "../../src/forward/sqlite/file.ts";
import { commitProgress, countParked } from "../../src/forward/sqlite/parked.ts";
import { temporaryFolder } from "../helpers/folders.ts";
import { failedOnce, noProgress } from "../helpers/forward-progress.ts";

const DAY_MS = 86_400_000;
const NOW_MS = 1_800_000_000_000;
const position = { dataId: "d1", eventId: 10, reprocessedCount: 0 };

let folder: string;
let databasePath: string;
let sqlite: Database;

beforeEach(() => {
  folder = temporaryFolder();
  databasePath = join(folder, "t.sqlite");
  sqlite = openForwardFile(databasePath);
  configureCursors(sqlite, { names: ["crm", "n8n"], position, nowMs: NOW_MS });
});

/** Whether the text is anywhere in a file of the folder. */
const isInAFile = (text: string): boolean =>
  readdirSync(folder).some((name) => readFileSync(join(folder, name)).includes(text));

test("a replay in other data forgets what was parked by the ids of the old", () => {
  commitProgress(sqlite, "crm", { ...noProgress, failed: [failedOnce(3, NOW_MS)] }, NOW_MS);
  replayFrom(sqlite, "crm", { dataId: "d2", eventId: 5, reprocessedCount: 1 });
  expect(readCursor(sqlite, "crm")).toMatchObject({ dataId: "d2", eventId: 5, reprocessedCount: 1 });
  expect(countParked(sqlite, "crm")).toEqual({ waiting: 0, dead: 0 });
});

test("an erased conversation is announced to those who asked, and then its id is in no file", async () => {
  const erased = {
    conversationIds: ["conv_erased_1", "conv_erased_2"],
    names: ["crm", "n8n"],
    nowMs: NOW_MS,
  };
  expect(announceErased(databasePath, erased)).toBe(2);
  const due = dueAnnouncements(sqlite, "crm", NOW_MS, 9);
  expect(due.map(({ conversationId }) => conversationId)).toEqual(["conv_erased_1", "conv_erased_2"]);
  expect(isInAFile("conv_erased_1")).toBeTrue();

  for (const name of ["crm", "n8n"])
    commitAnnounced(sqlite, name, [{ conversationId: "conv_erased_1", dueAtMs: null }]);
  commitAnnounced(sqlite, "crm", [{ conversationId: "conv_erased_2", dueAtMs: NOW_MS + 5000 }]);
  await clearTraces(sqlite, databasePath);
  expect(isInAFile("conv_erased_1")).toBeFalse();
  expect(isInAFile("conv_erased_2")).toBeTrue();
  expect(dueAnnouncements(sqlite, "crm", NOW_MS, 9)).toBeEmpty();
  expect(dueAnnouncements(sqlite, "crm", NOW_MS + 5000, 9)).toMatchObject([{ attempts: 1 }]);
});

test("an announcement is given up after seven days, and if nobody asks for it any more", async () => {
  announceErased(databasePath, { conversationIds: ["conv_old"], names: ["crm", "n8n"], nowMs: NOW_MS });
  expect(dropAnnouncements(sqlite, ["crm"], NOW_MS)).toBe(1);
  expect(dropAnnouncements(sqlite, ["crm"], NOW_MS + 7 * DAY_MS)).toBe(0);
  expect(dropAnnouncements(sqlite, ["crm"], NOW_MS + 7 * DAY_MS + 1)).toBe(1);
  await clearTraces(sqlite, databasePath);
  expect(isInAFile("conv_old")).toBeFalse();
});

test("refuses a file of a newer version, and one of another program", () => {
  sqlite.run("PRAGMA user_version = 2");
  expect(() => openForwardFile(databasePath)).toThrow("newer version");
  const other = new Database(forwardPath(join(folder, "u.sqlite")));
  other.run("CREATE TABLE theirs (x)");
  expect(() => openForwardFile(join(folder, "u.sqlite"))).toThrow("another program");
});
