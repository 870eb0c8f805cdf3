import { createHash, createHmac } from "node:crypto";
import { SECRET } from "./deliveries.ts";
import { chunk, openRaw, requestHead } from "./raw.ts";
import type { RawOptions, RawResponse } from "./raw.ts";

const PIECE_BYTES = 192 * 1024;

/** An audio event that is too large to be held: its bytes are made anew each time they are asked for. */
export type LargeAudio = ReturnType<typeof largeAudio>;

/** A recording of at least so many bytes; those of each conversation differ. */
export function largeAudio(conversationId: string, bytesMin: number) {
  const recordingPieces = Math.ceil(bytesMin / PIECE_BYTES);
  const seed = createHash("sha256").update(conversationId).digest();
  const piece = Buffer.alloc(PIECE_BYTES, seed);

  function* recording(): Generator<Buffer> {
    for (let index = 0; index < recordingPieces; index += 1) {
      piece.writeUInt32BE(index);
      yield piece;
    }
  }

  function* body(): Generator<Buffer> {
    const data = `"data":{"agent_id":"agent_1","conversation_id":"${conversationId}","full_audio":"`;
    yield Buffer.from(`{"type":"post_call_audio","event_timestamp":1793620900,${data}`);
    // A whole number of groups of three bytes: the pieces' base64 can be put side by side.
    for (const bytes of recording()) yield Buffer.from(bytes.toString("base64"));
    yield Buffer.from('"}}');
  }

  return {
    conversationId,
    body,
    recordingBytes: recordingPieces * PIECE_BYTES,
    recordingSha256(): string {
      const hash = createHash("sha256");
      for (const bytes of recording()) hash.update(bytes);
      return hash.digest("hex");
    },
    signature(timestamp = Math.floor(Date.now() / 1000)): string {
      const hmac = createHmac("sha256", SECRET).update(`${timestamp}.`);
      for (const bytes of body()) hmac.update(bytes);
      return `t=${timestamp},v0=${hmac.digest("hex")}`;
    },
  };
}

/** Sends a body piece by piece, as fast as it is taken; in chunks unless its length is told. */
export async function sendStream(
  port: number,
  options: { body: Iterable<Uint8Array>; signature: string; contentLength?: number | undefined } & RawOptions,
): Promise<RawResponse> {
  const { body, signature, contentLength, ...rawOptions } = options;
  const isChunked = contentLength === undefined;
  const connection = await openRaw(port, rawOptions);
  try {
    const framing: Record<string, string> = isChunked
      ? { "Transfer-Encoding": "chunked" }
      : { "Content-Length": String(contentLength) };
    await connection.write(requestHead({ "ElevenLabs-Signature": signature, ...framing }));
    for (const piece of body) await connection.write(isChunked ? chunk(piece) : piece);
    if (isChunked) await connection.write(chunk(""));
    return await connection.response();
  } finally {
    connection.close();
  }
}
