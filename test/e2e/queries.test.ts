import { afterAll, beforeAll, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { audio, fixture, transcription } from "../helpers/deliveries.ts";
import { startReceiver } from "../helpers/receiver.ts";
import type { Receiver } from "../helpers/receiver.ts";

const TOKEN = "0123456789abcdef0123456789abcdef";
const RECORDING = fixture("tone.mp3");
const ETAG = `"${new Bun.CryptoHasher("sha256").update(RECORDING).digest("hex")}"`;

type Page = { conversations: { conversation_id: string; snippets: { turns: string } | null }[] };

let receiver: Receiver;

const headers = { authorization: `Bearer ${TOKEN}` };
const get = (path: string, more: Record<string, string> = {}, method = "GET") =>
  fetch(receiver.url + path, { method, headers: { ...headers, ...more } });

const said = (id: string, message: string) =>
  transcription(id, { transcript: [{ role: "user", message, time_in_call_secs: 7 }] });

beforeAll(async () => {
  receiver = await startReceiver({ environment: { API_TOKEN: TOKEN } });
  expect((await receiver.post(said("conv_1", "Something about lanterns"))).status).toBe(200);
  expect((await receiver.post(audio("conv_1", RECORDING))).status).toBe(200);
});
afterAll(() => receiver.stop());

test("the program lists what has arrived", async () => {
  const { conversations } = (await (await get("/conversations?has_recording=true")).json()) as Page;
  expect(conversations).toMatchObject([{ conversation_id: "conv_1", audio_bytes: RECORDING.byteLength }]);
});

test("what the program has answered with 200 is found by the next search", async () => {
  for (let round = 0; round < 10; round += 1) {
    expect((await receiver.post(said(`conv_lantern${round}`, `lantern${round}`))).status).toBe(200);
    const { conversations } = (await (await get(`/conversations?q=lantern${round}`)).json()) as Page;
    expect(conversations).toMatchObject([{ snippets: { turns: `<mark>lantern${round}</mark>` } }]);
  }
});

test("the program gives a transcript as text", async () => {
  expect(await (await get("/conversations/conv_1/transcript")).text()).toBe(
    "[00:07] user: Something about lanterns\n",
  );
});

test("the program gives a recording as players ask for it", async () => {
  const whole = await get("/conversations/conv_1/audio");
  expect(whole.headers.get("content-type")).toBe("audio/mpeg");
  expect(whole.headers.get("etag")).toBe(ETAG);
  expect(Buffer.from(await whole.arrayBuffer()).equals(RECORDING)).toBe(true);

  const part = await get("/conversations/conv_1/audio", { range: "bytes=10-19", "if-range": ETAG });
  expect(part.status).toBe(206);
  expect(part.headers.get("content-range")).toBe(`bytes 10-19/${RECORDING.byteLength}`);
  expect(part.headers.get("content-length")).toBe("10");
  expect(Buffer.from(await part.arrayBuffer()).equals(RECORDING.subarray(10, 20))).toBe(true);

  // The runtime answers ranges of files by itself where it is let.
  const other = await get("/conversations/conv_1/audio", { range: "bytes=10-19", "if-range": '"another"' });
  expect(other.status).toBe(200);
  expect((await other.arrayBuffer()).byteLength).toBe(RECORDING.byteLength);

  const beyond = await get("/conversations/conv_1/audio", { range: "bytes=99999999-" });
  expect(beyond.status).toBe(416);
  expect(beyond.headers.get("content-range")).toBe(`bytes */${RECORDING.byteLength}`);
});

test("HEAD tells how long a recording is, and sends none of it", async () => {
  const head = await get("/conversations/conv_1/audio", { range: "bytes=0-9" }, "HEAD");
  expect(head.status).toBe(200);
  expect(head.headers.get("content-length")).toBe(String(RECORDING.byteLength));
  expect(head.headers.get("etag")).toBe(ETAG);
  expect((await head.arrayBuffer()).byteLength).toBe(0);
});

test("without a token no index is made", async () => {
  const closed = await startReceiver();
  await closed.post(said("conv_1", "hello"));
  expect((await fetch(`${closed.url}/conversations`, { headers })).status).toBe(404);
  const index = join(closed.folder, "transcripts.sqlite.search");
  await closed.stop({ keepFolder: true });
  expect(existsSync(index)).toBe(false);
});
