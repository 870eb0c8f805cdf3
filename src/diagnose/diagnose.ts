import { looksLikeSecret } from "../config/config.ts";
import { isTimestampWithinTolerance, matchingSecretIndex, startSignature } from "../webhook/signature.ts";
import type { Diagnosis, Finding } from "./finding.ts";
import { readHeader } from "./header.ts";
import type { HeaderReading } from "./header.ts";
import { searchCause } from "./search.ts";
import { secretVariants } from "./secret-variants.ts";

/** Finds out whether a signature is valid, and if not, which of the usual causes makes its hash. */
export function diagnose(options: {
  header: string;
  body: Uint8Array;
  secrets: readonly string[];
  /** Not to be accepted, but good to know if one of them is the right one. */
  otherSecrets: readonly string[];
  nowSeconds: number;
  toleranceSeconds: number;
}): Diagnosis {
  const header = readHeader(options.header);
  const findings: Finding[] = [];
  if (header.fault !== null) findings.push({ kind: "header-fault", fault: header.fault });
  else if (header.timestamp !== null) findings.push({ kind: "header-sound", timestamp: header.timestamp });

  const age = ageOf(header.timestamp, options);
  if (age !== null) findings.push(age);
  if (header.digests.length > 0) findings.push(findHash(header, options));
  return { isValid: findings.every(isGood), findings };
}

function isGood(finding: Finding): boolean {
  if (finding.kind === "age") return finding.isWithin;
  return finding.kind === "header-sound" || finding.kind === "hash-matches";
}

function ageOf(
  timestamp: string | null,
  { nowSeconds, toleranceSeconds }: { nowSeconds: number; toleranceSeconds: number },
): Finding | null {
  if (timestamp === null || !/^\d{1,13}$/.test(timestamp)) return null;
  const seconds = timestamp.length === 13 ? timestamp.slice(0, 10) : timestamp;
  const isWithin = isTimestampWithinTolerance({ timestamp: seconds, nowSeconds, toleranceSeconds });
  return { kind: "age", seconds: nowSeconds - Number(seconds), toleranceSeconds, isWithin };
}

function findHash(
  header: HeaderReading,
  {
    body,
    secrets,
    otherSecrets,
  }: { body: Uint8Array; secrets: readonly string[]; otherSecrets: readonly string[] },
): Finding {
  const { timestamp, digests } = header;
  if (timestamp !== null) {
    const digestOf = (secret: string) => startSignature(secret, timestamp).update(body).digest();
    const secret = matchingSecretIndex(digests, secrets.map(digestOf));
    if (secret >= 0) return { kind: "hash-matches", secret };
    const other = matchingSecretIndex(digests, otherSecrets.map(digestOf));
    if (other >= 0) {
      // If the one is the other with quotes around it, that is the better answer.
      const damage = secrets.flatMap(secretVariants).find(({ key }) => key === otherSecrets[other]);
      if (damage === undefined) return { kind: "hash-of-other-secret", secret: other };
      return { kind: "hash-reproduced", deviation: { secret: damage.change, body: null, message: null } };
    }
  }
  const search = searchCause(header, body, [...secrets, ...otherSecrets]);
  if (search.kind === "found") return { kind: "hash-reproduced", deviation: search.deviation };
  return {
    kind: "hash-unexplained",
    isComplete: search.isComplete,
    isSecretUsual: secrets.some(looksLikeSecret),
  };
}
