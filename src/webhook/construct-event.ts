import {
  isTimestampWithinTolerance,
  matchingSecretIndex,
  parseSignatureHeader,
  startSignature,
} from "./signature.ts";
import type { SignatureRefusal } from "./signature.ts";

/** The messages of the official SDK's `constructEvent`, which existing handlers may compare with. */
const messages: Record<SignatureRefusal | "secret_missing", string> = {
  secret_missing: "Webhook secret not configured",
  signature_missing: "Missing signature header",
  signature_malformed: "No signature hash found with expected scheme v0",
  timestamp_expired: "Timestamp outside the tolerance zone",
  signature_mismatch: "Signature hash does not match the expected signature hash for payload",
};

/** A delivery that was not signed with one of the secrets, or not recently. */
export class SignatureError extends Error {
  override readonly name = "SignatureError";

  constructor(readonly code: keyof typeof messages) {
    super(messages[code]);
  }
}

/**
 * Verifies a delivery and returns its parsed event: the check of this program for people who embed it in a Bun program.
 * Unlike the SDK's helper it compares in constant time, refuses timestamps ahead of the clock, tries several secrets
 * and takes bytes as well as strings.
 *
 * @param rawBody the body as received, never re-serialised
 * @param signatureHeader the value of `ElevenLabs-Signature`
 * @param secret one secret, or several during a rotation
 * @param options `toleranceSeconds` 1800 unless told; `nowSeconds` for tests and old captures
 * @throws SignatureError when the signature does not hold; SyntaxError when it holds and the body is not JSON
 */
export function constructEvent(
  rawBody: string | Uint8Array,
  signatureHeader: string | null | undefined,
  secret: string | readonly string[] | null | undefined,
  options: { toleranceSeconds?: number; nowSeconds?: number } = {},
): unknown {
  const { toleranceSeconds = 1800, nowSeconds = Math.floor(Date.now() / 1000) } = options;
  const secrets = [secret ?? []].flat().filter((value) => value !== "");

  const header = parseSignatureHeader(signatureHeader ?? null);
  if (header === "signature_missing") throw new SignatureError(header);
  if (secrets.length === 0) throw new SignatureError("secret_missing");
  if (header === "signature_malformed") throw new SignatureError(header);
  if (!isTimestampWithinTolerance({ timestamp: header.timestamp, nowSeconds, toleranceSeconds })) {
    throw new SignatureError("timestamp_expired");
  }

  const digests = secrets.map((key) => startSignature(key, header.timestamp).update(rawBody).digest());
  if (matchingSecretIndex(header.digests, digests) === -1) throw new SignatureError("signature_mismatch");

  return JSON.parse(typeof rawBody === "string" ? rawBody : decodeUtf8(rawBody));
}

function decodeUtf8(bytes: Uint8Array): string {
  // A byte order mark stays, and is not JSON (RFC 8259, section 8.1).
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  try {
    return decoder.decode(bytes);
  } catch {
    throw new SyntaxError("The body is not UTF-8");
  }
}
