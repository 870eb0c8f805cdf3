import { expect, setDefaultTimeout, test } from "bun:test";
import { createHash, createHmac } from "node:crypto";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { SECRET, transcription } from "../helpers/deliveries.ts";
import { startReceiver } from "../helpers/receiver.ts";
import { largeAudio, sendStream } from "../helpers/stream.ts";

const MB = 1000 * 1000;

setDefaultTimeout(60_000);

const sha256Of = (bytes: Uint8Array): string => new Bun.CryptoHasher("sha256").update(bytes).digest("hex");

/** What is left of deliveries on their way. */
const spooled = (folder: string): string[] =>
  readdirSync(join(folder, "spool"), { recursive: true, encoding: "utf8" }).filter((name) =>
    name.endsWith(".tmp"),
  );

test("stores four recordings of 100 MB at once, exactly, in little memory", async () => {
  const receiver = await startReceiver();
  const ids = ["conv_1", "conv_2", "conv_3", "conv_4"];
  const recordings = ids.map((id) => largeAudio(id, 75 * MB));
  const answers = await Promise.all(
    recordings.map(({ body, signature }) =>
      sendStream(receiver.port, { body: body(), signature: signature() }),
    ),
  );
  const peakMb = receiver.peakMemoryBytes() / MB;
  console.log(`Peak memory with four 100 MB audio events at once: ${peakMb.toFixed(0)} MB`);

  for (const answer of answers) expect(answer).toMatchObject({ status: 200, body: '{"status":"received"}' });
  expect(peakMb).toBeLessThan(200);
  for (const { conversationId, recordingBytes, recordingSha256 } of recordings) {
    const sha256 = recordingSha256();
    const row = "SELECT audio_path, audio_bytes, audio_sha256 FROM conversations WHERE conversation_id = ?";
    const rows = receiver.rows<{ audio_path: string }>(row, conversationId);
    expect(rows).toMatchObject([{ audio_bytes: recordingBytes, audio_sha256: sha256 }]);
    const path = rows[0]?.audio_path ?? "";
    expect(path).toStartWith(`2026/11/02/${conversationId}`);
    expect(sha256Of(await receiver.recording(path))).toBe(sha256);
  }
  expect(spooled(receiver.folder)).toEqual([]);
  expect(await receiver.recordingNames()).toHaveLength(4);
  await receiver.stop();
});

test("stores speech to text of 200 MB, exactly, in little memory", async () => {
  const receiver = await startReceiver();
  const words = Buffer.from(
    '{"text":"word","start":12.25,"end":12.5,"type":"word","logprob":-0.125},'.repeat(1000),
  );
  function* body(): Generator<Buffer> {
    yield Buffer.from('{"type":"speech_to_text_transcription","data":{"request_id":"r","words":[');
    for (let bytes = 0; bytes < 200 * MB; bytes += words.byteLength) yield words;
    yield Buffer.from("1]}}");
  }
  const timestamp = Math.floor(Date.now() / 1000);
  const hmac = createHmac("sha256", SECRET).update(`${timestamp}.`);
  const sha256 = createHash("sha256");
  for (const piece of body()) {
    hmac.update(piece);
    sha256.update(piece);
  }
  const signature = `t=${timestamp},v0=${hmac.digest("hex")}`;
  expect(await sendStream(receiver.port, { body: body(), signature })).toMatchObject({ status: 200 });
  const peakMb = receiver.peakMemoryBytes() / MB;
  console.log(`Peak memory with speech to text of 200 MB: ${peakMb.toFixed(0)} MB`);

  expect(peakMb).toBeLessThan(200);
  const [row] = receiver.rows<{ status: string; path: string }>(
    "SELECT status, payload_path AS path FROM events",
  );
  expect(row?.status).toBe("processed");
  expect(sha256Of(await receiver.body(row?.path ?? ""))).toBe(sha256.digest("hex"));
  await receiver.stop();
});

test.each([
  ["announced", 300 * MB],
  ["sent in chunks", undefined],
])("refuses a body of 300 MB that is %s", async (_, contentLength) => {
  const receiver = await startReceiver();
  const piece = Buffer.alloc(MB, 0x20);
  const body = Array.from({ length: 300 }, () => piece);
  const signature = `t=${Math.floor(Date.now() / 1000)},v0=${"0".repeat(64)}`;
  const { status, body: answer } = await sendStream(receiver.port, { body, signature, contentLength });
  expect([status, answer]).toEqual([413, '{"error":"Request body too large","code":"body_too_large"}']);
  expect(receiver.output()).toContain("code=body_too_large");

  expect(spooled(receiver.folder)).toEqual([]);
  expect(receiver.peakMemoryBytes() / MB).toBeLessThan(200);
  expect((await receiver.post(transcription("conv_next"))).status).toBe(200);
  await receiver.stop();
});
