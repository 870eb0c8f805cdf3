import { Database } from "bun:sqlite";
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { existsSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Config } from "../../src/config/config.ts";
import { openTestApp } from "../helpers/app.ts";
import type { TestApp } from "../helpers/app.ts";
import { audio, fixture, transcription } from "../helpers/deliveries.ts";
import { namesBesideMark } from "../helpers/folders.ts";
import { quarantineAsBefore } from "../helpers/quarantine.ts";

const TOKEN = "0123456789abcdef0123456789abcdef";
const EARLIER_MS = Date.UTC(2026, 10, 2, 12);
const LARGE = 1_500_000;

let receiver: TestApp;

async function open(folder?: string, config: Partial<Config> = {}): Promise<void> {
  const given = folder === undefined ? {} : { folder };
  receiver = await openTestApp({ config: { apiTokens: [TOKEN], ...config }, ...given });
}

beforeEach(() => open());
afterEach(() => receiver.close());

const quarantined = (body: string | Uint8Array, more?: Parameters<typeof quarantineAsBefore>[2]) =>
  quarantineAsBefore(receiver.config.databasePath, body, { receivedAtMs: EARLIER_MS, ...more });
const reprocess = (id: number | string) => receiver.command(`/events/${id}/reprocess`);
const reprocessAll = () => receiver.command("/events/reprocess");
const eventRows = () => receiver.rows("SELECT id, type, conversation_id, status, error FROM events");
const files = (folder: string) => {
  const path = join(receiver.folder, folder);
  return existsSync(path) ? readdirSync(path) : [];
};
const recordings = () => files("audio/2026/11/02").toSorted();
const recordingOf = (name: string) => Bun.file(join(receiver.folder, "audio/2026/11/02", name)).bytes();

/** Stops without order, lets something happen to the folder, and starts again. */
async function restartAfterCrash(meanwhile: (folder: string) => void = () => {}): Promise<void> {
  const { folder } = receiver;
  await receiver.close({ keepFolder: true });
  writeFileSync(join(folder, "transcripts.sqlite.running"), "");
  meanwhile(folder);
  await open(folder);
}

function alterDatabase(sql: string): void {
  const database = new Database(receiver.config.databasePath);
  database.run(sql);
  database.close();
}

describe("an event that can be processed now", () => {
  test("becomes a conversation with its turns, under the id that it had", async () => {
    const body = transcription("conv_1", { agent_name: "Ada" });
    const id = quarantined(body);
    expect(await reprocess(id)).toEqual({ status: 200, answer: { id, status: "processed", error: null } });
    expect(receiver.rows("SELECT * FROM events")).toEqual([
      {
        id,
        type: "post_call_transcription",
        conversation_id: "conv_1",
        agent_id: "agent_1",
        event_timestamp: 1793620890,
        received_at: EARLIER_MS,
        status: "processed",
        error: null,
        body_sha256: new Bun.CryptoHasher("sha256").update(body).digest("hex"),
        body_bytes: body.length,
        payload: body,
        payload_path: null,
        turns_payload: null,
        source: "webhook",
      },
    ]);
    expect(receiver.rows("SELECT agent_name, event_id FROM conversations")).toEqual([
      { agent_name: "Ada", event_id: id },
    ]);
    expect(receiver.rows("SELECT message FROM turns")).toEqual([{ message: "Hello" }]);
    const [row] = receiver.rows<{ updated_at: number }>("SELECT updated_at FROM conversations");
    expect(row?.updated_at).toBeGreaterThan(EARLIER_MS);
  });

  test("becomes a call failure", async () => {
    const id = quarantined(fixture("call_initiation_failure_sip_486.json"));
    await reprocess(id);
    expect(receiver.rows("SELECT event_id, reason FROM call_failures")).toEqual([
      { event_id: id, reason: "busy" },
    ]);
  });

  test.each([
    ["in the row", 1000],
    ["in a file", LARGE],
  ])("becomes a recording, from bytes %s", async (_, byteCount) => {
    const recording = Buffer.alloc(byteCount, "recording");
    const id = quarantined(audio("conv_1", recording));
    expect(files("quarantine")).toHaveLength(byteCount === LARGE ? 1 : 0);
    expect((await reprocess(id)).answer).toMatchObject({ status: "processed" });
    expect(await recordingOf("conv_1.mp3")).toEqual(new Uint8Array(recording));
    expect(files("quarantine")).toEqual([]);
    expect(receiver.rows("SELECT audio_path, audio_bytes, audio_received_at FROM conversations")).toEqual([
      { audio_path: "2026/11/02/conv_1.mp3", audio_bytes: byteCount, audio_received_at: EARLIER_MS },
    ]);
    const [event] = receiver.rows<{ payload: string }>("SELECT payload FROM events");
    expect(JSON.parse(event?.payload ?? "")).toMatchObject({ data: { full_audio: "" } });
  });

  test("is left alone the second time", async () => {
    const id = quarantined(transcription("conv_1"));
    const first = await reprocess(id);
    const before = receiver.rows("SELECT * FROM conversations, events");
    expect(await reprocess(id)).toEqual(first);
    expect(receiver.rows("SELECT * FROM conversations, events")).toEqual(before);
  });

  test("answers the next delivery of its body with 200, and is not stored again", async () => {
    const body = transcription("conv_1");
    const id = quarantined(body);
    await reprocess(id);
    expect((await receiver.post(body)).status).toBe(200);
    expect(eventRows()).toHaveLength(1);
  });

  test("keeps what is switched on now, as a delivery does", async () => {
    const { folder } = receiver;
    await receiver.close({ keepFolder: true });
    await open(folder, { storeTranscripts: false, storeAudio: false });
    const ids = [quarantined(transcription("conv_1")), quarantined(audio("conv_2", Buffer.alloc(LARGE)))];
    for (const id of ids) await reprocess(id);
    expect(receiver.rows("SELECT status, payload FROM events")).toEqual([
      { status: "processed", payload: null },
      { status: "processed", payload: null },
    ]);
    expect(receiver.rows("SELECT * FROM conversations")).toEqual([]);
    expect([...files("quarantine"), ...namesBesideMark(join(receiver.folder, "audio"))]).toEqual([]);
  });
});

describe("what has arrived since", () => {
  test("is not overtaken by a transcription that was quarantined earlier", async () => {
    await receiver.post(transcription("conv_1", { agent_name: "New" }).replace("1793620890", "1793620999"));
    await reprocess(quarantined(transcription("conv_1", { agent_name: "Old", user_id: "user_1" })));
    expect(receiver.rows("SELECT agent_name, user_id, event_id FROM conversations")).toEqual([
      { agent_name: "New", user_id: "user_1", event_id: 1 },
    ]);
  });

  test("is not overtaken by a recording that was quarantined earlier, which stays beside it", async () => {
    await receiver.post(audio("conv_1", Buffer.from("new")));
    await reprocess(quarantined(audio("conv_1", Buffer.from("old"))));
    expect(receiver.rows("SELECT audio_path, audio_bytes FROM conversations")).toEqual([
      { audio_path: "2026/11/02/conv_1.mp3", audio_bytes: 3 },
    ]);
    expect(recordings()).toHaveLength(2);
  });

  test("stands for the same body that was quarantined before: one of both stays", async () => {
    const body = transcription("conv_1");
    const id = quarantined(body, { error: "invalid_json: not JSON" });
    // Under another conversation, none, it was not known to be the same.
    expect((await receiver.post(body)).status).toBe(200);
    expect(eventRows()).toHaveLength(2);
    expect((await reprocess(id)).answer).toEqual({ id, status: "processed", error: null });
    expect(eventRows()).toEqual([expect.objectContaining({ id: id + 1, status: "processed", error: null })]);
    expect(receiver.rows("SELECT event_id FROM conversations")).toEqual([{ event_id: id + 1 }]);
    expect(receiver.rows("SELECT message FROM turns")).toEqual([{ message: "Hello" }]);
    expect((await reprocess(id)).status).toBe(404);
  });

  test("gets the content that it was stored without", async () => {
    const body = transcription("conv_1");
    const { folder } = receiver;
    await receiver.close({ keepFolder: true });
    await open(folder, { storeTranscripts: false });
    await receiver.post(body);
    await receiver.close({ keepFolder: true });
    await open(folder);
    await reprocess(quarantined(body, { error: "invalid_json: not JSON" }));
    expect(receiver.rows("SELECT id, payload FROM events")).toEqual([{ id: 1, payload: body }]);
    expect(receiver.rows("SELECT message FROM turns")).toEqual([{ message: "Hello" }]);
  });

  test("leaves a large body to the event that was stored with it, though contents are not stored any more", async () => {
    const data = { conversation_id: "conv_1", text: "x".repeat(17 * 1024 * 1024) };
    const body = JSON.stringify({ type: "agent_qa", data });
    const { folder } = receiver;
    expect((await receiver.post(body)).status).toBe(200);
    await receiver.close({ keepFolder: true });
    await open(folder, { storeTranscripts: false });
    expect((await reprocess(quarantined(body))).status).toBe(200);
    const [name = ""] = files("quarantine");
    const rows = receiver.rows("SELECT id, status, payload_path FROM events");
    expect(rows).toEqual([{ id: 1, status: "processed", payload_path: `quarantine/${name}` }]);
  });

  test("shares its file with the same body of another quarantined event", async () => {
    const body = audio("conv_1", Buffer.alloc(LARGE));
    const ids = [quarantined(body), quarantined(body, { conversationId: "conv_1" })];
    expect(files("quarantine")).toHaveLength(1);
    expect((await reprocessAll()).answer).toMatchObject({ quarantined: 0 });
    expect(eventRows()).toEqual([expect.objectContaining({ id: ids[1], status: "processed" })]);
    expect(files("quarantine")).toEqual([]);
    expect(recordings()).toEqual(["conv_1.mp3"]);
  });
});

test("a stop ends with the file gone of an event that waited to become a processed one", async () => {
  const id = quarantined(audio("conv_1", Buffer.alloc(LARGE)));
  const { folder, store } = receiver;
  const replace = store.events.replace.bind(store);
  store.events.replace = async (...given) => {
    const other = new Database(receiver.config.databasePath);
    other.run("BEGIN IMMEDIATE");
    return replace(...given).finally(() => other.close());
  };
  expect((await reprocess(id)).status).toBe(500);
  expect(files("quarantine")).toHaveLength(1);
  await receiver.close({ keepFolder: true });
  expect(files("quarantine")).toEqual([]);
  await open(folder);
  expect(eventRows()).toEqual([expect.objectContaining({ id, status: "processed" })]);
});

test("a file stays as long as another quarantined event names it", async () => {
  const body = audio("conv_1", Buffer.alloc(LARGE));
  const ids = [quarantined(body), quarantined(body, { conversationId: "conv_misread" })];
  await reprocess(ids[0] ?? 0);
  expect(files("quarantine")).toHaveLength(1);
  await reprocess(ids[1] ?? 0);
  expect(files("quarantine")).toEqual([]);
  expect(eventRows()).toEqual([expect.objectContaining({ id: ids[0], status: "processed" })]);
});

describe("an event that can't be processed", () => {
  test.each([
    ["of an unknown type", '{"type":"new_thing"}', "unknown_type: this version does not know the type"],
    ["that is not JSON", "x".repeat(LARGE), "invalid_json: not JSON"],
    ["of bytes", Buffer.from([0xff, 0x00]), "invalid_json: not UTF-8"],
    [
      "with a broken recording",
      audio("c", Buffer.alloc(LARGE)).replace("AAAA", "A-A "),
      "invalid_payload: the recording is not valid base64",
    ],
  ])("%s stays as it is", async (_, body, error) => {
    const id = quarantined(body);
    const before = [receiver.rows("SELECT * FROM events"), files("quarantine")];
    expect(await reprocess(id)).toEqual({ status: 200, answer: { id, status: "quarantined", error } });
    expect([receiver.rows("SELECT * FROM events"), files("quarantine")]).toEqual(before);
    expect(namesBesideMark(join(receiver.folder, "audio"))).toEqual([]);
  });

  test("because its file is gone or changed stays as it is, and is logged", async () => {
    const id = quarantined(audio("conv_1", Buffer.alloc(LARGE)));
    const [name = ""] = files("quarantine");
    const path = join(receiver.folder, "quarantine", name);
    writeFileSync(path, audio("conv_1", Buffer.alloc(LARGE, "x")));
    for (const _ of ["changed", "gone"]) {
      expect(await reprocess(id)).toMatchObject({ status: 404, answer: { code: "payload_missing" } });
      expect(receiver.logLines.at(-1)).toContain("A quarantined body is missing");
      expect(eventRows()).toMatchObject([{ id, status: "quarantined" }]);
      rmSync(path, { force: true });
    }
    expect((await reprocessAll()).answer).toMatchObject({
      processed: 0,
      reasons: [{ error: expect.stringContaining("payload_missing"), count: 1 }],
    });
  });

  test("because the database refuses what follows from it stays as it is", async () => {
    const id = quarantined(transcription("conv_1"));
    alterDatabase("CREATE TRIGGER odd BEFORE INSERT ON conversations BEGIN SELECT RAISE(ABORT, 'odd'); END");
    expect((await reprocess(id)).answer).toEqual({
      id,
      status: "quarantined",
      error: "invalid_payload: it could not be stored with what was derived from it",
    });
    expect(eventRows()).toMatchObject([{ id, status: "quarantined", type: "not_known_then" }]);
  });
});

describe("all that is quarantined", () => {
  test("is read again, and counted by what became of it", async () => {
    await receiver.post(transcription("conv_before"));
    for (let index = 0; index < 120; index += 1) quarantined(transcription(`conv_${index}`));
    for (let index = 0; index < 3; index += 1) quarantined(`{"type":"new_thing","n":${index}}`);
    quarantined("not JSON");
    const reasons = [
      { error: "unknown_type: this version does not know the type", count: 3 },
      { error: "invalid_json: not JSON", count: 1 },
    ];
    expect(await reprocessAll()).toEqual({
      status: 200,
      answer: { processed: 120, quarantined: 4, reasons },
    });
    expect(receiver.rows("SELECT count(*) AS n FROM conversations")).toEqual([{ n: 121 }]);
    expect((await reprocessAll()).answer).toEqual({ processed: 0, quarantined: 4, reasons });
  });

  test("takes turns with deliveries", async () => {
    for (let index = 0; index < 100; index += 1) quarantined(transcription(`conv_${index}`));
    const left: number[] = [];
    const all = reprocessAll();
    for (let index = 0; index < 5; index += 1) {
      expect((await receiver.post(transcription(`conv_new_${index}`))).status).toBe(200);
      const sql = "SELECT count(*) AS n FROM events WHERE status = 'quarantined'";
      left.push(receiver.rows<{ n: number }>(sql)[0]?.n ?? 0);
    }
    expect(left[0]).toBeGreaterThan(50);
    expect((await all).answer).toMatchObject({ processed: 100 });
  });

  test("may be asked for twice at once", async () => {
    for (let index = 0; index < 20; index += 1) quarantined(audio(`conv_${index}`, Buffer.from("mp3")));
    const answers = await Promise.all([reprocessAll(), reprocessAll()]);
    const counts = answers.map(({ answer }) => Number(answer.processed));
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(20);
    expect(recordings()).toHaveLength(20);
  });

  test("waits for the next start once the program stops", async () => {
    quarantined(transcription("conv_1"));
    await receiver.drain();
    expect(await reprocessAll()).toMatchObject({ status: 503, answer: { code: "shutting_down" } });
    expect(eventRows()).toMatchObject([{ status: "quarantined" }]);
  });

  test("waits for room on the disk", async () => {
    const { folder } = receiver;
    await receiver.close({ keepFolder: true });
    await open(folder, { freeDiskBytesMin: Number.MAX_SAFE_INTEGER });
    quarantined(transcription("conv_1"));
    expect(await reprocessAll()).toMatchObject({ status: 503, answer: { code: "disk_low" } });
    expect(eventRows()).toMatchObject([{ status: "quarantined" }]);
  });
});

describe("a stop in the middle", () => {
  const recording = Buffer.alloc(LARGE, "recording");

  test("between the recording's file and its row: the next time finds the file", async () => {
    const id = quarantined(audio("conv_1", recording));
    alterDatabase("CREATE TRIGGER odd BEFORE UPDATE ON events BEGIN SELECT RAISE(ABORT, 'odd'); END");
    await reprocess(id);
    expect(recordings()).toEqual(["conv_1.mp3"]);
    alterDatabase("DROP TRIGGER odd");
    await restartAfterCrash();
    expect((await reprocess(id)).answer).toMatchObject({ status: "processed" });
    expect(recordings()).toEqual(["conv_1.mp3"]);
    expect(receiver.rows("SELECT audio_path, agent_id FROM conversations")).toEqual([
      { audio_path: "2026/11/02/conv_1.mp3", agent_id: "agent_1" },
    ]);
  });

  test("between the row and the removal of the quarantined file: the next start removes it", async () => {
    const id = quarantined(audio("conv_1", recording));
    const [name = ""] = files("quarantine");
    const body = await Bun.file(join(receiver.folder, "quarantine", name)).bytes();
    await reprocess(id);
    const unknown = `${"0".repeat(64)}.body`;
    const stillQuarantined = quarantined("x".repeat(LARGE));
    await restartAfterCrash((folder) => {
      for (const left of [name, unknown, "notes.txt"]) writeFileSync(join(folder, "quarantine", left), body);
    });
    expect(files("quarantine")).toHaveLength(3);
    expect(files("quarantine")).toEqual(expect.arrayContaining([unknown, "notes.txt"]));
    expect(files("quarantine")).not.toContain(name);
    expect((await reprocess(stillQuarantined)).answer).toMatchObject({ error: "invalid_json: not JSON" });
  });
});

test.each(["0", "9", "x", "-1", "1%2F2", "9".repeat(10_240)])("there is no event %p", async (id) => {
  expect(await reprocess(id)).toMatchObject({ status: 404, answer: { code: "not_found" } });
});

describe.each(["/events/reprocess", "/events/1/reprocess"])("%s", (path) => {
  test("answers other methods with 405", async () => {
    const response = await receiver.handle(path, { headers: { authorization: `Bearer ${TOKEN}` } });
    expect([response.status, response.headers.get("allow")]).toEqual([405, "POST"]);
  });

  test("asks for the token, and is not there without one", async () => {
    expect((await receiver.command(path, null)).status).toBe(401);
    const closed = await openTestApp();
    expect((await closed.command(path, TOKEN)).status).toBe(404);
    await closed.close();
  });
});

test("what turns out to be of an erased conversation is dropped", async () => {
  await receiver.post(transcription("conv_1"));
  await receiver.handle("/conversations/conv_1", {
    method: "DELETE",
    headers: { authorization: `Bearer ${TOKEN}` },
  });
  const ids = [quarantined(audio("conv_1", Buffer.alloc(LARGE))), quarantined(transcription("conv_1"))];
  expect(await reprocess(ids[0] ?? 0)).toMatchObject({ status: 404, answer: { code: "not_found" } });
  expect((await reprocessAll()).answer).toEqual({ processed: 0, quarantined: 0, reasons: [] });
  expect(receiver.rows("SELECT id FROM events UNION ALL SELECT conversation_id FROM conversations")).toEqual(
    [],
  );
  expect([...files("quarantine"), ...recordings()]).toEqual([]);
});

describe("the search index", () => {
  type Page = { conversations: { conversation_id: string }[] };
  const found = async (query: string) => {
    const { status, answer } = await receiver.ask<Page>(`/conversations?${query}`);
    expect(status).toBe(200);
    return answer.conversations.map(({ conversation_id: id }) => id);
  };
  const said = (id: string, message: string) =>
    transcription(id, {
      agent_id: "agent_late",
      transcript: [{ role: "user", message, time_in_call_secs: 0 }],
    });

  test("has what was reprocessed, though it has passed the event", async () => {
    const id = quarantined(said("conv_late", "about heliotropes"));
    await receiver.post(said("conv_now", "about marigolds"));
    expect(await found("q=heliotropes")).toEqual([]);
    expect(await found("agent_id=agent_late")).toEqual(["conv_now"]);
    await reprocess(id);
    expect(await found("q=heliotropes")).toEqual(["conv_late"]);
    expect((await found("agent_id=agent_late")).toSorted()).toEqual(["conv_late", "conv_now"]);
  });

  test("has it after a crash too", async () => {
    const id = quarantined(said("conv_1", "heliotropes"));
    await receiver.post(said("conv_now", "hello"));
    expect(await found("q=hello")).toEqual(["conv_now"]);
    await reprocess(id);
    await restartAfterCrash();
    expect(await found("q=heliotropes")).toEqual(["conv_1"]);
  });

  test("has what a later conversation took over from an event of another id", async () => {
    const body = said("conv_1", "heliotropes");
    const { folder } = receiver;
    await receiver.close({ keepFolder: true });
    await open(folder, { storeTranscripts: false });
    await receiver.post(body);
    await receiver.close({ keepFolder: true });
    await open(folder);
    const id = quarantined(body, { error: "invalid_json: not JSON" });
    expect(await found("q=heliotropes")).toEqual([]);
    await reprocess(id);
    expect(await found("q=heliotropes")).toEqual(["conv_1"]);
  });

  test("has all of more than are remembered one by one", async () => {
    const COUNT = 1_100;
    for (let index = 0; index < COUNT; index += 1) quarantined(said(`conv_${index}`, `heliotrope n${index}`));
    await receiver.post(said("conv_now", "hello"));
    expect(await found("q=hello")).toEqual(["conv_now"]);
    const database = new Database(`${receiver.config.databasePath}.search`);
    // No step of the index in between.
    database.run("BEGIN IMMEDIATE");
    expect((await reprocessAll()).answer).toMatchObject({ processed: COUNT });
    database.run("COMMIT");
    database.close();
    for (const index of [0, 1, 500, COUNT - 1]) expect(await found(`q=n${index}`)).toEqual([`conv_${index}`]);
    const [state] = receiver.rows<{ value: string }>("SELECT value FROM state WHERE name = 'reprocessed'");
    expect(state?.value.split(" ")).toHaveLength(1_001);
  });
});
