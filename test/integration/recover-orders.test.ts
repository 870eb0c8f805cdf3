import { afterEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { audio, transcription } from "../helpers/deliveries.ts";
import { quarantineAsBefore } from "../helpers/quarantine.ts";
import { call, DAY, HOUR, NOW, openRecovery } from "../helpers/recovery.ts";
import type { TestRecovery } from "../helpers/recovery.ts";

// A call whose webhook and whose recovery come in every order, with an erasure, its age or a reload in the middle.
setDefaultTimeout(120_000);

const TOKEN = "0123456789abcdef0123456789abcdef";
const DELIVERED = Buffer.from("the recording as it was delivered");
const OFFERED = Buffer.from("the recording as ElevenLabs has it");
/** As the sample of the vendor's documents has it: stamped when the call began, before what recovery makes is. */
const STAMP = NOW - 2 * HOUR - 60;

const steps = {
  transcript: (room: TestRecovery) =>
    room.deliver(
      transcription("conv_1", { has_audio: true, analysis: { call_summary_title: "delivered" } }).replace(
        "1793620890",
        String(STAMP),
      ),
    ),
  audio: (room: TestRecovery) => room.deliver(audio("conv_1", DELIVERED, STAMP)),
  recover: (room: TestRecovery) => room.byHand({ conversationId: "conv_1", window: null }),
  erase: (room: TestRecovery) =>
    room.app().handle("/conversations/conv_1", {
      method: "DELETE",
      headers: { authorization: `Bearer ${TOKEN}` },
    }),
  reload: (room: TestRecovery) => room.restart(),
};
type Step = keyof typeof steps;

function orders<T>(all: readonly T[]): T[][] {
  if (all.length === 0) return [[]];
  return all.flatMap((one, index) =>
    orders(all.toSpliced(index, 1)).map((rest) => rest.toSpliced(0, 0, one)),
  );
}

let room: TestRecovery;
afterEach(() => room.end());

async function open(): Promise<void> {
  room = await openRecovery({ app: { config: { apiTokens: [TOKEN] } } });
  const more = {
    analysis: { call_summary_title: "recovered", transcript_summary: "", call_successful: "success" },
  };
  room.fake.workspace.conversations.push(call("conv_1", 2 * HOUR, { recording: OFFERED, more }));
}

async function run(order: readonly Step[]): Promise<void> {
  for (const step of order) await steps[step](room);
}

const row = () =>
  room.rows<{ title: string; path: string | null }>(
    "SELECT title, audio_path AS path FROM conversations WHERE conversation_id = 'conv_1'",
  )[0];

const recording = () => {
  const path = row()?.path ?? null;
  return path === null ? null : readFileSync(join(room.app().folder, "audio", path), "utf8");
};

/** What is found of the call anywhere on the disk. */
function traces(): string[] {
  const { folder } = room.app();
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((file) => file.isFile());
  return files
    .map((file) => join(file.parentPath, file.name))
    .filter((path) => existsSync(path))
    .filter((path) => path.includes("conv_1") || readFileSync(path, "latin1").includes("conv_1"));
}

describe("the delivery wins, whatever comes first:", () => {
  test.each(
    orders<Step>(["transcript", "audio", "recover", "reload"]).map(
      (order) => [order.join(", "), order] as const,
    ),
  )("%s", async (_, order) => {
    await open();
    await run(order);
    expect(row()?.title).toBe("delivered");
    expect(recording()).toBe(DELIVERED.toString());
    expect(room.rows("SELECT type FROM events GROUP BY type, source HAVING count(*) > 1")).toEqual([]);
    expect((await steps.recover(room)).recovered).toEqual({ transcripts: 0, recordings: 0, bytes: 0 });
  });
});

describe("nothing erased returns, whatever comes first:", () => {
  const some = orders<Step>(["transcript", "audio", "recover", "erase"]);
  // Erasing needs something to erase.
  const erasing = some.filter((order) => order[0] !== "erase");
  test.each(erasing.map((order) => [order.join(", "), order] as const))("%s", async (_, order) => {
    await open();
    await run(order);
    await run(["recover", "transcript", "audio", "reload", "recover"]);
    await room.tick();
    expect(row()).toBeUndefined();
    expect(traces()).toEqual([]);
  });
});

describe("while it is being recovered,", () => {
  /** Does something when ElevenLabs has answered a request, and before its answer is stored. */
  async function during(path: RegExp, work: () => Promise<unknown>): Promise<void> {
    let isDone = false;
    await open();
    room.fake.setFault((request) => {
      if (isDone || !path.test(request.path)) return null;
      isDone = true;
      void (working = work());
      // Long enough for what is done meanwhile.
      return { kind: "slow", ms: 150 };
    });
    let working: Promise<unknown> = Promise.resolve();
    await steps.recover(room);
    await working;
    expect(isDone).toBe(true);
  }

  test.each([
    ["its transcript", /conv_1$/],
    ["its recording", /audio$/],
  ])("of %s, the delivery wins", async (_, path) => {
    await during(path, () => run(["transcript", "audio"]));
    expect(row()?.title).toBe("delivered");
    expect(recording()).toBe(DELIVERED.toString());
    expect(room.rows("SELECT 1 FROM events WHERE type = 'post_call_audio'")).toHaveLength(1);
  });

  test("an erasure drops it", async () => {
    await during(/audio$/, () => run(["erase"]));
    expect(row()).toBeUndefined();
    expect(traces()).toEqual([]);
  });

  test("another recovery of it stores nothing twice", async () => {
    await during(/audio$/, () => steps.recover(room));
    expect(room.rows("SELECT type FROM events GROUP BY type HAVING count(*) > 1")).toEqual([]);
    expect(recording()).toBe(OFFERED.toString());
  });

  test("a stop leaves nothing half done, and the next run fetches it", async () => {
    await open();
    const ending = new AbortController();
    room.fake.setFault(({ path }) => {
      if (!path.endsWith("/audio")) return null;
      setTimeout(() => ending.abort(), 30);
      return { kind: "drip", bytes: 1, everyMs: 20 };
    });
    const report = await room.byHand({ conversationId: "conv_1", window: null, signal: ending.signal });
    expect(report.stopped).toContain("run it again");
    expect(recording()).toBeNull();
    const left = readdirSync(join(room.app().folder, "audio")).filter((name) => name.endsWith(".tmp"));
    expect(left).toEqual([]);
    room.fake.setFault(null);
    await room.restart();
    await steps.recover(room);
    expect(recording()).toBe(OFFERED.toString());
  });
});

test("what was quarantined and is processed later wins over what was recovered meanwhile", async () => {
  await open();
  const body = transcription("conv_1", { analysis: { call_summary_title: "delivered" } });
  const { databasePath } = room.app().config;
  const id = quarantineAsBefore(databasePath, body.replace("1793620890", String(STAMP)), {
    conversationId: "conv_1",
  });
  quarantineAsBefore(databasePath, "not audio", { conversationId: "conv_1" });
  await steps.recover(room);
  expect(row()?.title).toBe("recovered");
  expect(recording()).toBe(OFFERED.toString());
  expect(await room.app().command(`/events/${id}/reprocess`)).toMatchObject({ status: 200 });
  expect(row()?.title).toBe("delivered");
  expect((await steps.recover(room)).recovered.transcripts).toBe(0);
});

test("five nights with AUDIO_RETENTION_DAYS=1 fetch nothing twice", async () => {
  room = await openRecovery({
    nowSeconds: NOW - 10 * DAY,
    app: { config: { audioRetentionDays: 1 } },
  });
  await room.deliver(transcription("conv_first"));
  room.clock.advanceMs(10 * DAY * 1000);
  const hours = [2, 20, 30, 60, 100];
  room.fake.workspace.conversations.push(
    ...hours.map((ago) => call(`conv_${ago}`, ago * HOUR, { recording: OFFERED })),
  );
  const { eraser } = room.app().store.events;
  for (let night = 0; night < 5; night += 1) {
    await room.tick();
    const nowMs = room.clock.nowMs();
    const limits = { conversationsBeforeMs: -Infinity, recordingsBeforeMs: nowMs - DAY * 1000, nowMs };
    const { recordings } = await eraser.dueConversations(0, limits);
    await eraser.eraseRecordings(recordings, limits.recordingsBeforeMs);
    room.clock.advanceMs(DAY * 1000);
  }
  const asked = room.fake.requests.map(({ path }) => path).filter((path) => path.includes("conv_"));
  expect(asked.toSorted()).toEqual([...new Set(asked)].toSorted());
  expect(asked.filter((path) => path.endsWith("/audio"))).toHaveLength(2);
  expect(room.recovered).toEqual({ transcript: 5, recording: 2 });
  expect(room.rows("SELECT 1 FROM conversations WHERE audio_path IS NOT NULL")).toEqual([]);
});
