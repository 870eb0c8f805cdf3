import { timingSafeEqual } from "node:crypto";

/** HTTP header names are case-insensitive; this is how the runtime spells it. */
export const SIGNATURE_HEADER = "elevenlabs-signature";

const HEADER_CHARS_MAX = 4096;
const CANDIDATES_MAX = 16;
// 12 digits reach the year 33658; more can only be an attempt at an overflow.
const TIMESTAMP = /^\d{1,12}$/;
const DIGEST = /^[0-9a-f]{64}$/;

/** What a well-formed `ElevenLabs-Signature` header says. Nothing of it is proven yet. */
type SignatureHeader = {
  /** `t` exactly as sent: these characters are part of the signed message. */
  timestamp: string;
  /** Every `v0`, decoded; one that is not 64 lower-case hex digits is left out, since it can never match. */
  digests: Uint8Array[];
};

export type SignatureRefusal =
  "signature_missing" | "signature_malformed" | "timestamp_expired" | "signature_mismatch";

/**
 * Reads `t=<unix seconds>,v0=<hex>`: parts in any order, spaces around them, unknown parts ignored, several `v0`.
 * Well-formed means exactly one `t` of digits and at least one `v0`.
 */
export function parseSignatureHeader(
  header: string | null,
): SignatureHeader | "signature_missing" | "signature_malformed" {
  if (header === null || header.trim() === "") return "signature_missing";
  if (header.length > HEADER_CHARS_MAX) return "signature_malformed";

  const timestamps: string[] = [];
  const candidates: string[] = [];
  for (const part of header.split(",")) {
    const equals = part.indexOf("=");
    if (equals === -1) continue;
    const name = part.slice(0, equals).trim();
    const value = part.slice(equals + 1).trim();
    if (name === "t") timestamps.push(value);
    if (name === "v0") candidates.push(value);
  }

  const [timestamp] = timestamps;
  if (timestamp === undefined || timestamps.length > 1 || !TIMESTAMP.test(timestamp)) {
    return "signature_malformed";
  }
  if (candidates.length === 0 || candidates.length > CANDIDATES_MAX || candidates.every((v0) => v0 === "")) {
    return "signature_malformed";
  }
  return {
    timestamp,
    digests: candidates.filter((v0) => DIGEST.test(v0)).map((v0) => Buffer.from(v0, "hex")),
  };
}

/** True when `timestamp` is at most `toleranceSeconds` old or ahead; exactly at the tolerance passes. */
export function isTimestampWithinTolerance(options: {
  timestamp: string;
  nowSeconds: number;
  toleranceSeconds: number;
}): boolean {
  return Math.abs(options.nowSeconds - Number(options.timestamp)) <= options.toleranceSeconds;
}

/** Starts the HMAC-SHA256 of one delivery, keyed with the whole secret; the raw body is to be added to it. */
export function startSignature(secret: string, timestamp: string): Bun.CryptoHasher {
  return new Bun.CryptoHasher("sha256", secret).update(`${timestamp}.`);
}

/**
 * Returns the index of the secret whose digest equals one of the header's, or -1. Compares in constant time, and every
 * pair, so that the time taken does not tell which secret came close.
 */
export function matchingSecretIndex(digestsSent: Uint8Array[], digestPerSecret: Uint8Array[]): number {
  let match = -1;
  for (const [index, expected] of digestPerSecret.entries()) {
    for (const sent of digestsSent) {
      if (timingSafeEqual(sent, expected)) match = index;
    }
  }
  return match;
}
