import { expect, test } from "bun:test";
import { Webhook } from "standardwebhooks";
import { idOfErasure, idOfEvent, signMessage } from "../../../src/forward/signature.ts";

const keys = ["first key of the tests, long enough", "second key of the tests, long enough"].map((text) =>
  new TextEncoder().encode(text),
);
const secretOf = (key: Uint8Array | undefined) => `whsec_${Buffer.from(key ?? []).toString("base64")}`;
const body = '{"type":"post_call_transcription","data":{"text":"Grüße"}}';

async function headersFor(signing: readonly Uint8Array[], pieces: string[]) {
  const timestamp = Math.floor(Date.now() / 1000);
  const id = "evt_1";
  const bytes = pieces.map((piece) => Buffer.from(piece));
  return {
    "webhook-id": id,
    "webhook-timestamp": String(timestamp),
    "webhook-signature": await signMessage({ id, timestamp }, signing, bytes),
  };
}

test("is a signature that the official library accepts, by each key of a rotation", async () => {
  const headers = await headersFor(keys, [body.slice(0, 20), body.slice(20)]);
  for (const key of keys) expect(() => new Webhook(secretOf(key)).verify(body, headers)).not.toThrow();
});

test("is not accepted for another body, another id, or another key", async () => {
  const headers = await headersFor(keys.slice(0, 1), [body]);
  const webhook = new Webhook(secretOf(keys[0]));
  expect(() => webhook.verify(body, headers)).not.toThrow();
  expect(() => webhook.verify(`${body} `, headers)).toThrow();
  expect(() => webhook.verify(body, { ...headers, "webhook-id": "evt_2" })).toThrow();
  expect(() => new Webhook(secretOf(keys[1])).verify(body, headers)).toThrow();
});

test("gives an event an id of its conversation and body alone", () => {
  const event = { conversationId: "conv_1", bodySha256: "ab".repeat(32) };
  const id = idOfEvent(event);
  expect(id).toMatch(/^evt_[0-9a-f]{32}$/);
  expect(idOfEvent({ ...event })).toBe(id);
  expect(idOfEvent({ ...event, conversationId: null })).not.toBe(id);
  expect(idOfEvent({ ...event, bodySha256: "ac".repeat(32) })).not.toBe(id);
  expect(idOfErasure({ conversationId: "conv_1", erasedAtMs: 1 })).not.toBe(
    idOfErasure({ conversationId: "conv_1", erasedAtMs: 2 }),
  );
});
