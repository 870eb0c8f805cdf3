import { afterEach, beforeEach, expect, test } from "bun:test";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { startRetention } from "../../src/inspect/retention.ts";
import { createLog } from "../../src/platform/log.ts";
import { openTestApp } from "../helpers/app.ts";
import type { TestApp } from "../helpers/app.ts";
import { standingClock } from "../helpers/clock.ts";
import { event, json, NOON } from "../helpers/conversation-events.ts";
import { audio, sign } from "../helpers/deliveries.ts";

const DAY_MS = 86_400_000;
let receiver: TestApp;
let clock: ReturnType<typeof standingClock>;
let logLines: string[];
let stop = () => {};

beforeEach(async () => {
  clock = standingClock(NOON);
  logLines = [];
  receiver = await openTestApp({ clock });
});
afterEach(async () => {
  stop();
  await receiver.close();
});

const deliver = (body: string) =>
  receiver.post(body, sign(body, { timestamp: Math.floor(clock.nowMs() / 1000) }));

/** Has the retention run until it has said what it did. */
async function pass(days: { retentionDays?: number; audioRetentionDays?: number }): Promise<void> {
  stop();
  const log = createLog({ level: "DEBUG", format: "text", write: (line) => logLines.push(line) });
  const { erase, store } = receiver;
  const options = { retentionDays: null, audioRetentionDays: null, ...days };
  stop = startRetention({ eraser: store.eraser, erase, clock, log, ...options });
  for (let waited = 0; waited < 100 && logLines.length === 0; waited += 1) await Bun.sleep(20);
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
