import { startSignature } from "../webhook/signature.ts";

/** The value of the header that ElevenLabs would send with a body. */
export function signatureHeader(secret: string, timestamp: number, body: string | Uint8Array): string {
  const digest = startSignature(secret, String(timestamp)).update(body).digest("hex");
  return `t=${timestamp},v0=${digest}`;
}

/** The same for a body that is read piece by piece. */
export async function signatureHeaderOfStream(
  secret: string,
  timestamp: number,
  body: ReadableStream<Uint8Array>,
): Promise<string> {
  const hasher = startSignature(secret, String(timestamp));
  for await (const piece of body) hasher.update(piece);
  return `t=${timestamp},v0=${hasher.digest("hex")}`;
}
