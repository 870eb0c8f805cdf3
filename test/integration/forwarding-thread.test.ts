import { afterEach, beforeEach, expect, setDefaultTimeout, test } from "bun:test";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { forwardThread } from "../../src/app.ts";
import { parseForwardConfig } from "../../src/forward/config.ts";
import { forwardPath } from "../../src/forward/sqlite/file.ts";
import { createForwarding } from "../../src/forward/forwarding.ts";
import type { Forwarding } from "../../src/forward/forwarding.ts";
import { prepareForwarding } from "../../src/forward/sqlite/prepare.ts";
import { systemClock } from "../../src/platform/clock.ts";
import { createLog } from "../../src/platform/log.ts";
import { openTestApp } from "../helpers/app.ts";
import type { TestApp } from "../helpers/app.ts";
import { transcription } from "../helpers/deliveries.ts";
import { FORWARD_SECRET, startDestination, until } from "../helpers/destination.ts";
import type { TestDestination } from "../helpers/destination.ts";

// A round of the thread takes half a second, and more on a busy machine.
setDefaultTimeout(60_000);

let app: TestApp;
let crm: TestDestination;
let lines: string[];
let forwarding: Forwarding;

beforeEach(async () => {
  app = await openTestApp();
  crm = startDestination();
  lines = [];
});
afterEach(async () => {
  await forwarding.stop();
  crm.stop();
  await app.close();
});

async function start(thread = forwardThread): Promise<void> {
  const text = JSON.stringify({ destinations: [{ name: "crm", url: crm.url, secret: FORWARD_SECRET }] });
  const read = parseForwardConfig(text);
  if (!read.ok) throw new Error(read.problem.join("; "));
  const log = createLog({ level: "INFO", format: "text", write: (line) => lines.push(line) });
  const { databasePath } = app.config;
  const common = { destinations: read.value, log };
  await prepareForwarding({ ...common, databasePath, clock: systemClock });
  const place = { kind: "embedded", databasePath } as const;
  forwarding = createForwarding({ ...common, place, publicUrl: null, thread, pauseMs: 100 });
  forwarding.start();
}

/** A thread with that code. */
function threadOf(code: string): URL {
  const path = join(app.folder, "thread.mjs");
  writeFileSync(path, code);
  return pathToFileURL(path);
}

const failures = () => lines.filter((line) => line.includes("Forwarding has failed")).length;

test("sends in a thread of its own, and tells how each destination stands", async () => {
  await start();
  await app.post(transcription("conv_1"));
  await until("it is sent", () => crm.taken.size === 1);
  await until("the figures say so", () => forwarding.figures()[0]?.delivered === 1);
  expect(forwarding.figures()[0]).toMatchObject({
    name: "crm",
    eventId: 1,
    lastEventId: 1,
    parked: 0,
    stopped: null,
  });
  expect(crm.faults).toBeEmpty();
});

test("counts on when it was stopped and started again", async () => {
  await start();
  for (const number of [1, 2]) {
    await app.post(transcription(`conv_${number}`));
    await until("it is sent", () => crm.taken.size === number);
    await forwarding.stop();
    forwarding.start();
    await until("it is counted", () => forwarding.figures()[0]?.delivered === number);
  }
});

test.each([
  ["throws", 'throw new Error("private");'],
  ["ends", "process.exit(3);"],
  ["throws later", 'setTimeout(() => { throw new Error("private"); }, 20);'],
  ["rejects", 'void Promise.reject(new Error("private"));'],
])("a thread that %s is started again and again, and nothing else happens", async (_, code) => {
  await start(threadOf(code));
  await until("it has failed three times", () => failures() >= 3);
  expect((await app.post(transcription("conv_1"))).status).toBe(200);
  expect(lines.join("")).not.toContain("private");
});

test("goes on once a damaged file was taken away", async () => {
  const path = forwardPath(app.config.databasePath);
  writeFileSync(path, "this is no database, and long enough to be read as one ".repeat(100));
  await start();
  await until("it says so", () => lines.some((line) => line.includes("SQLITE_NOTADB")));
  expect(lines.join("")).toContain(path);
  await app.post(transcription("conv_1"));
  for (const ending of ["", "-wal", "-shm"]) rmSync(path + ending, { force: true });
  await until("it goes on", async () => {
    await app.post(transcription(`conv_${crypto.randomUUID()}`));
    return crm.taken.size > 0;
  });
});
