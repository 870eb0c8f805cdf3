import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { chmodSync, existsSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  configureCursors,
  readCursor,
  replayFrom,
  stopDestination,
} from "../../src/forward/sqlite/cursors.ts";
import type { ForwardPosition, StopReason } from "../../src/forward/port.ts";
import { forwardPath, withForwardFile } from "../../src/forward/sqlite/file.ts";
import { commitProgress, countParked } from "../../src/forward/sqlite/parked.ts";
import { openPlaces } from "../../src/forward/sqlite/places.ts";
import { dataIdOf } from "../../src/model/lineage.ts";
import { openTestApp } from "../helpers/app.ts";
import type { TestApp } from "../helpers/app.ts";
import { standingClock } from "../helpers/clock.ts";
import { runCommand } from "../helpers/command.ts";
import { sign, transcription } from "../helpers/deliveries.ts";

const SECRET = `whsec_${Buffer.alloc(32, 7).toString("base64")}`;
const HOUR_MS = 3_600_000;
const EVENTS = 10;

const clock = standingClock();
let receiver: TestApp;
let databasePath: string;
let configPath: string;
let dataId: string;

beforeAll(async () => {
  receiver = await openTestApp({ clock });
  ({ databasePath } = receiver.config);
  configPath = join(receiver.folder, "forward.json");
  // One an hour, the last one now.
  for (let index = 1; index <= EVENTS; index++) {
    if (index > 1) clock.advanceMs(HOUR_MS);
    const body = transcription(`conv_${index}`);
    await receiver.post(body, sign(body, { timestamp: Math.floor(clock.nowMs() / 1000) }));
  }
  const places = openPlaces(databasePath);
  dataId = dataIdOf(places.lineage());
  places.close();
});
afterAll(() => receiver.close());

beforeEach(() => {
  for (const ending of ["", "-wal", "-shm"]) rmSync(`${forwardPath(databasePath)}${ending}`, { force: true });
  configure("crm", "n8n");
});

function configure(...names: string[]): void {
  const destinations = names.map((name) => ({
    name,
    url: `https://${name}.example.com/letmein`,
    secret: SECRET,
  }));
  writeFileSync(configPath, JSON.stringify({ destinations }));
  chmodSync(configPath, 0o600);
}

const run = (...args: string[]) =>
  runCommand(["forward", ...args], {
    clock,
    environment: { TRANSCRIPT_STORAGE_PATH: databasePath, FORWARD_CONFIG: configPath },
  });

/** What the thread that forwards would have written. */
function arrange(position: Partial<ForwardPosition> = {}, stopped: StopReason | null = null): void {
  const nowMs = clock.nowMs();
  withForwardFile(databasePath, (sqlite) => {
    const begin = { dataId, eventId: EVENTS, reprocessedCount: 0, ...position };
    configureCursors(sqlite, { names: ["crm", "n8n"], position: begin, nowMs });
    if (stopped !== null) stopDestination(sqlite, "crm", stopped);
  });
}

function park(eventId: number, dueAtMs: number | null): void {
  const failed = [{ eventId, attempts: 8, dueAtMs, problem: "HTTP 503" }];
  withForwardFile(databasePath, (sqlite) => {
    const generation = readCursor(sqlite, "crm")?.generation ?? 0;
    const progress = { generation, position: null, failed, done: [], succeededAtMs: null, failedAtMs: null };
    expect(commitProgress(sqlite, "crm", progress, clock.nowMs())).toBe(true);
  });
}

const cursorOf = (name: string) => withForwardFile(databasePath, (sqlite) => readCursor(sqlite, name));
const parked = () => withForwardFile(databasePath, (sqlite) => countParked(sqlite, "crm"));

describe("forward status", () => {
  test("has a line for each destination", async () => {
    arrange();
    park(3, clock.nowMs());
    expect(await run("status")).toEqual({
      status: 0,
      stdout:
        "crm  ok  at event 10 of 10, 1 waiting to be repeated, 0 dead\n" +
        "n8n  ok  at event 10 of 10, 0 waiting to be repeated, 0 dead\n",
      stderr: "",
    });
  });

  test("tells of destinations that the receiver does not know yet, and of those that were removed", async () => {
    arrange();
    configure("crm", "bi");
    const { status, stdout } = await run("status");
    expect({ status, stdout }).toEqual({
      status: 0,
      stdout: [
        "crm  ok       at event 10 of 10, 0 waiting to be repeated, 0 dead\n",
        "bi   new      begins at the newest event once the receiver has taken up FORWARD_CONFIG\n",
        "n8n  removed  at event 10 of 10, 0 waiting to be repeated, 0 dead\n",
        "              it is not in FORWARD_CONFIG; its place is kept for 30 days\n",
      ].join(""),
    });
  });

  test("makes no file", async () => {
    expect((await run("status")).status).toBe(0);
    expect(existsSync(forwardPath(databasePath))).toBe(false);
  });

  test.each([
    ["gone", "it answered 410", "once it takes events again: elevenlabs-webhook forward replay crm"],
    [
      "failing",
      "it has taken nothing for five days",
      "once it takes events again: elevenlabs-webhook forward replay crm",
    ],
  ] as const)("says of one that is stopped (%s) why, and what to do", async (reason, why, remedy) => {
    arrange({}, reason);
    const { status, stdout } = await run("status");
    expect(status).toBe(1);
    expect(stdout).toContain("crm  stopped  at event 10 of 10");
    expect(stdout).toContain(why);
    expect(stdout).toContain(`do: ${remedy}`);
  });

  test("says after a restore from where on the data are others, before the receiver has noticed", async () => {
    arrange({ dataId: "f".repeat(32), eventId: 4 });
    const { status, stdout } = await run("status");
    expect(status).toBe(1);
    expect(stdout).toContain("crm  stopped  at event 4 of 10");
    expect(stdout).toContain("a restore has replaced the data");
    expect(stdout).toContain("do: elevenlabs-webhook forward replay crm --after 0, or --since 2d");
  });

  test("is a failure while there are dead events", async () => {
    arrange();
    park(3, null);
    const { status, stdout } = await run("status");
    expect(status).toBe(1);
    expect(stdout).toContain("0 waiting to be repeated, 1 dead");
    expect(stdout).toContain("do: to send the dead ones again: elevenlabs-webhook forward replay crm");
  });

  test("prints JSON for programs, without anything that is a secret", async () => {
    arrange();
    const { stdout } = await run("status", "--json");
    expect(JSON.parse(stdout)).toEqual([
      expect.objectContaining({
        name: "crm",
        host: "crm.example.com",
        state: "ok",
        eventId: 10,
        lastEventId: 10,
      }),
      expect.objectContaining({ name: "n8n" }),
    ]);
    expect(stdout).not.toContain("letmein");
  });

  test("refuses a faulty file of destinations, with every fault", async () => {
    writeFileSync(configPath, '{"destinations": [{}]}');
    const { status, stderr } = await run("status");
    expect(status).toBe(78);
    expect(stderr).toContain("FORWARD_CONFIG: destinations[0].name");
    expect(stderr).toContain("FORWARD_CONFIG: destinations[0].url");
  });

  test.each([
    ["no database", () => writeFileSync(forwardPath(databasePath), "x".repeat(4096)), "SQLITE_NOTADB"],
    [
      "one of a newer version",
      () => withForwardFile(databasePath, (sqlite) => sqlite.run("PRAGMA user_version = 99")),
      "was made by a newer version of the program",
    ],
  ])("refuses a file of what is forwarded that is %s, by its name", async (_, make, problem) => {
    make();
    for (const args of [["status"], ["replay", "crm", "--from-start"]]) {
      const { status, stdout, stderr } = await run(...args);
      expect({ status, stdout }).toEqual({ status: 1, stdout: "" });
      expect(stderr).toContain(forwardPath(databasePath));
      expect(stderr).toContain(problem);
    }
  });

  test("refuses a database that is none, by its name", async () => {
    const path = join(receiver.folder, "other.sqlite");
    writeFileSync(path, "x".repeat(4096));
    const { status, stderr } = await runCommand(["forward", "status"], {
      environment: { TRANSCRIPT_STORAGE_PATH: path },
    });
    expect(status).toBe(1);
    expect(stderr).toContain(`${path}: it does not read as an intact SQLite database (SQLITE_NOTADB)`);
  });

  test("refuses a database that is not there", async () => {
    const environment = { TRANSCRIPT_STORAGE_PATH: "/nowhere/t.sqlite" };
    const { status, stderr } = await runCommand(["forward", "status"], { environment });
    expect(status).toBe(1);
    expect(stderr).toContain("/nowhere/t.sqlite is not there");
  });
});

describe("forward replay", () => {
  test.each([
    [["--since", "150m"], 7],
    [["--since", "2h"], 7],
    [["--since", "30d"], 0],
    [["--since", "0m"], 9],
    [["--after", "4"], 4],
    [["--after", "999"], 10],
    [["--from-start"], 0],
  ])("begins where %j says, whatever the destination was stopped for", async (flags, eventId) => {
    arrange({ dataId: "f".repeat(32) }, "data_replaced");
    park(9, null);
    const { status, stdout } = await run("replay", "crm", ...flags);
    expect({ status, stdout }).toEqual({
      status: 0,
      stdout: `crm is sent what comes after event ${eventId}: ${EVENTS - eventId} ${EVENTS - eventId === 1 ? "event" : "events"} so far\n`,
    });
    expect(cursorOf("crm")).toMatchObject({ dataId, eventId, stopped: null, generation: 1 });
    // Of other data, or sent with the rest.
    expect(parked()).toEqual({ waiting: 0, dead: 0 });
    expect(cursorOf("n8n")).toMatchObject({ dataId: "f".repeat(32) });
  });

  test("begins at a date or a time", async () => {
    arrange();
    const since = new Date(clock.nowMs() - 2.5 * HOUR_MS).toISOString();
    await run("replay", "crm", "--since", since);
    expect(cursorOf("crm")).toMatchObject({ eventId: 7 });
    await run("replay", "crm", "--since", new Date(clock.nowMs() + 48 * HOUR_MS).toISOString().slice(0, 10));
    expect(cursorOf("crm")).toMatchObject({ eventId: 10 });
  });

  test("goes on where it was without a place, and sends the dead ones again", async () => {
    arrange({ eventId: 6 }, "gone");
    park(3, null);
    const { status, stdout } = await run("replay", "crm");
    expect({ status, stdout }).toEqual({
      status: 0,
      stdout: "crm goes on after event 6; sent again: 1 event that had been given up\n",
    });
    expect(cursorOf("crm")).toMatchObject({ eventId: 6, stopped: null });
    expect(parked()).toEqual({ waiting: 1, dead: 0 });
  });

  test("needs a place after a restore, and names it", async () => {
    arrange({ dataId: "f".repeat(32), eventId: 7 });
    const { status, stderr } = await run("replay", "crm");
    expect(status).toBe(1);
    expect(stderr).toContain("forward replay crm --after 0, or --since 2d");
    expect(cursorOf("crm")).toMatchObject({ eventId: 7, generation: 0 });
  });

  test("needs a place if the database is older than what was sent", async () => {
    arrange({ eventId: EVENTS + 1 });
    const { status, stderr } = await run("replay", "crm");
    expect(status).toBe(1);
    expect(stderr).toContain("forward replay crm --since 2d");
  });

  test("begins at a place for a destination that is new", async () => {
    arrange();
    configure("crm", "bi");
    expect((await run("replay", "bi")).status).toBe(1);
    expect((await run("replay", "bi", "--from-start")).status).toBe(0);
    expect(cursorOf("bi")).toMatchObject({ dataId, eventId: 0 });
    // The receiver that takes the file up leaves it there.
    withForwardFile(databasePath, (sqlite) => {
      const position = { dataId, eventId: EVENTS, reprocessedCount: 0 };
      configureCursors(sqlite, { names: ["crm", "bi"], position, nowMs: clock.nowMs() });
      expect(readCursor(sqlite, "bi")).toMatchObject({ eventId: 0 });
      replayFrom(sqlite, "bi", position);
    });
  });

  test.each([
    [["replay"], 64, "name a destination"],
    [["replay", "other"], 1, "other: there is no such destination; there is crm, n8n"],
    [["replay", "crm", "--since", "yesterday"], 64, '--since: "yesterday" is neither'],
    [["replay", "crm", "--after", "-1"], 64, '--after: "-1" is not the id'],
    [["replay", "crm", "--after", "1", "--from-start"], 64, "exclude each other"],
    [["other"], 64, "there is no such action"],
  ])("refuses %j", async (args, expected, problem) => {
    arrange();
    const { status, stderr } = await run(...args);
    expect(status).toBe(expected);
    expect(stderr).toContain(problem);
  });

  test("has nothing to replay before the receiver has forwarded", async () => {
    const { status, stderr } = await run("replay", "crm", "--from-start");
    expect(status).toBe(1);
    expect(stderr).toContain("start the receiver with FORWARD_CONFIG first");
    expect(existsSync(forwardPath(databasePath))).toBe(false);
  });
});

test("forward secret makes another secret each time, of a form that FORWARD_CONFIG takes", async () => {
  const secrets = [await run("secret"), await run("secret")].map(({ stdout }) => stdout.trim());
  expect(new Set(secrets).size).toBe(2);
  for (const secret of secrets) {
    expect(secret).toMatch(/^whsec_/);
    expect(Buffer.from(secret.slice("whsec_".length), "base64")).toHaveLength(32);
  }
});
