import { afterEach, describe, expect, test } from "bun:test";
import { mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { AGENT_ID } from "../../src/samples/sample.ts";
import { newFolder, runFor } from "../helpers/backups.ts";
import { audio, transcription } from "../helpers/deliveries.ts";
import { call, DAY, HOUR, NOW, openRecovery } from "../helpers/recovery.ts";
import type { TestRecovery } from "../helpers/recovery.ts";

const MP3 = Buffer.from("the recording of a call");

let room: TestRecovery;
afterEach(() => room.end());

const titles = () =>
  room.rows<{ id: string; title: string }>(
    "SELECT conversation_id AS id, title FROM conversations ORDER BY 1",
  );
const eventsOf = () =>
  room.rows("SELECT conversation_id AS id, type, source FROM events ORDER BY conversation_id, type");

/** A receiver that has had its first event ten days ago. */
async function open(options: Parameters<typeof openRecovery>[0] = {}) {
  room = await openRecovery({ ...options, nowSeconds: NOW - 10 * DAY });
  await room.deliver(transcription("conv_first"));
  room.clock.advanceMs(10 * DAY * 1000);
}

const offer = (...calls: ReturnType<typeof call>[]) => void room.fake.workspace.conversations.push(...calls);
const listCount = () => room.fake.requests.filter(({ path }) => path === "/v1/convai/conversations").length;

describe("what did not arrive", () => {
  test("is fetched with its recording, once", async () => {
    await open();
    offer(call("conv_1", 2 * HOUR, { recording: MP3 }), call("conv_2", 3 * HOUR));
    await room.tick();
    expect(eventsOf()).toEqual([
      { id: "conv_1", type: "post_call_audio", source: "recovered" },
      { id: "conv_1", type: "post_call_transcription", source: "recovered" },
      { id: "conv_2", type: "post_call_transcription", source: "recovered" },
      { id: "conv_first", type: "post_call_transcription", source: "webhook" },
    ]);
    const [row] = room.rows<{ path: string; has_audio: number }>(
      "SELECT audio_path AS path, has_audio FROM conversations WHERE conversation_id = 'conv_1'",
    );
    expect(row?.has_audio).toBe(1);
    expect(readFileSync(join(room.app().folder, "audio", row?.path ?? ""))).toEqual(MP3);
    expect(room.rows("SELECT count(*) AS n FROM turns WHERE conversation_id = 'conv_1'")).not.toEqual([
      { n: 0 },
    ]);

    const before = room.fake.requests.length;
    await room.tick();
    // The list, and nothing else.
    expect(room.fake.requests.length - before).toBe(1);
    expect(room.recovered).toEqual({ transcript: 2, recording: 1 });
  });

  test("waits as long as a delivery may come", async () => {
    await open();
    offer(call("conv_1", 44 * 60));
    await room.tick();
    expect(eventsOf()).toHaveLength(1);
    room.clock.advanceMs(120_000);
    await room.tick();
    expect(eventsOf()).toHaveLength(2);
  });

  test("is found after days without a receiver", async () => {
    await open();
    await room.tick();
    room.clock.advanceMs(5 * DAY * 1000);
    await room.restart();
    offer(call("conv_1", -4 * DAY), call("conv_2", -DAY));
    await room.tick();
    expect(eventsOf()).toHaveLength(3);
  });

  test("from before the first event is left alone", async () => {
    await open();
    offer(call("conv_1", 11 * DAY));
    await room.tick();
    expect(eventsOf()).toHaveLength(1);
    expect(await room.byHand()).toMatchObject({ recovered: { transcripts: 1 } });
  });

  test("of another team's agent never reaches the disk", async () => {
    await open();
    offer(call("conv_1", 2 * HOUR), call("conv_other", 2 * HOUR, { agentId: "agent_other", recording: MP3 }));
    await room.tick([AGENT_ID]);
    expect(titles().map(({ id }) => id)).toEqual(["conv_1", "conv_first"]);
    expect(room.fake.requests.some(({ path }) => path.includes("conv_other"))).toBe(false);
    for (const name of ["transcripts.sqlite", "transcripts.sqlite-wal"])
      expect(readFileSync(join(room.app().folder, name), "latin1")).not.toContain("conv_other");
  });

  test("has no turns if the workspace's deliveries have none", async () => {
    await open();
    room.fake.workspace.settings = {
      ...room.fake.workspace.settings,
      webhooks: { exclude_transcript: true },
    };
    offer(
      call("conv_1", 2 * HOUR, { turns: [{ role: "user", message: "secret-words", time_in_call_secs: 0 }] }),
    );
    await room.tick();
    expect(titles().map(({ id }) => id)).toEqual(["conv_1", "conv_first"]);
    for (const name of ["transcripts.sqlite", "transcripts.sqlite-wal"])
      expect(readFileSync(join(room.app().folder, name), "latin1")).not.toContain("secret-words");
  });

  test("is asked for only by who runs the command", async () => {
    await open();
    offer(
      call("conv_1", 2 * HOUR, { recording: MP3 }),
      call("conv_2", 2 * HOUR, { agentId: "agent_2" }),
      call("conv_first", 2 * HOUR),
      call("conv_busy", 2 * HOUR, { status: "processing" }),
    );
    const report = await room.byHand({ isDryRun: true });
    expect(report).toMatchObject({
      conversations: 4,
      here: 1,
      missing: { transcripts: 2, recordings: 1 },
      missingByAgent: {
        [AGENT_ID]: { transcripts: 1, recordings: 1 },
        agent_2: { transcripts: 1, recordings: 0 },
      },
      notYet: { unfinished: 1 },
      recovered: { transcripts: 0, recordings: 0 },
    });
    expect(eventsOf()).toHaveLength(1);
    expect(room.rows("SELECT * FROM recovery_pending")).toEqual([]);
  });
});

describe("a recording", () => {
  test("that alone is missing is fetched alone", async () => {
    await open();
    offer(call("conv_1", HOUR, { recording: MP3 }));
    room.clock.advanceMs(-HOUR * 1000);
    await room.deliver(transcription("conv_1", { has_audio: true }));
    room.clock.advanceMs(HOUR * 1000);
    await room.tick();
    expect(room.recovered).toEqual({ transcript: 0, recording: 1 });
    expect(room.fake.requests.map(({ path }) => path)).toEqual([
      "/v1/convai/conversations",
      "/v1/convai/conversations/conv_1/audio",
    ]);
  });

  test("that nobody has spoken of is asked for once", async () => {
    await open();
    offer(call("conv_1", HOUR), call("conv_2", HOUR, { recording: MP3 }));
    room.clock.advanceMs(-HOUR * 1000);
    for (const id of ["conv_1", "conv_2"]) await room.deliver(transcription(id));
    room.clock.advanceMs(HOUR * 1000);
    await room.tick();
    expect(room.recovered).toEqual({ transcript: 0, recording: 1 });
    const before = room.fake.requests.length;
    await room.tick();
    expect(room.fake.requests.length - before).toBe(1);
  });

  test("whose file is gone comes back", async () => {
    await open();
    offer(call("conv_1", HOUR, { recording: MP3 }));
    room.clock.advanceMs(-HOUR * 1000);
    await room.deliver(transcription("conv_1", { has_audio: true }));
    await room.deliver(audio("conv_1", MP3));
    rmSync(join(room.app().folder, "audio/2026"), { recursive: true });
    room.clock.advanceMs(HOUR * 1000);
    await room.tick();
    const [row] = room.rows<{ path: string }>(
      "SELECT audio_path AS path FROM conversations WHERE conversation_id = 'conv_1'",
    );
    expect(readFileSync(join(room.app().folder, "audio", row?.path ?? ""))).toEqual(MP3);
  });

  test("is not looked for in a folder whose disk is not mounted", async () => {
    await open();
    offer(call("conv_1", HOUR, { recording: MP3 }));
    room.clock.advanceMs(-HOUR * 1000);
    await room.deliver(transcription("conv_1", { has_audio: true }));
    await room.deliver(audio("conv_1", MP3));
    const folder = join(room.app().folder, "audio");
    rmSync(folder, { recursive: true });
    mkdirSync(folder);
    room.clock.advanceMs(HOUR * 1000);
    await room.tick();
    expect(room.fake.requests.filter(({ path }) => path.includes("/audio"))).toEqual([]);
    expect(readdirSync(folder)).toEqual([]);
  });
});

describe("a call that ElevenLabs has not finished", () => {
  test("is asked for again when no list has it any more", async () => {
    await open();
    offer(call("conv_1", 5 * HOUR, { status: "processing" }));
    await room.tick();
    expect(room.rows("SELECT reason, tries FROM recovery_pending")).toEqual([
      { reason: "unfinished", tries: 1 },
    ]);
    room.clock.advanceMs(2 * DAY * 1000);
    await room.tick();
    expect(room.rows("SELECT tries FROM recovery_pending")).toEqual([{ tries: 2 }]);
    const [stuck] = room.fake.workspace.conversations;
    if (stuck !== undefined) stuck.status = "done";
    room.clock.advanceMs(HOUR * 1000);
    await room.tick();
    expect(room.recovered.transcript).toBe(1);
    expect(room.rows("SELECT * FROM recovery_pending")).toEqual([]);
  });

  test("with a status of a later version is waited for, and told of once", async () => {
    await open();
    offer(call("conv_1", 5 * HOUR), call("conv_2", 5 * HOUR));
    const later = (answer: Record<string, unknown>) =>
      JSON.parse(JSON.stringify(answer).replaceAll('"done"', '"polishing"'));
    room.fake.setFault(() => ({ kind: "changed", change: later }));
    await room.byHand();
    expect(eventsOf()).toHaveLength(1);
    expect(room.logLines.filter((line) => line.includes("polishing"))).toHaveLength(1);
  });
});

describe("a fault", () => {
  const states = () => room.rows("SELECT value FROM state WHERE name = 'recover_watermark'");

  test.each([
    [401, "does not accept the API key"],
    [403, "convai_read"],
  ])("%d stops the run, warns when that begins, and receiving goes on", async (status, words) => {
    await open();
    offer(call("conv_1", 2 * HOUR));
    room.fake.setFault(() => ({ kind: "status", status }));
    for (const _ of [1, 2, 3]) {
      await room.tick();
      room.clock.advanceMs(600_000);
    }
    const warnings = () => room.logLines.filter((line) => line.includes("WARNING") && line.includes(words));
    expect(warnings()).toHaveLength(1);
    expect(room.fake.requests).toHaveLength(3);
    expect(states()).toEqual([]);
    expect((await room.deliver(transcription("conv_3"))).status).toBe(200);
    expect(room.recovery().status().fault?.what).toContain(words);
    expect(room.failures).toEqual(["key", "key", "key"]);
    room.fake.setFault(null);
    await room.tick();
    expect(room.recovered.transcript).toBe(1);
    expect(room.recovery().status().fault).toBeNull();
    room.fake.setFault(() => ({ kind: "status", status }));
    await room.tick();
    expect(warnings()).toHaveLength(2);
  });

  test("404 is tried three times over a day, and then it is final", async () => {
    await open();
    offer(call("conv_1", 2 * HOUR, { recording: MP3 }));
    room.fake.setFault(({ path }) => (path.endsWith("/audio") ? { kind: "status", status: 404 } : null));
    const asked = () => room.fake.requests.filter(({ path }) => path.endsWith("/audio")).length;
    for (let hour = 0; hour < 48; hour += 1) {
      await room.tick();
      room.clock.advanceMs(HOUR * 1000);
    }
    expect(asked()).toBe(3);
    expect(room.rows("SELECT reason, tries, next_try_at FROM recovery_pending")).toEqual([
      { reason: "gone", tries: 3, next_try_at: null },
    ]);
    expect(room.recovery().status()).toMatchObject({ pendingCount: 0, failedCount: 1 });
    const report = await room.byHand();
    expect(report.failed.first).toEqual([
      { conversationId: "conv_1", kind: "recording", why: "no longer at ElevenLabs (404)" },
    ]);
    room.fake.setFault(null);
    expect(await room.byHand()).toMatchObject({ recovered: { recordings: 1 }, failed: { count: 0 } });
    expect(room.rows("SELECT * FROM recovery_pending")).toEqual([]);
  });

  test("422 is told of with the member's name, and nothing of the body", async () => {
    await open();
    room.fake.setFault(() => ({ kind: "unprocessable", loc: ["query", "page_size"] }));
    await room.tick();
    const warnings = room.logLines.filter((line) => line.includes("WARNING"));
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toContain("query.page_size");
    expect(states()).toEqual([]);
  });

  test("a conversation that fails to the end is put off, and the others are fetched", async () => {
    await open();
    offer(call("conv_1", 2 * HOUR), call("conv_2", 2 * HOUR), call("conv_3", 2 * HOUR));
    room.fake.setFault(({ path }) => (path.endsWith("/conv_2") ? { kind: "status", status: 503 } : null));
    await room.tick();
    expect(room.fake.requests.filter(({ path }) => path.endsWith("/conv_2"))).toHaveLength(6);
    expect(titles().map(({ id }) => id)).toEqual(["conv_1", "conv_3", "conv_first"]);
    expect(states()).toHaveLength(1);
    room.fake.setFault(null);
    await room.tick();
    expect(titles()).toHaveLength(3);
    room.clock.advanceMs(601_000);
    await room.tick();
    expect(titles()).toHaveLength(4);
  });

  test("ElevenLabs that fails with everything ends the run, which goes on later", async () => {
    await open();
    offer(...Array.from({ length: 20 }, (_, index) => call(`conv_${index}`, 2 * HOUR)));
    room.fake.setFault(({ path }) =>
      path === "/v1/convai/conversations" ? null : { kind: "status", status: 500 },
    );
    await room.tick();
    expect(room.fake.requests.length).toBeLessThan(40);
    expect(states()).toEqual([]);
    room.fake.setFault(null);
    room.clock.advanceMs(601_000);
    await room.tick();
    expect(room.recovered.transcript).toBe(20);
  });

  test("a cursor that repeats ends the run with that reason", async () => {
    await open();
    offer(
      ...Array.from({ length: 250 }, (_, index) => call(`conv_${index}`, 2 * HOUR, { agentId: "agent_2" })),
    );
    room.fake.setFault(({ query }) =>
      query.cursor === undefined
        ? null
        : { kind: "changed", change: (answer) => ({ ...answer, next_cursor: query.cursor, has_more: true }) },
    );
    const report = await room.byHand();
    expect(report.stopped).toContain("repeats a page");
    expect(listCount()).toBe(2);
  });

  test("another conversation's answer ends the run, and nothing of it is stored", async () => {
    await open();
    offer(call("conv_1", 2 * HOUR));
    room.fake.setFault(({ path }) =>
      path.endsWith("/conv_1")
        ? { kind: "changed", change: (answer) => ({ ...answer, conversation_id: "conv_9" }) }
        : null,
    );
    await room.tick();
    expect(eventsOf()).toHaveLength(1);
    expect(room.logLines.join("")).toContain("another conversation");
    expect(states()).toEqual([]);
  });

  test("settings that can't be read keep transcripts from being stored, unless they may not be read", async () => {
    await open();
    offer(call("conv_1", 2 * HOUR));
    room.fake.setFault(({ path }) => (path.endsWith("/settings") ? { kind: "status", status: 500 } : null));
    await room.tick();
    expect(eventsOf()).toHaveLength(1);
    room.fake.setFault(({ path }) => (path.endsWith("/settings") ? { kind: "status", status: 403 } : null));
    await room.tick();
    expect(eventsOf()).toHaveLength(2);
  });
});

test("a backup holds what was recovered and what is still to be fetched, and a restore goes on from there", async () => {
  await open();
  offer(call("conv_1", 2 * HOUR, { recording: MP3 }), call("conv_2", 5 * HOUR, { status: "processing" }));
  await room.tick();
  const backup = newFolder();
  const restored = newFolder();
  expect(await runFor(room.app().folder, "backup", backup)).toMatchObject({ status: 0 });
  expect(await runFor(restored, "restore", backup)).toMatchObject({ status: 0 });
  const before = eventsOf();
  await room.restart({ folder: restored });
  expect(eventsOf()).toEqual(before);
  expect(room.rows("SELECT reason FROM recovery_pending")).toEqual([{ reason: "unfinished" }]);
  await room.tick();
  expect(room.recovered).toEqual({ transcript: 1, recording: 1 });
  rmSync(backup, { recursive: true });
});

test("deliveries come first: with little disk left nothing is fetched", async () => {
  await open();
  await room.restart({ config: { freeDiskBytesMin: 2 ** 60 } });
  offer(call("conv_1", 2 * HOUR));
  await room.tick();
  expect(room.recovered.transcript).toBe(0);
  expect(room.failures).toEqual(["disk"]);
  expect(room.logLines.join("")).toContain("MIN_FREE_DISK_BYTES");
});

test("calls in a row that only recovery brought are counted, for ElevenLabs may have stopped calling", async () => {
  await open();
  room.clock.advanceMs(HOUR * 1000);
  await room.restart();
  const later = (id: string, hours: number) => call(id, -HOUR - hours * HOUR);
  offer(later("conv_1", 1), later("conv_2", 2), later("conv_3", 3.5));
  room.clock.advanceMs(4 * HOUR * 1000);
  await room.tick();
  expect(room.recovery().status().onlyRecoveredCount).toBe(2);
  room.clock.advanceMs(HOUR * 1000);
  await room.tick();
  expect(room.recovery().status().onlyRecoveredCount).toBe(3);
});
