import { afterAll, beforeAll, expect, test } from "bun:test";
import { fixture, sign, transcription } from "../helpers/deliveries.ts";
import { chunk, openRaw, requestHead } from "../helpers/raw.ts";
import { startReceiver } from "../helpers/receiver.ts";
import type { Receiver } from "../helpers/receiver.ts";

const MIB = 1024 * 1024;
const RECEIVED = { status: 200, body: '{"status":"received"}' };

let receiver: Receiver;

beforeAll(async () => {
  receiver = await startReceiver();
});

afterAll(() => receiver.stop());

const signed = (body: string | Uint8Array, headers: Record<string, string>) =>
  requestHead({ "ElevenLabs-Signature": sign(body), ...headers });

/** Sends pieces on a connection of their own, each handed to the kernel by itself. */
async function send(...pieces: (string | Uint8Array)[]) {
  const connection = await openRaw(receiver.port);
  for (const piece of pieces) await connection.write(piece);
  return connection;
}

const storedIds = () =>
  receiver
    .rows<{ id: string }>("SELECT conversation_id AS id FROM events WHERE conversation_id LIKE 'conv_raw_%'")
    .map(({ id }) => id);

test("takes a body whose length is announced, all in one piece with its head", async () => {
  const body = transcription("conv_raw_length");
  const connection = await send(signed(body, { "Content-Length": String(body.length) }) + body);
  expect(await connection.response()).toMatchObject(RECEIVED);
  connection.close();
  expect(storedIds()).toContain("conv_raw_length");
});

test.each(["x", "a.b", "[::1]", "a-container:3004"])("takes it for a host named %s", async (host) => {
  const body = transcription(`conv_raw_host_${host}`);
  const headers = { Host: host, "ElevenLabs-Signature": sign(body), "Content-Length": String(body.length) };
  const connection = await send(requestHead(headers) + body);
  expect(await connection.response()).toMatchObject(RECEIVED);
  connection.close();
});

test("takes a body in chunks of one byte", async () => {
  const body = transcription("conv_raw_bytes");
  const head = signed(body, { "Transfer-Encoding": "chunked" });
  const connection = await send(head, ...Array.from(body, (byte) => chunk(byte)), chunk(""));
  expect(await connection.response()).toMatchObject(RECEIVED);
  connection.close();
  expect(storedIds()).toContain("conv_raw_bytes");
});

test("takes a body as one chunk, and as two whose border splits a character", async () => {
  const body = fixture("transcription_unicode_multilingual.json");
  const border = body.findIndex((byte) => byte >= 0xc2) + 1;
  for (const pieces of [[body], [body.subarray(0, border), body.subarray(border)]]) {
    const connection = await send(
      signed(body, { "Transfer-Encoding": "chunked" }),
      ...pieces.map((piece) => chunk(piece)),
      chunk(""),
    );
    expect(await connection.response()).toMatchObject(RECEIVED);
    connection.close();
  }
});

test("takes a head that arrives byte by byte", async () => {
  const body = transcription("conv_raw_slow_head");
  const connection = await send(...signed(body, { "Content-Length": String(body.length) }), body);
  expect(await connection.response()).toMatchObject(RECEIVED);
  connection.close();
});

test("asks a sender that waits for it to go on, and takes its body", async () => {
  const body = transcription("conv_raw_expect");
  const connection = await send(
    signed(body, { "Content-Length": String(body.length), Expect: "100-continue" }),
  );
  expect((await connection.response()).status).toBe(100);
  await connection.write(body);
  expect(await connection.response()).toMatchObject(RECEIVED);
  connection.close();
});

test("answers an unsigned delivery before its body has come, and goes on with the connection", async () => {
  const first = Buffer.alloc(MIB, 0x20);
  const connection = await send(requestHead({ "Content-Length": String(first.byteLength) }));
  expect(await connection.response()).toMatchObject({ status: 401 });
  await connection.write(first);

  const body = transcription("conv_raw_reused");
  await connection.write(signed(body, { "Content-Length": String(body.length) }) + body);
  expect(await connection.response()).toMatchObject(RECEIVED);
  connection.close();
  expect(storedIds()).toContain("conv_raw_reused");
});

test("answers HEAD without a body and leaves the connection in order", async () => {
  const connection = await send(requestHead({}, "HEAD /webhook HTTP/1.1"));
  const { status, headers } = await connection.response({ hasBody: false });
  expect([status, headers.get("allow")]).toEqual([405, "POST"]);
  await connection.write(requestHead({}, "GET /health HTTP/1.1"));
  expect(await connection.response()).toMatchObject({ status: 200 });
  connection.close();
});

test("keeps nothing of a body whose sender goes away, and refuses it when it comes again cut short", async () => {
  const body = transcription("conv_raw_gone");
  const connection = await send(signed(body, { "Content-Length": String(body.length) }), body.slice(0, -1));
  connection.close();
  const again = await receiver.post(body.slice(0, -1), sign(body));
  expect([again.status, again.answer.code]).toEqual([401, "signature_mismatch"]);
  expect(storedIds()).not.toContain("conv_raw_gone");
});

const body = transcription("conv_raw_smuggled");
const length = String(body.length);
const chunked = Buffer.concat([chunk(body), chunk("")]);

test.each([
  ["two different lengths", signed(body, { "Content-Length": length, "content-length": "3" }), body],
  [
    "a length beside chunks",
    signed(body, { "Content-Length": length, "Transfer-Encoding": "chunked" }),
    chunked,
  ],
  ["a length that is negative", signed(body, { "Content-Length": "-1" }), body],
  ["a length that is no number", signed(body, { "Content-Length": `${length}x` }), body],
  ["an unknown transfer coding", signed(body, { "Transfer-Encoding": "gzip" }), body],
  ["a chunk without a size", signed(body, { "Transfer-Encoding": "chunked" }), `zz\r\n${body}\r\n0\r\n\r\n`],
  [
    "a chunk of absurd size",
    signed(body, { "Transfer-Encoding": "chunked" }),
    `${"f".repeat(40)}\r\n${body}`,
  ],
  ["a head of 1 MiB", signed(body, { "X-Long": "x".repeat(MIB) }), body],
  ["a head of 100,000 lines", `${signed(body, {}).trimEnd()}\r\n${"X: y\r\n".repeat(100_000)}\r\n`, body],
  ["a TLS handshake", Buffer.from("160301020001000001fc0303", "hex"), Buffer.alloc(512)],
  ["a stream of zeros", Buffer.alloc(MIB), Buffer.alloc(MIB)],
])("hangs up on %s, keeps nothing and stays well", async (_, head, rest) => {
  const connection = await send(head, rest);
  await connection.closed;
  const answer = await connection.response().catch(() => null);
  expect([null, 400, 413, 431]).toContain(answer?.status ?? null);
  expect(storedIds()).not.toContain("conv_raw_smuggled");
  expect((await fetch(`${receiver.url}/health`)).status).toBe(200);
});

test("what the runtime refuses itself leaves no line in the log", async () => {
  const before = receiver.output();
  for (const head of [
    signed(body, { "Content-Length": length, "content-length": "3" }),
    signed(body, { "X-Long": "x".repeat(MIB) }),
    "nonsense\r\n\r\n",
  ]) {
    await (
      await send(head, body)
    ).closed;
  }
  expect((await receiver.post(transcription("conv_logged"))).status).toBe(200);
  await Bun.sleep(100);
  const lines = receiver.output().slice(before.length).trim().split("\n");
  expect(lines).toEqual([expect.stringContaining("conversation=conv_logged")]);
});

const chunkedHead = signed("{}", { "Transfer-Encoding": "chunked" });

test.each([
  ["a head", "POST /webhook HTTP/1.1\r\nX: "],
  ["a chunk's extension", `${chunkedHead}1;x=`],
  ["a trailer", `${chunkedHead}1\r\n{\r\n0\r\nX: `],
  ["a request's target", "POST /"],
])("does not gather %s without an end", async (_, start) => {
  const before = receiver.peakMemoryBytes();
  const heads = Array.from({ length: 8 }, async () => {
    const connection = await send(start);
    for (let sent = 0; sent < 16 && (await connection.write(Buffer.alloc(MIB, 0x78))); sent += 1);
    await connection.closed;
  });
  await Promise.all(heads);
  expect(receiver.peakMemoryBytes() - before).toBeLessThan(32 * MIB);
});
