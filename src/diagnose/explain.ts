import { explainDeviation } from "./explain-causes.ts";
import type { Finding } from "./finding.ts";
import type { HeaderFault } from "./header.ts";

/** One finding in words. */
export type Explanation = {
  subject: "header" | "age" | "hash";
  isGood: boolean;
  text: string;
  /** What to do; empty where nothing is wrong. */
  remedies: string[];
};

const wellFormed = "ElevenLabs sends t=<unix seconds>,v0=<64 lower-case hex digits>";

export function explain(finding: Finding): Explanation {
  switch (finding.kind) {
    case "header-sound":
      return good("header", `t=${finding.timestamp} (${dateOf(Number(finding.timestamp))})`);
    case "header-fault":
      return explainFault(finding.fault);
    case "age":
      return explainAge(finding);
    case "hash-matches":
      return good("hash", finding.secret === 0 ? "matches" : `matches, with secret ${finding.secret + 1}`);
    case "hash-of-other-secret":
      return bad("hash", "is that of another of the configured secrets", [
        `Use that secret: it is number ${finding.secret + 1} of those that are configured here.`,
      ]);
    case "hash-reproduced": {
      const causes = explainDeviation(finding.deviation);
      if (causes.length === 0) return good("hash", "matches, once the header is in order");
      const text = `is that of ${causes.map(({ cause }) => cause).join(", and of ")}`;
      return bad("hash", text, [...new Set(causes.map(({ remedy }) => remedy))]);
    }
    case "hash-unexplained":
      return bad("hash", "differs, and none of the usual causes makes it", [
        "The secret is another webhook's, or the body is not the one that was signed. Copy the secret again (ElevenLabs " +
          "shows it once: else make a new webhook), and save the body as raw bytes.",
        ...(finding.isSecretUsual
          ? []
          : [
              "The secret does not look like wsec_ and 64 hexadecimal digits: it may be cut off, or an API key.",
            ]),
        ...(finding.isComplete
          ? []
          : ["The body is too large to try every cause: repeat it with a small one."]),
      ]);
  }
}

function explainAge({ seconds, toleranceSeconds, isWithin }: Extract<Finding, { kind: "age" }>): Explanation {
  const length = durationText(Math.abs(seconds));
  const limit = durationText(toleranceSeconds);
  if (isWithin)
    return good("age", seconds < 0 ? `${length} ahead, at most ${limit}` : `${length}, at most ${limit}`);
  if (seconds < 0) {
    return bad("age", `${length} ahead of this clock, more than ${limit}`, [
      "Set this machine's clock: timedatectl set-ntp true. Or the sender's, if it is yours.",
    ]);
  }
  return bad("age", `${length}, more than ${limit}`, [
    "For a delivery that was kept, give the time of its receipt with --now. For a new one, set this machine's clock.",
  ]);
}

function explainFault(fault: HeaderFault): Explanation {
  switch (fault.kind) {
    case "missing":
      return bad("header", "is empty", [
        "Its name is ElevenLabs-Signature (elevenlabs-signature in Node). Without a secret the webhook sends none, and " +
          "tool and personalization calls have none.",
      ]);
    case "other-service":
      return bad("header", `has ${fault.scheme}, which is ${fault.service} way`, [`${wellFormed}.`]);
    case "no-timestamp":
      return bad("header", "has no t", [`${wellFormed}, in one header.`]);
    case "several-timestamps":
      return bad("header", "has more than one t", [`${wellFormed}: two headers may have been joined.`]);
    case "timestamp-in-milliseconds":
      return bad("header", "has t in milliseconds", [`${wellFormed}: divide by 1000.`]);
    case "timestamp-not-digits":
      return bad("header", "has a t that is not a number of seconds", [`${wellFormed}.`]);
    case "no-hash":
      return bad("header", "has no v0", [`${wellFormed}.`]);
    case "hash-in-upper-case":
      return bad("header", "has its hash in upper case", [`${wellFormed}.`]);
    case "hash-in-base64":
      return bad("header", "has its hash in base64", [`${wellFormed}.`]);
    case "hash-not-hex":
      return bad("header", `has a v0 of ${fault.length} characters that is not 64 hex digits`, [
        `${wellFormed}: it may be cut off.`,
      ]);
    case "unreadable":
      return bad("header", "is not one that a receiver reads", [`${wellFormed}.`]);
  }
}

function good(subject: Explanation["subject"], text: string): Explanation {
  return { subject, isGood: true, text, remedies: [] };
}

function bad(subject: Explanation["subject"], text: string, remedies: string[]): Explanation {
  return { subject, isGood: false, text, remedies };
}

/** @param seconds of 12 digits at most: every such time has a date */
function dateOf(seconds: number): string {
  return new Date(seconds * 1000).toISOString().replace(".000Z", "Z");
}

function durationText(seconds: number): string {
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 120 * 60) return `${Math.round(seconds / 60)} min`;
  if (seconds < 48 * 3600) return `${Math.round(seconds / 3600)} h`;
  return `${Math.round(seconds / 86_400)} days`;
}
