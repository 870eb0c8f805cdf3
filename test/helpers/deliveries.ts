import { createHmac } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

export const SECRET = `wsec_${"0123456789abcdef".repeat(4)}`;

const folder = join(import.meta.dir, "../fixtures");

/** The exact bytes of a fixture, which stand for what the vendor sends. */
export function fixture(name: string): Buffer {
  return readFileSync(join(folder, name));
}

const NO_EVENTS = new Set(["signature_vectors.json", "rest-api.openapi.json"]);

/** The names of all fixtures that are events. */
export function eventFixtures(): string[] {
  return readdirSync(folder).filter((name) => name.endsWith(".json") && !NO_EVENTS.has(name));
}

type SignatureVectors = {
  vectors: {
    name: string;
    secret: string;
    body_base64: string;
    header: string;
    now: number;
    expect_valid_strict: boolean;
  }[];
};

/** Signed deliveries with the verdict that they deserve. */
export function signatureVectors() {
  const { vectors }: SignatureVectors = JSON.parse(fixture("signature_vectors.json").toString());
  return vectors.map(({ name, secret, body_base64, header, now, expect_valid_strict }) => {
    return {
      name,
      secret,
      body: Buffer.from(body_base64, "base64"),
      header,
      now,
      isValid: expect_valid_strict,
    };
  });
}

/** The value of the signature header as ElevenLabs makes it. */
export function sign(
  body: string | Uint8Array,
  {
    secret = SECRET,
    timestamp = Math.floor(Date.now() / 1000),
  }: { secret?: string; timestamp?: number } = {},
): string {
  const v0 = createHmac("sha256", secret).update(`${timestamp}.`).update(body).digest("hex");
  return `t=${timestamp},v0=${v0}`;
}

/** A transcription with few members, in the current form. */
export function transcription(conversationId: string, more: Record<string, unknown> = {}): string {
  const data = {
    agent_id: "agent_1",
    conversation_id: conversationId,
    transcript: [{ role: "user", message: "Hello", time_in_call_secs: 0 }],
    ...more,
  };
  return JSON.stringify({ type: "post_call_transcription", event_timestamp: 1793620890, data });
}

/** An audio event in the current form. */
export function audio(conversationId: string, recording: Uint8Array, eventTimestamp = 1793620900): string {
  const data = { agent_id: "agent_1", conversation_id: conversationId, full_audio: recording.toBase64() };
  return JSON.stringify({ type: "post_call_audio", event_timestamp: eventTimestamp, data });
}
