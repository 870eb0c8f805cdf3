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
import {
  configureCursors,
  readCursor,
  readCursors,
  replayFrom,
  resumeDestination,
  stopDestination,
} from "../../src/forward/sqlite/cursors.ts";
import { forwardPath, openForwardFile } from "../../src/forward/sqlite/file.ts";
import { commitProgress, countParked, dueEvents, reviveDead } from "../../src/forward/sqlite/parked.ts";
import type { Progress } from "../../src/forward/port.ts";
import { temporaryFolder } from "../helpers/folders.ts";

const DAY_MS = 86_400_000;
const NOW_MS = 1_800_000_000_000;
const position = { dataId: "d1", eventId: 10, reprocessedCount: 0 };
const nothing: Progress = {
  generation: 0,
  position: null,
  failed: [],
  done: [],
  succeededAtMs: null,
  failedAtMs: null,
};

let folder: string;
let databasePath: string;
let sqlite: Database;

beforeEach(() => {
  folder = temporaryFolder();
  databasePath = join(folder, "t.sqlite");
  sqlite = openForwardFile(databasePath);
  configureCursors(sqlite, { names: ["crm", "n8n"], position, nowMs: NOW_MS });
});

const failed = (eventId: number, dueAtMs: number | null) => ({
  eventId,
  attempts: 1,
  dueAtMs,
  problem: "HTTP 503",
});
const cursorOf = (name: string) => readCursor(sqlite, name);

/** Whether the text is anywhere in a file of the folder. */
const isInAFile = (text: string): boolean =>
  readdirSync(folder).some((name) => readFileSync(join(folder, name)).includes(text));

test("a new destination begins at now, and a start later changes nothing of it", () => {
  configureCursors(sqlite, { names: ["crm", "n8n"], position: { ...position, eventId: 99 }, nowMs: NOW_MS });
  expect(cursorOf("crm")).toEqual({
    ...position,
    name: "crm",
    generation: 0,
    stopped: null,
    succeededAtMs: null,
    failingSinceMs: null,
    removedAtMs: null,
  });
});

test("a destination that is removed keeps its cursor for 30 days", () => {
  const configure = (names: string[], nowMs: number) =>
    configureCursors(sqlite, { names, position: { ...position, eventId: 99 }, nowMs });
  configure(["n8n"], NOW_MS);
  configure(["n8n"], NOW_MS + 30 * DAY_MS);
  expect(readCursors(sqlite).map(({ name }) => name)).toEqual(["crm", "n8n"]);
  configure(["crm", "n8n"], NOW_MS + 31 * DAY_MS);
  expect(cursorOf("crm")).toMatchObject({ eventId: 10, removedAtMs: null });
  configure(["n8n"], NOW_MS + 32 * DAY_MS);
  configure(["n8n"], NOW_MS + 63 * DAY_MS);
  expect(cursorOf("crm")).toBeNull();
});

test("the cursor moves past a failure, which is parked until its time", () => {
  const progress = {
    ...nothing,
    position: { eventId: 12, reprocessedCount: 0 },
    failed: [failed(11, NOW_MS)],
  };
  expect(commitProgress(sqlite, "crm", { ...progress, failedAtMs: NOW_MS }, NOW_MS)).toBeTrue();
  expect(cursorOf("crm")).toMatchObject({ eventId: 12, failingSinceMs: NOW_MS });
  expect(dueEvents(sqlite, "crm", NOW_MS - 1, 9)).toBeEmpty();
  expect(dueEvents(sqlite, "crm", NOW_MS, 9)).toEqual([failed(11, NOW_MS)]);
  expect(countParked(sqlite, "n8n")).toEqual({ waiting: 0, dead: 0 });
  commitProgress(sqlite, "crm", { ...nothing, done: [11], succeededAtMs: NOW_MS + 5 }, NOW_MS);
  expect(countParked(sqlite, "crm")).toEqual({ waiting: 0, dead: 0 });
  expect(cursorOf("crm")).toMatchObject({ failingSinceMs: null, succeededAtMs: NOW_MS + 5 });
});

test("a dead event stays until it is revived", () => {
  commitProgress(sqlite, "crm", { ...nothing, failed: [failed(11, null)] }, NOW_MS);
  expect(countParked(sqlite, "crm")).toEqual({ waiting: 0, dead: 1 });
  expect(dueEvents(sqlite, "crm", NOW_MS + 99 * DAY_MS, 9)).toBeEmpty();
  expect(reviveDead(sqlite, "crm", NOW_MS)).toBe(1);
  expect(dueEvents(sqlite, "crm", NOW_MS, 9)).toEqual([{ ...failed(11, NOW_MS), attempts: 0 }]);
});

test("what was under way when a replay was asked for does not count", () => {
  commitProgress(sqlite, "crm", { ...nothing, failed: [failed(3, NOW_MS), failed(9, null)] }, NOW_MS);
  stopDestination(sqlite, "crm", "failing");
  replayFrom(sqlite, "crm", { ...position, eventId: 5 });
  expect(commitProgress(sqlite, "crm", { ...nothing, position }, NOW_MS)).toBeFalse();
  expect(cursorOf("crm")).toMatchObject({ eventId: 5, generation: 1, stopped: null });
  // What comes after the position is sent by the cursor.
  expect(dueEvents(sqlite, "crm", NOW_MS, 9)).toEqual([failed(3, NOW_MS)]);
});

test("a replay in other data forgets what was parked by the ids of the old", () => {
  commitProgress(sqlite, "crm", { ...nothing, failed: [failed(3, NOW_MS)] }, NOW_MS);
  replayFrom(sqlite, "crm", { dataId: "d2", eventId: 5, reprocessedCount: 1 });
  expect(cursorOf("crm")).toMatchObject({ dataId: "d2", eventId: 5, reprocessedCount: 1 });
  expect(countParked(sqlite, "crm")).toEqual({ waiting: 0, dead: 0 });
});

test("a stopped destination goes on at its cursor", () => {
  stopDestination(sqlite, "crm", "gone");
  expect(cursorOf("crm")).toMatchObject({ stopped: "gone", eventId: 10 });
  resumeDestination(sqlite, "crm");
  expect(cursorOf("crm")).toMatchObject({ stopped: null, eventId: 10, generation: 1 });
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
