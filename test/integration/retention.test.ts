import { Database } from "bun:sqlite";
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createRetention, startRetention } from "../../src/erase/retention.ts";
import { createLog } from "../../src/platform/log.ts";
import type { RetentionState } from "../../src/store/port.ts";
import { dueConversations } from "../../src/store/sqlite/due.ts";
import { withDatabase } from "../../src/store/sqlite/open.ts";
import { openTestApp } from "../helpers/app.ts";
import type { TestApp } from "../helpers/app.ts";
import { standingClock } from "../helpers/clock.ts";
import { event, json, NOON } from "../helpers/conversation-events.ts";
import { audio, sign } from "../helpers/deliveries.ts";
import { quarantineAsBefore } from "../helpers/quarantine.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
let receiver: TestApp;
let clock: ReturnType<typeof standingClock>;
let logLines: string[];

beforeEach(async () => {
  clock = standingClock(NOON);
  logLines = [];
  receiver = await openTestApp({ clock });
});
afterEach(() => receiver.close());

const deliver = (body: string) =>
  receiver.post(body, sign(body, { timestamp: Math.floor(clock.nowMs() / 1000) }));

type Days = { retentionDays?: number; audioRetentionDays?: number };

/** What retention is while a receiver runs. */
function runWith(days: Days, app = receiver) {
  const log = createLog({ level: "DEBUG", format: "text", write: (line) => logLines.push(line) });
  const { erase, store, trustedClock } = app;
  const { eraser, retentionState: state } = store.events;
  const parts = { eraser, erase, state, trustedClock, clock, log, syncedAtMs: () => null };
  const options = { retentionDays: null, audioRetentionDays: null, ...days };
  return createRetention({ ...parts, ...options }, new AbortController().signal);
}

/** The application with another state of retention. */
function withState(retentionState: RetentionState): TestApp {
  const { store } = receiver;
  return { ...receiver, store: { ...store, events: { ...store.events, retentionState } } };
}

/** Runs once with settings that were in force before. */
async function pass(days: Days): Promise<void> {
  const { retentionState } = receiver.store.events;
  const inForce = (value?: number) => JSON.stringify({ inForce: value ?? null, waiting: null });
  await retentionState.set("retention_days", inForce(days.retentionDays));
  await retentionState.set("audio_retention_days", inForce(days.audioRetentionDays));
  await runWith(days).tick();
}

const conversations = () =>
  receiver
    .rows<{ id: string }>("SELECT conversation_id AS id FROM conversations ORDER BY conversation_id")
    .map(({ id }) => id);

const recordings = () =>
  readdirSync(join(receiver.folder, "audio"), { recursive: true, encoding: "utf8" }).filter((name) =>
    name.endsWith(".mp3"),
  );

const traces = (text: string) =>
  readdirSync(receiver.folder, { recursive: true, encoding: "utf8" })
    .map((name) => join(receiver.folder, name))
    .filter((path) => statSync(path).isFile() && readFileSync(path, "latin1").includes(text));

test("conversations are erased when the last was heard of them that long ago", async () => {
  await deliver(json(0, { transcript: [{ role: "user", message: "old-words" }] }, "conv_old"));
  await deliver(audio("conv_old", Buffer.from("old-words")));
  await deliver(json(0, { transcript: [] }, "conv_alive"));
  clock.advanceMs(20 * DAY_MS);
  await deliver(audio("conv_alive", Buffer.from("x")));
  await deliver(json(0, { transcript: [] }, "conv_new"));
  clock.advanceMs(11 * DAY_MS);
  await pass({ retentionDays: 30 });

  expect(conversations()).toEqual(["conv_alive", "conv_new"]);
  expect(traces("old-words")).toBeEmpty();
  expect(traces("conv_old")).toBeEmpty();
  expect(recordings()).toHaveLength(1);
  expect(logLines.join("")).toContain("Erased what was too old conversations=1 recordings=0 events=0");
});

test("what another instance is at is tried again soon", async () => {
  await deliver(json(0, {}, "conv_old"));
  clock.advanceMs(31 * DAY_MS);
  await deliver(json(31 * 86_400, {}, "conv_new"));
  const { retentionState } = receiver.store.events;
  await retentionState.set("retention_days", JSON.stringify({ inForce: 30, waiting: null }));
  let isBusy = true;
  const alone: typeof retentionState.alone = async (work) => (isBusy ? null : retentionState.alone(work));
  const retention = runWith({ retentionDays: 30 }, withState({ ...retentionState, alone }));
  await retention.tick();
  isBusy = false;
  clock.advanceMs(29_000);
  await retention.tick();
  expect(conversations()).toEqual(["conv_new", "conv_old"]);
  clock.advanceMs(1_000);
  await retention.tick();
  expect(conversations()).toEqual(["conv_new"]);
});

test("a call's own date does not count: it may be absurd", async () => {
  await deliver(json(-NOON, { metadata: { start_time_unix_secs: 1 } }, "conv_1"));
  await pass({ retentionDays: 1 });
  expect(conversations()).toEqual(["conv_1"]);
});

test("events without a conversation go too: failures, voices, quarantine", async () => {
  await deliver(event("call_initiation_failure", 0, { failure_reason: "failure-words" }, "conv_1"));
  await deliver(JSON.stringify({ type: "voice_removed", data: { voice_id: "voice-words" } }));
  await deliver("{ no json: quarantined-words");
  await deliver(`{ no json: ${" ".repeat(1_100_000)}quarantined-words`);
  clock.advanceMs(10 * DAY_MS);
  await deliver(JSON.stringify({ type: "voice_removed", data: { voice_id: "new-words" } }));
  clock.advanceMs(DAY_MS);
  await pass({ retentionDays: 10 });

  expect(receiver.rows("SELECT type FROM events")).toEqual([{ type: "voice_removed" }]);
  for (const words of ["failure-words", "voice-words", "quarantined-words"]) {
    expect(traces(words)).toBeEmpty();
  }
  expect(traces("new-words")).not.toBeEmpty();
});

test("a body that an old event without a conversation shares with a young one of a conversation stays", async () => {
  const body = "{".repeat(1_100_000);
  const { databasePath } = receiver.config;
  quarantineAsBefore(databasePath, body, { receivedAtMs: clock.nowMs() });
  clock.advanceMs(10 * DAY_MS);
  quarantineAsBefore(databasePath, body, { receivedAtMs: clock.nowMs(), conversationId: "conv_1" });
  clock.advanceMs(DAY_MS);
  await deliver(json(0, { transcript: [] }, "conv_2"));
  await pass({ retentionDays: 10 });
  expect(receiver.rows("SELECT conversation_id AS id FROM events")).toEqual([
    { id: "conv_1" },
    { id: "conv_2" },
  ]);
  expect(readdirSync(join(receiver.folder, "quarantine"))).toHaveLength(1);
  clock.advanceMs(10 * DAY_MS);
  await pass({ retentionDays: 10 });
  expect(readdirSync(join(receiver.folder, "quarantine"))).toBeEmpty();
});

test("recordings can go before their conversations", async () => {
  await deliver(json(0, { transcript: [] }, "conv_1"));
  await deliver(audio("conv_1", Buffer.from("first")));
  await deliver(audio("conv_1", Buffer.from("second")));
  clock.advanceMs(5 * DAY_MS);
  await deliver(audio("conv_2", Buffer.from("new")));
  clock.advanceMs(3 * DAY_MS);
  await pass({ audioRetentionDays: 7 });

  expect(conversations()).toEqual(["conv_1", "conv_2"]);
  expect(recordings().map((path) => path.split("/").at(-1))).toEqual(["conv_2.mp3"]);
  const [row] = receiver.rows("SELECT audio_path, audio_bytes, audio_sha256 FROM conversations");
  expect(row).toEqual({ audio_path: null, audio_bytes: null, audio_sha256: null });
});

test("more than one step is taken where there is more than fits into one", async () => {
  await Promise.all(Array.from({ length: 450 }, (_, n) => deliver(json(0, { transcript: [] }, `conv_${n}`))));
  clock.advanceMs(2 * DAY_MS);
  await pass({ retentionDays: 1 });
  expect(conversations()).toBeEmpty();
  expect(receiver.rows("SELECT count(*) AS count FROM events")).toEqual([{ count: 0 }]);
});

test("nothing is erased where no days are set", async () => {
  await deliver(json(0, { transcript: [] }, "conv_1"));
  clock.advanceMs(50_000 * DAY_MS);
  await pass({});
  expect(conversations()).toEqual(["conv_1"]);
  expect(logLines).toBeEmpty();
});

describe("the age of a conversation is that of its newest event, whatever that says", () => {
  test.each([
    ["of an unknown type", event("no_such_type", 0, {}, "conv_1")],
    ["of a known type without facts", event("agent_qa", 0, {}, "conv_1")],
    ["of a failure", event("call_initiation_failure", 0, { failure_reason: "busy" }, "conv_1")],
    ["of broken audio", event("post_call_audio", 0, { full_audio: "!" }, "conv_1")],
  ])("%s", async (_, late) => {
    await deliver(json(0, { transcript: [] }, "conv_1"));
    clock.advanceMs(20 * DAY_MS);
    await deliver(late);
    clock.advanceMs(29 * DAY_MS);
    await pass({ retentionDays: 30 });
    expect(conversations()).toEqual(["conv_1"]);
    clock.advanceMs(2 * DAY_MS);
    await pass({ retentionDays: 30 });
    expect(conversations()).toBeEmpty();
    expect(receiver.rows("SELECT 1 FROM events")).toBeEmpty();
  });

  test("without events it is that of the recording, though its row was made later; of a row that a clock wrote that was ahead, of its events", async () => {
    await deliver(json(0, { transcript: [] }, "conv_1"));
    await withDatabase(receiver.config.databasePath, (sqlite) => {
      sqlite.run(
        `INSERT INTO conversations (conversation_id, audio_path, audio_received_at, updated_at)
         VALUES ('conv_adopted', '2026/11/02/conv_adopted.mp3', ?, ?)`,
        [clock.nowMs(), clock.nowMs() + 20 * DAY_MS],
      );
      sqlite.run("UPDATE conversations SET updated_at = ? WHERE conversation_id = 'conv_1'", [
        Date.UTC(2100),
      ]);
    });
    clock.advanceMs(29 * DAY_MS);
    await pass({ retentionDays: 30 });
    expect(conversations()).toEqual(["conv_1", "conv_adopted"]);
    clock.advanceMs(2 * DAY_MS);
    await pass({ retentionDays: 30 });
    expect(conversations()).toBeEmpty();
  });

  test("a pass looks at the events of those alone whose row may be too old", async () => {
    await deliver(json(0, { transcript: [] }, "conv_1"));
    const limits = { recordingsBeforeMs: -Infinity, nowMs: clock.nowMs() };
    await withDatabase(receiver.config.databasePath, (sqlite) => {
      sqlite.run("UPDATE events SET received_at = 0");
      const before = { ...limits, conversationsBeforeMs: clock.nowMs() };
      expect(dueConversations(sqlite, 0, before).conversations).toBeEmpty();
      const after = { ...limits, conversationsBeforeMs: clock.nowMs() + 1 };
      expect(dueConversations(sqlite, 0, after).conversations).toEqual(["conv_1"]);
      const plan = sqlite
        .query<{ detail: string }, []>(
          "EXPLAIN QUERY PLAN SELECT max(received_at) FROM events WHERE conversation_id = 'conv_1'",
        )
        .all();
      expect(plan.map(({ detail }) => detail)).toEqual([
        expect.stringContaining("USING INDEX events_body (conversation_id=?)"),
      ]);
    });
  });
});

describe("a delivery between the look at the ages and the erasure", () => {
  /** Has something happen after a look has found what is too old. */
  function afterLook(happen: () => Promise<unknown>): void {
    const { eraser } = receiver.store.events;
    const look = eraser.dueConversations.bind(eraser);
    eraser.dueConversations = async (row, limits) => {
      const due = await look(row, limits);
      await happen();
      return due;
    };
  }

  /** Without its table the database takes no event. */
  function rename(from: string, to: string): void {
    const database = new Database(receiver.config.databasePath);
    database.run(`ALTER TABLE ${from} RENAME TO ${to}`);
    database.close();
  }

  test("makes its conversation young", async () => {
    await deliver(json(0, { transcript: [] }, "conv_1"));
    await deliver(json(0, { transcript: [] }, "conv_2"));
    clock.advanceMs(31 * DAY_MS);
    afterLook(() => deliver(event("no_such_type", 0, { note: "in between" }, "conv_1")));
    await pass({ retentionDays: 30 });
    expect(conversations()).toEqual(["conv_1"]);
    expect(traces("in between")).not.toBeEmpty();
    await deliver(json(60, { transcript: [] }, "conv_1"));
    expect(receiver.rows("SELECT 1 FROM events WHERE conversation_id = 'conv_1'")).toHaveLength(3);
  });

  test("of an event without a row in conversations, too", async () => {
    await deliver(event("no_such_type", 0, {}, "conv_1"));
    clock.advanceMs(31 * DAY_MS);
    const { eraser } = receiver.store.events;
    const look = eraser.dueEvents.bind(eraser);
    eraser.dueEvents = async (after, beforeMs) => {
      const due = await look(after, beforeMs);
      await deliver(json(60, { transcript: [] }, "conv_1"));
      return due;
    };
    await pass({ retentionDays: 30 });
    expect(receiver.rows("SELECT 1 FROM events")).toHaveLength(2);
  });

  test("keeps its recording", async () => {
    await deliver(audio("conv_1", Buffer.from("first")));
    clock.advanceMs(31 * DAY_MS);
    afterLook(() => deliver(audio("conv_1", Buffer.from("second"))));
    await pass({ audioRetentionDays: 30 });
    const [row] = receiver.rows<{ path: string }>("SELECT audio_path AS path FROM conversations");
    expect(readFileSync(join(receiver.folder, "audio", row?.path ?? ""), "utf8")).toBe("second");
  });

  test("keeps its recording, though the files of the one before have been looked up", async () => {
    await deliver(audio("conv_1", Buffer.from("first")));
    const { store, config } = receiver;
    const erasing = store.events.eraser.eraseRecordings(["conv_1"], Infinity);
    const database = new Database(config.databasePath);
    database.run("UPDATE conversations SET audio_path = '2026/11/02/conv_1-0123456789ab.mp3'");
    database.close();
    expect(await erasing).toEqual({ erased: [], failures: [] });
    expect(recordings()).toHaveLength(1);
  });

  test.each<[string, Days]>([
    ["its conversation", { retentionDays: 30 }],
    ["its recording", { audioRetentionDays: 30 }],
  ])("that is still being stored, with its recording on disk, keeps %s", async (_, days) => {
    await deliver(audio("conv_1", Buffer.from("first")));
    clock.advanceMs(31 * DAY_MS);
    const { store } = receiver;
    const storeEvent = store.events.add.bind(store);
    store.events.add = async (record) => {
      await pass(days);
      return storeEvent(record);
    };
    expect((await deliver(audio("conv_1", Buffer.from("second")))).status).toBe(200);
    const [row] = receiver.rows<{ path: string }>("SELECT audio_path AS path FROM conversations");
    expect(readFileSync(join(receiver.folder, "audio", row?.path ?? ""), "utf8")).toBe("second");
  });

  test.each<[string, Days]>([
    ["its conversation", { retentionDays: 30 }],
    ["its recording", { audioRetentionDays: 30 }],
  ])("whose recording waits for its row keeps %s", async (_, days) => {
    await deliver(audio("conv_1", Buffer.from("first")));
    clock.advanceMs(31 * DAY_MS);
    const { store } = receiver;
    const storeEvent = store.events.add.bind(store);
    store.events.add = async (record) => {
      rename("events", "elsewhere");
      return storeEvent(record).finally(() => rename("elsewhere", "events"));
    };
    expect((await deliver(audio("conv_1", Buffer.from("second")))).status).toBe(500);
    await pass(days);
    while (receiver.rows("SELECT 1 FROM events").length < 2) await Bun.sleep(20);
    const [row] = receiver.rows<{ path: string }>("SELECT audio_path AS path FROM conversations");
    expect(readFileSync(join(receiver.folder, "audio", row?.path ?? ""), "utf8")).toBe("second");
  });

  test("of another instance counts as well", async () => {
    await deliver(json(0, { transcript: [] }, "conv_1"));
    clock.advanceMs(31 * DAY_MS);
    const { folder } = receiver;
    const other = await openTestApp({ clock, folder, isShared: true });
    const late = event("no_such_type", 0, {}, "conv_1");
    const signature = sign(late, { timestamp: Math.floor(clock.nowMs() / 1000) });
    afterLook(() => other.post(late, signature));
    await pass({ retentionDays: 30 });
    expect(conversations()).toEqual(["conv_1"]);
    await other.close({ keepFolder: true, isShared: true });
  });
});

describe("the clock", () => {
  const days = { retentionDays: 365 };
  const year = 2100;

  /** What two years have left, with settings that are in force. */
  beforeEach(async () => {
    await deliver(json(0, { transcript: [] }, "conv_old"));
    clock.advanceMs(340 * DAY_MS);
    await deliver(json(0, { transcript: [] }, "conv_young"));
    await pass(days);
  });

  /** Starts again, with the wall clock at a time, after some that the receiver was off. */
  async function restart(wallMs = clock.nowMs()): Promise<void> {
    const { folder } = receiver;
    await receiver.close({ keepFolder: true });
    clock.setMs(wallMs);
    receiver = await openTestApp({ clock, folder });
  }

  async function steps(count: number, ms: number, retention: ReturnType<typeof runWith>): Promise<void> {
    await retention.tick();
    for (let step = 0; step < count; step += 1) {
      clock.advanceMs(ms);
      await retention.tick();
    }
  }

  test("that starts in 2100 erases nothing young in a week without deliveries", async () => {
    await restart(Date.UTC(year));
    const retention = runWith(days);
    await steps(7 * 24, HOUR_MS, retention);
    expect(conversations()).toEqual(["conv_old", "conv_young"]);
    expect(receiver.rows("SELECT 1 FROM erasures")).toBeEmpty();
    const complaints = logLines.filter((line) => line.includes("clock is not confirmed"));
    expect(complaints).toHaveLength(7);
    // Though it was not stopped, but killed now.
    const storedMs = Number(await receiver.store.events.retentionState.get("trusted_now"));
    expect(storedMs).toBe(NOON * 1000 + 347 * DAY_MS);
  });

  test.each([
    ["a restart", "SELECT 1"],
    ["an upgrade, from versions that stored no time", "DELETE FROM state WHERE name = 'trusted_now'"],
  ])("that was ahead when an event was sent on this machine is not followed after %s", async (_, sql) => {
    const database = new Database(receiver.config.databasePath);
    database.run("UPDATE events SET received_at = ? WHERE conversation_id = 'conv_young'", [Date.UTC(year)]);
    database.run(sql);
    database.close();
    for (let run = 0; run < 5; run += 1) {
      await restart();
      const retention = runWith(days);
      await retention.tick();
      retention.end();
    }
    const stored = Number(await receiver.store.events.retentionState.get("trusted_now"));
    expect(stored).toBeLessThanOrEqual(clock.nowMs());
  });

  test("that is not confirmed goes on: what becomes due in 30 days of uptime is erased", async () => {
    await restart(Date.UTC(year));
    const retention = runWith(days);
    await steps(25, DAY_MS, retention);
    expect(conversations()).toEqual(["conv_old", "conv_young"]);
    await steps(5, DAY_MS, retention);
    expect(conversations()).toEqual(["conv_young"]);
  });

  test("loses no more than the time that the receiver is off, by ten restarts a day", async () => {
    await restart(Date.UTC(year));
    for (let run = 0; run < 10; run += 1) {
      const retention = runWith(days);
      await steps(2, HOUR_MS, retention);
      clock.advanceMs(20 * 60_000);
      retention.end();
      await restart(Date.UTC(year) + run * DAY_MS);
    }
    expect(conversations()).toEqual(["conv_old", "conv_young"]);
    await runWith({ retentionDays: 365 }).tick();
    const stored = Number(await receiver.store.events.retentionState.get("trusted_now"));
    expect(new Date(stored).toISOString()).toBe(
      new Date(NOON * 1000 + 340 * DAY_MS + 10 * (2 * HOUR_MS + 20 * 60_000)).toISOString(),
    );
  });

  test("that a delivery confirms begins a pass at once", async () => {
    await restart(clock.nowMs() + 100 * DAY_MS);
    const retention = runWith(days);
    await retention.tick();
    expect(conversations()).toEqual(["conv_old", "conv_young"]);
    await deliver(json(0, { transcript: [] }, "conv_new"));
    await retention.tick();
    expect(conversations()).toEqual(["conv_new", "conv_young"]);
  });

  test("that jumps while the receiver runs erases nothing by it", async () => {
    const retention = runWith(days);
    await retention.tick();
    await deliver(json(0, { transcript: [] }, "conv_new"));
    clock.setMs(Date.UTC(year));
    await steps(48, HOUR_MS, retention);
    expect(conversations()).toEqual(["conv_new", "conv_old", "conv_young"]);
    expect(receiver.trustedClock.isConfirmed()).toBe(false);
  });

  test("of a database that nothing was received by is not known, and erases nothing", async () => {
    const empty = await openTestApp({ clock });
    const retention = runWith(days, empty);
    await steps(2, HOUR_MS, retention);
    expect(await empty.store.events.retentionState.get("trusted_now")).toBeNull();
    await empty.close();
  });
});

describe("a setting that is new", () => {
  const days = { retentionDays: 30 };

  test("counts what is too old, and erases it a day later, whatever restarts happen", async () => {
    await deliver(json(0, { transcript: [] }, "conv_old"));
    await deliver(audio("conv_old", Buffer.from("x")));
    await deliver(JSON.stringify({ type: "voice_removed", data: { voice_id: "voice" } }));
    clock.advanceMs(31 * DAY_MS);
    await deliver(json(0, { transcript: [] }, "conv_young"));
    const from = new Date(clock.nowMs() + DAY_MS).toISOString();
    for (let run = 0; run < 4; run += 1) {
      const retention = runWith(days);
      for (let hour = 0; hour < 6; hour += 1) {
        expect(conversations()).toEqual(["conv_old", "conv_young"]);
        await retention.tick();
        clock.advanceMs(HOUR_MS);
      }
      const told = logLines.splice(0).join("");
      expect(told).toContain("RETENTION_DAYS is new or shorter");
      expect(told).toContain(`days=30 from=${from} recordings=0 events=1 conversations=1`);
    }
    await runWith(days).tick();
    expect(conversations()).toEqual(["conv_young"]);
  });

  test("of recordings waits on its own", async () => {
    await deliver(audio("conv_1", Buffer.from("x")));
    clock.advanceMs(31 * DAY_MS);
    await pass({ retentionDays: 365 });
    const retention = runWith({ retentionDays: 365, audioRetentionDays: 30 });
    await retention.tick();
    expect(recordings()).toHaveLength(1);
    expect(logLines.join("")).toContain("AUDIO_RETENTION_DAYS is new or shorter");
    expect(logLines.join("")).toContain("recordings=1 events=0 conversations=0");
    clock.advanceMs(DAY_MS);
    await retention.tick();
    expect(recordings()).toBeEmpty();
    expect(conversations()).toEqual(["conv_1"]);
  });
});

test("a start after a kill does not warn of files that were being erased by age, as of others that are missing", async () => {
  const large = (words: string) => `{ no json: ${" ".repeat(1_100_000)}${words}`;
  await deliver(audio("conv_old", Buffer.from("x")));
  await deliver(large("old"));
  clock.advanceMs(31 * DAY_MS);
  await deliver(audio("conv_young", Buffer.from("x")));
  await deliver(large("young"));
  const { folder, config } = receiver;
  const { eraser } = receiver.store.events;
  // Killed when the files were gone and the rows were not yet.
  eraser.beginOld = async () => [];
  eraser.eraseRecordings = () => Promise.reject(new Error("killed"));
  eraser.eraseEvents = () => Promise.reject(new Error("killed"));
  await pass({ retentionDays: 30, audioRetentionDays: 30 });
  await receiver.close({ keepFolder: true });
  rmSync(join(folder, "quarantine"), { recursive: true });
  rmSync(join(folder, "audio/2026"), { recursive: true });
  writeFileSync(`${config.databasePath}.running`, "");
  receiver = await openTestApp({ clock, folder });
  const missing = receiver.logLines.filter((line) => line.includes("is missing"));
  expect(missing).toHaveLength(2);
  expect(missing.join("")).toContain("conv_young.mp3");
});

test("retention begins by itself, once a predecessor has ended", async () => {
  await deliver(json(0, { transcript: [] }, "conv_1"));
  await receiver.store.events.eraser.begin("conv_1", clock.nowMs());
  const { erase, trustedClock } = receiver;
  const { eraser, retentionState: state } = receiver.store.events;
  const log = createLog({ level: "DEBUG", format: "text", write: (line) => logLines.push(line) });
  const parts = { eraser, erase, state, trustedClock, clock, log, syncedAtMs: () => null };
  const predecessor = Promise.withResolvers<void>();
  const options = { ...parts, retentionDays: null, audioRetentionDays: null };
  const stop = startRetention(options, predecessor.promise);
  await Bun.sleep(100);
  expect(conversations()).toEqual(["conv_1"]);
  predecessor.resolve();
  while (receiver.rows("SELECT 1 FROM erasures WHERE is_complete = 0").length > 0) await Bun.sleep(5);
  expect(conversations()).toBeEmpty();
  await stop();
});

test("once retention has ended, nothing is being erased any more: a successor may store a recording", async () => {
  await deliver(audio("conv_1", Buffer.from("first")));
  clock.advanceMs(31 * DAY_MS);
  const { store, erase, trustedClock } = receiver;
  const { eraser, retentionState: state } = store.events;
  await state.set("audio_retention_days", JSON.stringify({ inForce: 30, waiting: null }));
  const isErasing = Promise.withResolvers<void>();
  const hasStopped = Promise.withResolvers<void>();
  const eraseRecordings = eraser.eraseRecordings.bind(eraser);
  eraser.eraseRecordings = async (ids, beforeMs) => {
    isErasing.resolve();
    await Promise.race([hasStopped.promise, Bun.sleep(200)]);
    return eraseRecordings(ids, beforeMs);
  };
  const { folder } = receiver;
  const successor = await openTestApp({ clock, folder, isShared: true });
  const log = createLog({ level: "DEBUG", format: "text", write: (line) => logLines.push(line) });
  const parts = { eraser, erase, state, trustedClock, clock, log, syncedAtMs: () => clock.nowMs() };
  const days = { retentionDays: null, audioRetentionDays: 30 };
  const stop = startRetention({ ...parts, ...days }, Promise.resolve());
  await isErasing.promise;

  const add = successor.store.events.add.bind(successor.store);
  successor.store.events.add = async (record) => {
    hasStopped.resolve();
    await Bun.sleep(300);
    return add(record);
  };
  await stop();
  const second = audio("conv_1", Buffer.from("second"));
  const signature = sign(second, { timestamp: Math.floor(clock.nowMs() / 1000) });
  expect((await successor.post(second, signature)).status).toBe(200);
  const [row] = receiver.rows<{ path: string }>("SELECT audio_path AS path FROM conversations");
  expect(readFileSync(join(folder, "audio", row?.path ?? ""), "utf8")).toBe("second");
  await successor.close({ keepFolder: true, isShared: true });
});

test("what a kill leaves of lone events in the file of the database goes with the next start", async () => {
  await deliver("{ no json: quarantined-words");
  await receiver.store.events.eraser.eraseEvents([1]);
  const marks = () => receiver.rows("SELECT value FROM state WHERE name = 'traces_left'");
  expect(marks()).toEqual([{ value: "1" }]);
  await runWith({}).tick();
  expect(marks()).toBeEmpty();
  expect(traces("quarantined-words")).toBeEmpty();
});
