import { timingSafeEqual } from "node:crypto";
import { bodyVariants } from "./body-variants.ts";
import type { Deviation, MessageForm } from "./finding.ts";
import type { HeaderReading } from "./header.ts";
import { EVERY_STYLE_CHARS_MAX } from "./json-layouts.ts";
import { secretVariants } from "./secret-variants.ts";

/** What goes into the hash before the body, for each form that is possible with this timestamp. */
function messagePrefixes(timestamp: string | null): { form: MessageForm; prefix: string }[] {
  const bodyAlone = { form: "body-alone", prefix: "" } as const;
  if (timestamp === null) return [bodyAlone];
  const prefixes: { form: MessageForm; prefix: string }[] = [
    { form: "documented", prefix: `${timestamp}.` },
    bodyAlone,
    { form: "no-dot", prefix: timestamp },
    { form: "slack", prefix: `v0:${timestamp}:` },
  ];
  if (/^\d{13}$/.test(timestamp)) prefixes.push({ form: "seconds", prefix: `${timestamp.slice(0, 10)}.` });
  return prefixes;
}

/** A body of 10 KB needs 160 MB for all causes; more than this takes longer than anybody waits. */
const HASHED_BYTES_MAX = 3 * 1024 ** 3;

/** Of a larger body no changed copies are made: each takes as much memory again. */
const CHANGED_BODY_BYTES_MAX = 32 * 1024 ** 2;

type Search = { kind: "found"; deviation: Deviation } | { kind: "not-found"; isComplete: boolean };

type Attempt = { key: string | Uint8Array; prefix: string; body: Uint8Array; deviation: Deviation };

const unchanged: Deviation = { secret: null, body: null, message: null };

/** Looks for the usual cause that makes one of the header's hashes: each by itself first, then two at once. */
export function searchCause(
  header: Pick<HeaderReading, "timestamp" | "digests">,
  body: Uint8Array,
  secrets: readonly string[],
  hashedBytesMax = HASHED_BYTES_MAX,
): Search {
  let bytesLeft = hashedBytesMax;
  for (const { key, prefix, body: tried, deviation } of attempts(header.timestamp, body, secrets)) {
    bytesLeft -= tried.byteLength;
    if (bytesLeft < 0) return { kind: "not-found", isComplete: false };
    const digest = new Bun.CryptoHasher("sha256", key).update(prefix).update(tried).digest();
    if (header.digests.some((sent) => timingSafeEqual(sent, digest))) return { kind: "found", deviation };
  }
  return { kind: "not-found", isComplete: body.byteLength <= EVERY_STYLE_CHARS_MAX };
}

function* attempts(
  timestamp: string | null,
  body: Uint8Array,
  secrets: readonly string[],
): Generator<Attempt> {
  const messages = messagePrefixes(timestamp).map(({ form, prefix }) => ({
    prefix,
    message: form === "documented" ? null : form,
  }));
  const [usual, ...others] = messages;
  const damaged = secrets.flatMap(secretVariants);
  if (usual === undefined) return;

  for (const { prefix, message } of messages) {
    for (const key of secrets) yield { key, prefix, body, deviation: { ...unchanged, message } };
  }
  for (const { change: secret, key } of damaged) {
    yield { key, prefix: usual.prefix, body, deviation: { ...unchanged, message: usual.message, secret } };
  }
  const canChange = body.byteLength <= CHANGED_BODY_BYTES_MAX;
  for (const { change, bytes } of canChange ? bodyVariants(body) : []) {
    const deviation = { ...unchanged, message: usual.message, body: change };
    for (const key of secrets) yield { key, prefix: usual.prefix, body: bytes, deviation };
  }

  for (const { prefix, message } of others) {
    for (const { change: secret, key } of damaged) {
      yield { key, prefix, body, deviation: { ...unchanged, message, secret } };
    }
  }
  for (const { change, bytes } of canChange ? bodyVariants(body) : []) {
    for (const { prefix, message } of others) {
      const deviation = { ...unchanged, message, body: change };
      for (const key of secrets) yield { key, prefix, body: bytes, deviation };
    }
    for (const { change: secret, key } of damaged) {
      const deviation = { secret, message: usual.message, body: change };
      yield { key, prefix: usual.prefix, body: bytes, deviation };
    }
  }
}
