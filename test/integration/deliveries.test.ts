import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { openTestApp } from "../helpers/app.ts";
import type { TestApp } from "../helpers/app.ts";
import { audio, fixture, sign, transcription } from "../helpers/deliveries.ts";

const recording = fixture("tone.mp3");

let app: TestApp;

beforeEach(async () => {
  app = await openTestApp();
});

afterEach(() => app.close());

async function reopen(config: Parameters<typeof openTestApp>[0]): Promise<void> {
  await app.close();
  app = await openTestApp(config);
}

const sha256 = (text: string) => new Bun.CryptoHasher("sha256").update(text).digest("hex");
const count = (table: string) => app.rows<{ n: number }>(`SELECT count(*) AS n FROM ${table}`)[0]?.n;

/** All files under the folder of the recordings. */
function recordingFiles(): string[] {
  const entries = readdirSync(join(app.folder, "audio"), { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile() && !entry.name.startsWith(".owner"))
    .map(({ name }) => name);
}

describe("the same body is stored once", () => {
  test("delivered again under a new signature", async () => {
    const body = transcription("conv_1");
    const now = Math.floor(Date.now() / 1000);
    for (const timestamp of [now, now - 60, now + 60]) {
      expect((await app.post(body, sign(body, { timestamp }))).status).toBe(200);
    }
    expect(count("events")).toBe(1);
  });

  test("delivered again after a restart", async () => {
    const { folder } = app;
    await app.post(audio("conv_1", recording));
    await app.close({ keepFolder: true });
    app = await openTestApp({ folder });
    expect((await app.post(audio("conv_1", recording))).status).toBe(200);
    expect(count("events")).toBe(1);
    expect(recordingFiles()).toEqual(["conv_1.mp3"]);
  });

  test.each([
    ["a transcription", transcription("conv_1"), 200, 50],
    ["a large transcription", transcription("conv_1").padEnd(300_000), 200, 8],
    ["a recording", audio("conv_1", recording), 200, 50],
    ["a call failure", fixture("call_initiation_failure_sip_486.json").toString(), 200, 50],
    ["a body that is not JSON", "{", 400, 50],
  ])("delivered many times at once: %s", async (_name, body, status, times) => {
    const answers = await Promise.all(Array.from({ length: times }, () => app.post(body)));
    expect(answers.map((answer) => answer.status)).toEqual(Array(times).fill(status));
    expect(count("events")).toBe(1);
    expect(recordingFiles()).toEqual(body.includes("full_audio") ? ["conv_1.mp3"] : []);
    expect(readdirSync(join(app.folder, "spool"))).toBeEmpty();
  });

  test("delivered many times at once to the quarantine", async () => {
    const body = "[".padEnd(1_100_000);
    await Promise.all(Array.from({ length: 8 }, () => app.post(body)));
    expect(readdirSync(join(app.folder, "quarantine"))).toHaveLength(1);
    expect(statSync(join(app.folder, "quarantine", `${sha256(body)}.body`)).size).toBe(1_100_000);
  });

  test("but a body that differs in a space is another event", async () => {
    await app.post(transcription("conv_1"));
    await app.post(`${transcription("conv_1")} `);
    expect(count("events")).toBe(2);
    expect(count("conversations")).toBe(1);
  });
});

test("500 different events at once are all stored, each as it came", async () => {
  const bodies = Array.from({ length: 500 }, (_, index) => transcription(`conv_${index}`));
  const answers = await Promise.all(bodies.map((body) => app.post(body)));
  expect(answers.every(({ status }) => status === 200)).toBe(true);
  const stored = app.rows<{ payload: string }>("SELECT payload FROM events").map(({ payload }) => payload);
  expect(stored.toSorted()).toEqual(bodies.toSorted());
  expect(count("turns")).toBe(500);
});

describe("without storage of transcripts", () => {
  beforeEach(() => reopen({ config: { storeTranscripts: false } }));

  test("an event leaves its row without payload, no conversation and no turns", async () => {
    expect((await app.post(transcription("conv_1"))).status).toBe(200);
    expect(app.rows("SELECT type, conversation_id, status, payload, payload_path FROM events")).toEqual([
      {
        type: "post_call_transcription",
        conversation_id: "conv_1",
        status: "processed",
        payload: null,
        payload_path: null,
      },
    ]);
    expect(count("conversations")).toBe(0);
    expect(count("turns")).toBe(0);
  });

  test("nothing of a call failure but its row is kept", async () => {
    await app.post(fixture("call_initiation_failure_sip_486.json"));
    expect(app.rows("SELECT payload FROM events")).toEqual([{ payload: null }]);
    expect(count("call_failures")).toBe(0);
  });

  test("a duplicate is known", async () => {
    await app.post(transcription("conv_1"));
    expect((await app.post(transcription("conv_1"))).status).toBe(200);
    expect(count("events")).toBe(1);
  });

  test("a recording is stored all the same, and found by its conversation", async () => {
    await app.post(audio("conv_1", recording));
    expect(recordingFiles()).toEqual(["conv_1.mp3"]);
    expect(app.rows("SELECT conversation_id, audio_path, agent_id FROM conversations")).toEqual([
      { conversation_id: "conv_1", audio_path: "2026/11/02/conv_1.mp3", agent_id: null },
    ]);
    expect(app.rows("SELECT payload FROM events")).toEqual([{ payload: null }]);
  });

  test("a quarantined body keeps its bytes", async () => {
    await app.post("{");
    expect(app.rows("SELECT payload FROM events")).toEqual([{ payload: "{" }]);
  });
});

describe("without storage of recordings", () => {
  beforeEach(() => reopen({ config: { storeAudio: false } }));

  test("an audio event is acknowledged and recorded without its audio", async () => {
    expect((await app.post(audio("conv_1", recording))).status).toBe(200);
    expect(existsSync(join(app.folder, "audio"))).toBe(false);
    const [event] = app.rows<{ payload: string }>("SELECT payload FROM events");
    expect(event?.payload).toBe(audio("conv_1", new Uint8Array()));
    expect(app.rows("SELECT conversation_id, agent_id, audio_path FROM conversations")).toEqual([
      { conversation_id: "conv_1", agent_id: "agent_1", audio_path: null },
    ]);
  });

  test("broken base64 gets the same answer", async () => {
    const body = audio("conv_1", recording).replace('"full_audio":"', '"full_audio":"*');
    expect(await app.post(body)).toMatchObject({ status: 400, answer: { code: "invalid_payload" } });
    expect(app.rows("SELECT payload FROM events")).toEqual([{ payload: body }]);
  });
});
