import { parseSignatureHeader } from "../webhook/signature.ts";

/** Why a receiver does not accept the form of a header. */
export type HeaderFault =
  | { kind: "missing" }
  | { kind: "other-service"; scheme: string; service: string }
  | { kind: "no-timestamp" }
  | { kind: "several-timestamps" }
  | { kind: "timestamp-in-milliseconds" }
  | { kind: "timestamp-not-digits" }
  | { kind: "no-hash" }
  | { kind: "hash-in-upper-case" }
  | { kind: "hash-in-base64" }
  | { kind: "hash-not-hex"; length: number }
  | { kind: "unreadable" };

/** A header as it was meant: enough to look for the cause even if its form is wrong. */
export type HeaderReading = {
  /** The value alone, without what a copy and paste brings along. */
  value: string;
  fault: HeaderFault | null;
  timestamp: string | null;
  /** Everything in it that may be a SHA-256 digest. */
  digests: Uint8Array[];
};

const DIGEST_BYTES = 32;
const PASTED_NAME = /^\s*(?:x-)?elevenlabs-signature\s*:\s*/i;
const SERVICES: readonly (readonly [scheme: RegExp, name: string, service: string])[] = [
  [/(?:^|,)\s*v1=/, "v1=", "Stripe's"],
  [/^\s*sha256=/, "sha256=", "GitHub's or Meta's"],
  [/^\s*sha1=/, "sha1=", "GitHub's old"],
  [/(?:^|\s)v1,/, "v1,", "Svix's (Standard Webhooks)"],
];

/** Reads a header the way the receiver does, and beyond that whatever can be read of a wrong one. */
export function readHeader(text: string): HeaderReading {
  const value = withoutQuotes(text.replace(PASTED_NAME, "").trim());
  const parsed = parseSignatureHeader(value);
  if (typeof parsed === "object" && parsed.digests.length > 0) {
    return { value, fault: null, timestamp: parsed.timestamp, digests: parsed.digests };
  }
  const timestamps = partsNamed(value, "t");
  const digests = (value.match(/[A-Za-z0-9+/_-]{43,}={0,2}/g) ?? []).flatMap(digestOf);
  return { value, fault: faultOf(value, timestamps), timestamp: timestamps[0] ?? null, digests };
}

function faultOf(value: string, timestamps: string[]): HeaderFault {
  if (value === "") return { kind: "missing" };
  const hashes = partsNamed(value, "v0").filter((hash) => hash !== "");
  if (hashes.length === 0) {
    for (const [scheme, name, service] of SERVICES) {
      if (scheme.test(value)) return { kind: "other-service", scheme: name, service };
    }
  }
  const [timestamp] = timestamps;
  if (timestamp === undefined) return { kind: "no-timestamp" };
  if (timestamps.length > 1) return { kind: "several-timestamps" };
  if (/^\d{13}$/.test(timestamp)) return { kind: "timestamp-in-milliseconds" };
  if (!/^\d{1,12}$/.test(timestamp)) return { kind: "timestamp-not-digits" };
  const [hash] = hashes;
  if (hash === undefined) return { kind: "no-hash" };
  if (/^[0-9a-f]{64}$/i.test(hash)) return { kind: "hash-in-upper-case" };
  if (digestOf(hash).length > 0) return { kind: "hash-in-base64" };
  return hashes.length > 1 ? { kind: "unreadable" } : { kind: "hash-not-hex", length: hash.length };
}

function partsNamed(value: string, name: string): string[] {
  return value
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part.startsWith(`${name}=`))
    .map((part) => part.slice(name.length + 1).trim());
}

function digestOf(text: string): Uint8Array[] {
  if (/^[0-9a-f]{64}$/i.test(text)) return [Buffer.from(text, "hex")];
  // In base64 32 bytes are 43 characters and a filler.
  const isBase64 = /^[A-Za-z0-9+/_-]{43}=?$/.test(text);
  const bytes = Buffer.from(isBase64 ? text : "", "base64");
  return bytes.byteLength === DIGEST_BYTES ? [bytes] : [];
}

function withoutQuotes(text: string): string {
  return /^(["']).*\1$/.test(text) ? text.slice(1, -1).trim() : text;
}
