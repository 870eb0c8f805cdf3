import { Database } from "bun:sqlite";
import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { open } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { checkClock } from "../../../src/checks/clock.ts";
import { masked } from "../../../src/checks/configuration.ts";
import { checkDatabase } from "../../../src/checks/database.ts";
import { checkDisk, checkUser, ownerOf } from "../../../src/checks/folders.ts";
import { checkLimits } from "../../../src/checks/limits.ts";
import { sizeText } from "../../../src/platform/text.ts";
import { freeDiskBytes } from "../../../src/platform/disk.ts";
import { openTestApp } from "../../helpers/app.ts";
import { SECRET, sign, transcription } from "../../helpers/deliveries.ts";

const folder = mkdtempSync(join(tmpdir(), "checks-"));
afterAll(() => rmSync(folder, { recursive: true }));

const NOW = 1793620805_000;

function makeDatabase(name: string, sql: string): string {
  const path = join(folder, name);
  const database = new Database(path, { create: true });
  database.run(sql);
  database.close();
  return path;
}

test("a database that is not there yet is in order", () => {
  const { results, content } = checkDatabase(join(folder, "none.sqlite"));
  expect([results.map(({ level }) => level), content]).toEqual([["ok"], null]);
});

test("an intact database tells the time of its newest event", async () => {
  const app = await openTestApp({ clock: { nowMs: () => NOW, monotonicMs: () => 0 } });
  const body = transcription("conv_1");
  await app.post(body, sign(body, { timestamp: NOW / 1000 }));
  await app.close({ keepFolder: true });
  const { results, content } = checkDatabase(app.config.databasePath);
  rmSync(app.folder, { recursive: true });
  expect(results.map(({ subject, level }) => [subject, level])).toEqual([
    ["database", "ok"],
    ["schema", "ok"],
  ]);
  expect(content).toEqual({
    recordings: [],
    recordingsOwner: expect.stringMatching(/^[0-9a-f]{32}$/),
    newestReceivedAtMs: NOW,
  });
});

test("a file that is no database is an error", () => {
  const path = join(folder, "text.sqlite");
  writeFileSync(path, "This is a letter, not a database.".repeat(100));
  expect(checkDatabase(path).results).toMatchObject([
    { level: "error", text: expect.stringContaining("not an intact") },
  ]);
});

test("a damaged database is an error", async () => {
  const path = makeDatabase("damaged.sqlite", "PRAGMA user_version = 1");
  const database = new Database(path);
  database.run("CREATE TABLE events (id INTEGER PRIMARY KEY, received_at INTEGER, payload TEXT)");
  database.run("CREATE INDEX events_payload ON events (payload)");
  for (let row = 0; row < 500; row += 1)
    database.run("INSERT INTO events VALUES (NULL, 1, ?)", ["x".repeat(400)]);
  database.close();
  const file = await open(path, "r+");
  await file.write(Buffer.alloc(4096 * 4, "z"), 0, 4096 * 4, 4096 * 20);
  await file.close();
  const { results, content } = checkDatabase(path);
  expect([results[0]?.level, content]).toEqual(["error", null]);
});

test("a newer schema and another program's database are errors, an older schema a warning", () => {
  const events = "CREATE TABLE events (received_at INTEGER)";
  const newer = makeDatabase("newer.sqlite", `${events}; PRAGMA user_version = 99`);
  const foreign = makeDatabase("foreign.sqlite", "CREATE TABLE cats (name TEXT); PRAGMA user_version = 1");
  const older = makeDatabase("older.sqlite", "CREATE TABLE x (y)");
  const levels = [newer, foreign, older].map(
    (path) => checkDatabase(path).results.find(({ subject }) => subject === "schema")?.level,
  );
  expect(levels).toEqual(["error", "error", "warning"]);
});

test("the clock is judged by the system and by the newest event", () => {
  const level = (isSynchronised: boolean | null, newestReceivedAtMs: number | null = null) =>
    checkClock({ nowMs: NOW, isSynchronised, newestReceivedAtMs }).level;
  expect([level(true), level(false), level(null)]).toEqual(["ok", "warning", "warning"]);
  expect([level(true, NOW + 30_000), level(true, NOW + 90_000)]).toEqual(["ok", "error"]);
});

test("limits that are too low are warnings", () => {
  const none = { openFiles: null, fileBytes: null, memoryBytes: null };
  const texts = (limits: Partial<typeof none> | Record<string, number>) =>
    checkLimits({ ...none, ...limits }, 1024 ** 2).map(({ level, text }) => `${level} ${text}`);
  expect(texts({})).toEqual(["ok unlimited open files"]);
  expect(texts({ openFiles: 1024, fileBytes: 1000, memoryBytes: 64 * 1024 ** 2 })).toEqual([
    "warning 1024 open files are allowed, fewer than 16384: idle connections of strangers may use them up",
    "warning files may have 1000 bytes, less than MAX_BODY_BYTES (1 MiB)",
    "warning 64 MiB of memory are allowed",
  ]);
});

test("disk that is short is an error, and that will soon be short a warning", () => {
  const free = freeDiskBytes(folder);
  const levels = [0, free / 4, free * 4].map((least) => checkDisk([folder], least).level);
  expect(levels).toEqual(["ok", "warning", "error"]);
});

test("root is told to check as the owner of the data", () => {
  expect(checkUser(0, 1000)).toMatchObject({
    level: "warning",
    remedy: expect.stringContaining("sudo -u '#1000'"),
  });
  expect([checkUser(0, 0), checkUser(0, null), checkUser(1000, 0)]).toEqual([null, null, null]);
  expect([ownerOf("/proc/1"), ownerOf(join(folder, "none"))]).toEqual([0, null]);
});

test("what is shown of a secret does not help to use it", () => {
  expect([masked(SECRET), masked("wsec_short"), masked("x".repeat(40))]).toEqual([
    "wsec_…cdef",
    "…",
    "…xxxx",
  ]);
});

test("sizes are shown as people read them", () => {
  expect([0, 1023, 1024, 268_435_456, 1.5 * 1024 ** 3].map(sizeText)).toEqual([
    "0 bytes",
    "1023 bytes",
    "1 KiB",
    "256 MiB",
    "1.5 GiB",
  ]);
});
