import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { audio, eventFixtures, fixture, sign, transcription } from "../helpers/deliveries.ts";
import { openRaw, requestHead } from "../helpers/raw.ts";
import { testOfFiles } from "../helpers/shared-store.ts";
import { startReceiver } from "../helpers/receiver.ts";
import type { Receiver } from "../helpers/receiver.ts";

const RECEIVED = { status: "received" };
const BODIES_IN_FLIGHT_MAX = 1024;

let receiver: Receiver;

beforeAll(async () => {
  receiver = await startReceiver({ environment: { MAX_BODY_BYTES: "1MiB" } });
});

afterAll(() => receiver.stop());

const nowSeconds = () => Math.floor(Date.now() / 1000);

/** How often a body is stored, whatever its status. */
const storedCount = (body: string | Uint8Array) =>
  receiver.rows<{ n: number }>(
    "SELECT count(*) AS n FROM events WHERE body_sha256 = ?",
    new Bun.CryptoHasher("sha256").update(body).digest("hex"),
  )[0]?.n;

test("answers every documented event with exactly what the contract says", async () => {
  for (const name of eventFixtures().filter((file) => file !== "unknown_future.json")) {
    const body = fixture(name);
    const headers = { "elevenlabs-signature": sign(body) };
    const response = await fetch(`${receiver.url}/webhook`, { method: "POST", headers, body });
    expect([name, response.status, await response.text()]).toEqual([name, 200, '{"status":"received"}']);
    expect([name, storedCount(body)]).toEqual([name, 1]);
  }
});

test("acknowledges a duplicate and stores it once", async () => {
  const body = transcription("conv_twice");
  for (const timestamp of [nowSeconds() - 60, nowSeconds()]) {
    expect((await receiver.post(body, sign(body, { timestamp }))).answer).toEqual(RECEIVED);
  }
  expect(storedCount(body)).toBe(1);
});

test.each([
  ["text that is not JSON", "{", "Invalid JSON", "invalid_json"],
  ["bytes that are not UTF-8", Buffer.from([0x7b, 0xff, 0xfe]), "Invalid JSON", "invalid_json"],
  ["no bytes at all", "", "Invalid JSON", "invalid_json"],
  ["a JSON array", '[{"type":"post_call_transcription"}]', "Invalid JSON", "invalid_json"],
  ["an event without a type", '{"data":{}}', "Invalid JSON", "invalid_json"],
  ["an unknown type", '{"type":"new_type","data":{}}', "Unknown webhook type: new_type", "unknown_type"],
  [
    "no conversation id",
    '{"type":"post_call_transcription","data":{}}',
    "Invalid payload",
    "invalid_payload",
  ],
  ["data that is no object", '{"type":"post_call_audio","data":[]}', "Invalid payload", "invalid_payload"],
  [
    "broken base64",
    '{"type":"post_call_audio","data":{"conversation_id":"conv_broken","full_audio":"%%%"}}',
    "Invalid payload",
    "invalid_payload",
  ],
])("keeps %s, signed, to the byte before it answers 400, twice the same", async (_, body, error, code) => {
  for (const timestamp of [nowSeconds() - 1, nowSeconds()]) {
    const { status, answer } = await receiver.post(body, sign(body, { timestamp }));
    expect([status, answer]).toEqual([400, { error, code }]);
  }
  const sha256 = new Bun.CryptoHasher("sha256").update(body).digest("hex");
  const kept = receiver.rows(
    "SELECT status, hex(CAST(payload AS BLOB)) AS bytes FROM events WHERE body_sha256 = ?",
    sha256,
  );
  expect(kept).toEqual([{ status: "quarantined", bytes: Buffer.from(body).toString("hex").toUpperCase() }]);
});

test("accepts the older shape: data's members at the top level, the audio as audio_base64", async () => {
  const recording = fixture("tone.mp3");
  const event = {
    conversation_id: "conv_flat",
    agent_id: "agent_1",
    audio_base64: recording.toString("base64"),
  };
  const body = JSON.stringify({ type: "post_call_audio", event_timestamp: 1793620900, ...event });
  expect((await receiver.post(body)).status).toBe(200);
  const sql = "SELECT audio_path AS path FROM conversations WHERE conversation_id = 'conv_flat'";
  const [{ path } = { path: "" }] = receiver.rows<{ path: string }>(sql);
  expect(path).toStartWith("2026/11/02/conv_flat");
  expect(Buffer.from(await receiver.recording(path)).equals(recording)).toBe(true);
});

test.each(["GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS"])(
  "answers %s /webhook with 405",
  async (method) => {
    const response = await fetch(`${receiver.url}/webhook`, { method });
    expect([response.status, response.headers.get("allow")]).toEqual([405, "POST"]);
    const answer = '{"error":"Method not allowed","code":"method_not_allowed"}';
    expect(await response.text()).toBe(method === "HEAD" ? "" : answer);
  },
);

test("answers another path with 404", async () => {
  const response = await fetch(`${receiver.url}/webhooks`, { method: "POST", body: "{}" });
  expect([response.status, await response.json()]).toEqual([404, { error: "Not found", code: "not_found" }]);
});

test("refuses a body over the limit", async () => {
  const body = transcription("conv_large", { padding: "x".repeat(1024 * 1024) });
  const { status, answer } = await receiver.post(body);
  expect([status, answer]).toEqual([413, { error: "Request body too large", code: "body_too_large" }]);
  expect(storedCount(body)).toBe(0);
});

test("drops one of too many slow bodies for the next delivery, with 503 and when to come back", async () => {
  const head = requestHead({ "ElevenLabs-Signature": sign("{}"), "Content-Length": "2" });
  const waiting = await Promise.all(
    Array.from({ length: BODIES_IN_FLIGHT_MAX }, async () => {
      const connection = await openRaw(receiver.port);
      await connection.write(`${head}{`);
      return connection;
    }),
  );
  const answers = waiting.map((connection) => connection.response());
  const first = Promise.race(answers);
  const isAnswered = () => Promise.race([first.then(() => true), Bun.sleep(50).then(() => false)]);
  // The first few may come before the last of those bodies has begun.
  do expect((await receiver.post(transcription("conv_late"))).status).toBe(200);
  while (!(await isAnswered()));
  const dropped = await first;
  expect([dropped.status, JSON.parse(dropped.body).code]).toEqual([503, "overloaded"]);
  expect(Number(dropped.headers.get("retry-after"))).toBeGreaterThan(0);
  for (const connection of waiting) connection.close();
  await Promise.allSettled(answers);
});

testOfFiles("answers 500 where a recording can't be stored, and stores it when sent again", async () => {
  const folder = join(receiver.folder, "audio/2027");
  writeFileSync(folder, "in the way");
  const body = audio("conv_blocked", fixture("tone.mp3"), 1800000000);
  const { status, answer } = await receiver.post(body);
  expect([status, answer]).toEqual([500, { error: "Internal server error", code: "storage_failed" }]);
  expect(storedCount(body)).toBe(0);

  rmSync(folder);
  mkdirSync(folder);
  expect((await receiver.post(body)).status).toBe(200);
});

test("turns deliveries away before they are read where the disk is low", async () => {
  const low = await startReceiver({ environment: { MIN_FREE_DISK_BYTES: "1024GiB" } });
  const { status, answer, headers } = await low.post(transcription("conv_low"));
  expect([status, answer.code, headers.has("retry-after")]).toEqual([503, "disk_low", true]);
  const health = await fetch(`${low.url}/health`);
  expect([health.status, await health.json()]).toMatchObject([
    503,
    { status: "unhealthy", reason: "disk_low" },
  ]);
  await low.stop();
});

test("answers signed bodies that it can't process with 200 where told so, and keeps them", async () => {
  const lenient = await startReceiver({ environment: { UNKNOWN_EVENT_STATUS: "200" } });
  for (const body of ["{", '{"type":"new_type"}', '{"type":"post_call_audio","data":1}']) {
    const { status, answer } = await lenient.post(body);
    expect([status, answer]).toEqual([200, RECEIVED]);
  }
  expect(lenient.rows("SELECT DISTINCT status FROM events")).toEqual([{ status: "quarantined" }]);
  await lenient.stop();
});

test("tells its health", async () => {
  const response = await fetch(`${receiver.url}/health`);
  expect([response.status, await response.text()]).toEqual([
    200,
    '{"status":"healthy","service":"elevenlabs-webhook"}',
  ]);
});
