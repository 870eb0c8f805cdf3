import { randomBytes } from "node:crypto";
import type { Clock } from "../platform/clock.ts";
import { request } from "./request.ts";
import type { ReceiverAnswer } from "./request.ts";
import { startSignature } from "../webhook/signature.ts";

const CHUNK_BYTES = 64 * 1024;

/** A body to be sent, in memory or as a file, and what it is in words. */
export type SendBody = { content: Uint8Array<ArrayBuffer> | Bun.BunFile; byteCount: number; about: string };

/** Makes the body of the next event; a sample's has new ids and times each time. */
export type NextBody = () => SendBody;

export type DeliverOptions = {
  url: URL;
  /** null: signed with a secret that nobody has */
  secret: string | null;
  ageSeconds: number;
  isChunked: boolean;
  timeoutMs: number;
  /** The receiver of our own settings: see `request`. */
  isOwn: boolean;
  clock: Clock;
};

/** Signs a body and posts it, as ElevenLabs does. */
export async function deliver(
  { content, byteCount }: SendBody,
  options: DeliverOptions,
): Promise<ReceiverAnswer> {
  const { url, isChunked, timeoutMs, isOwn, clock } = options;
  const timestamp = Math.floor(clock.nowMs() / 1000) - options.ageSeconds;
  const secret = options.secret ?? randomBytes(32).toString("hex");
  const signature =
    content instanceof Uint8Array
      ? signatureHeader(secret, timestamp, content)
      : await signatureHeaderOfStream(secret, timestamp, content.stream());
  const headers = { "content-type": "application/json", "elevenlabs-signature": signature };
  const body = isChunked ? inChunks(content, byteCount) : content;
  return request(url, { init: { method: "POST", headers, body }, timeoutMs, isOwn, clock });
}

/** Without a length known beforehand the runtime sends chunks, which is how audio comes. */
function inChunks(content: SendBody["content"], byteCount: number): ReadableStream<Uint8Array> {
  if (!(content instanceof Uint8Array)) return content.stream();
  let from = 0;
  return new ReadableStream({
    pull(controller) {
      if (from >= byteCount) return controller.close();
      controller.enqueue(content.subarray(from, from + CHUNK_BYTES));
      from += CHUNK_BYTES;
    },
  });
}

/** The value of the header that ElevenLabs would send with a body. */
export function signatureHeader(secret: string, timestamp: number, body: string | Uint8Array): string {
  const digest = startSignature(secret, String(timestamp)).update(body).digest("hex");
  return `t=${timestamp},v0=${digest}`;
}

/** The same for a body that is read piece by piece. */
async function signatureHeaderOfStream(
  secret: string,
  timestamp: number,
  body: ReadableStream<Uint8Array>,
): Promise<string> {
  const hasher = startSignature(secret, String(timestamp));
  for await (const piece of body) hasher.update(piece);
  return `t=${timestamp},v0=${hasher.digest("hex")}`;
}
