import type { BodyChange } from "./body-variants.ts";
import type { Deviation, Finding } from "./finding.ts";
import type { HeaderFault } from "./header.ts";
import type { JsonStyle } from "./json-layouts.ts";

/** One finding in words. */
type Explanation = {
  subject: "header" | "age" | "hash";
  isGood: boolean;
  text: string;
  /** What to do; empty if nothing is wrong. */
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

/** What makes the hash, as the end of "the hash is that of", and what to do about it. */
type CauseText = { cause: string; remedy: string };

const signed = "What is signed is the timestamp, a dot and the raw body: t + '.' + body.";
const rawBytes = "Keep and verify the bytes as they came, before anything decodes, parses or logs them";

const ofSecret: Record<NonNullable<Deviation["secret"]>, CauseText> = {
  "spaces-removed": {
    cause: "the secret without the spaces or the line end around it",
    remedy: "Remove them from the secret (echo adds a line end, printf %s does not).",
  },
  "quotes-removed": {
    cause: "the secret without the quotes around it",
    remedy: "Remove the quotes from the secret: docker --env-file, among others, takes them as part of it.",
  },
  "name-removed": {
    cause: "the secret without the name in front of it",
    remedy: "Set the value alone, not the whole line NAME=value.",
  },
  "newline-added": {
    cause: "the secret with a line end behind it",
    remedy: "The signing side reads the secret with its line end: trim it there.",
  },
  "crlf-added": {
    cause: "the secret with a Windows line end (CR LF) behind it",
    remedy: "The signing side reads the secret with its line end: trim it there.",
  },
  "space-added": {
    cause: "the secret with a space behind it",
    remedy: "The signing side has a space behind the secret: trim it there.",
  },
  "quotes-added": {
    cause: 'the secret in "quotes"',
    remedy: "The signing side takes the quotes as part of the secret: remove them there.",
  },
  "single-quotes-added": {
    cause: "the secret in 'quotes'",
    remedy: "The signing side takes the quotes as part of the secret: remove them there.",
  },
  "prefix-removed": {
    cause: "the secret without its prefix",
    remedy: "The prefix is part of the key: use the whole secret, wsec_ included.",
  },
  "prefix-added": {
    cause: "the secret with wsec_ in front",
    remedy: "Set the whole secret as ElevenLabs showed it, wsec_ included.",
  },
  "prefix-corrected": {
    cause: "the secret with the other prefix (wsec_ for whsec_, or the reverse)",
    remedy: "ElevenLabs' secrets begin with wsec_; whsec_ is Stripe's and Svix's. Copy the secret again.",
  },
  "hex-decoded": {
    cause: "the secret decoded from hexadecimal",
    remedy: "The key is the text of the secret as it is: do not decode it.",
  },
  "base64-decoded": {
    cause: "the secret decoded from base64",
    remedy: "The key is the text of the secret as it is: do not decode it (Svix does, ElevenLabs does not).",
  },
  "lower-case": {
    cause: "the secret in lower case",
    remedy: "Copy the secret again: something has changed its case.",
  },
};

const ofMessage: Record<NonNullable<Deviation["message"]>, CauseText> = {
  "body-alone": { cause: "the body alone, without the timestamp", remedy: signed },
  "no-dot": { cause: "timestamp and body without the dot between them", remedy: signed },
  slack: { cause: "v0:timestamp:body, which is Slack's way", remedy: signed },
  seconds: { cause: "the timestamp in seconds, not in milliseconds as in the header", remedy: signed },
};

const lineEnds = `${rawBytes} (git and FTP change line ends).`;

const ofPlainChange: Record<
  Exclude<BodyChange["kind"], "decoded-as" | "encoded-as" | "rewritten">,
  CauseText
> = {
  "final-newline-removed": {
    cause: "the body without the line end at its end",
    remedy: "Whatever saved the body has added it: editors, echo and here-documents do. Save the raw bytes.",
  },
  "final-newline-added": {
    cause: "the body with a line end at its end",
    remedy: `The body has lost its last line end: something trims it. ${rawBytes}.`,
  },
  "line-ends-to-lf": { cause: "the body with LF as line end, not CR LF", remedy: lineEnds },
  "line-ends-to-crlf": { cause: "the body with CR LF as line end, not LF", remedy: lineEnds },
  "line-ends-removed": {
    cause: "the body without any line end",
    remedy: "curl --data @file and -d @file remove line ends: use --data-binary @file.",
  },
  "byte-order-mark-removed": {
    cause: "the body without the byte order mark at its start",
    remedy: "Whatever saved the body has added it (Windows' editors and PowerShell do). Save the raw bytes.",
  },
  "byte-order-mark-added": {
    cause: "the body with a byte order mark at its start",
    remedy: `The mark got lost when the body was decoded. ${rawBytes}.`,
  },
  "invalid-bytes-replaced": {
    cause: "the body decoded as UTF-8 and encoded again, which replaces invalid bytes",
    remedy: `${rawBytes}.`,
  },
  "base64-decoded": {
    cause: "the body decoded from base64",
    remedy: "Decode it first: AWS' API Gateway hands bodies over in base64 (isBase64Encoded).",
  },
  "string-unwrapped": {
    cause: "the text inside the JSON string that the body is",
    remedy: "Something has put the body into a JSON string. Verify the text that it holds.",
  },
};

/** Every part of the hash that differs, in words. Empty if none does. */
function explainDeviation({ secret, body, message }: Deviation): CauseText[] {
  return [
    ...(secret === null ? [] : [ofSecret[secret]]),
    ...(body === null ? [] : [ofBody(body)]),
    ...(message === null ? [] : [ofMessage[message]]),
  ];
}

function ofBody(change: BodyChange): CauseText {
  switch (change.kind) {
    case "decoded-as":
      return {
        cause: `the body before its UTF-8 was taken for ${change.encoding}`,
        remedy: `It was decoded as ${change.encoding} and encoded again as UTF-8. ${rawBytes}.`,
      };
    case "encoded-as":
      return {
        cause: `the body taken from ${change.encoding} to UTF-8`,
        remedy: `One side has it in UTF-8, the other in ${change.encoding}. ${rawBytes}.`,
      };
    case "rewritten":
      return {
        cause: `the body parsed and written again (${styleText(change.style, change.hasFinalNewline)})`,
        remedy:
          "Something parses the JSON and writes it again. Verify the raw bytes first and parse them afterwards: " +
          "express.raw({ type: '*/*' }), await request.text(), request.get_data().",
      };
    default:
      return ofPlainChange[change.kind];
  }
}

function styleText(style: JsonStyle, hasFinalNewline: boolean): string {
  const parts: string[] = [style.layout];
  if (style.isSorted) parts.push("keys sorted");
  if (style.escapes === "minimal") parts.push("without needless escapes");
  if (style.escapes === "slashes") parts.push("slashes escaped");
  if (style.escapes === "ascii") parts.push("non-ASCII escaped");
  if (style.escapes === "ascii and slashes") parts.push("non-ASCII and slashes escaped");
  if (style.escapes === "HTML") parts.push("HTML's characters escaped, as Go does");
  if (style.escapes === ".NET") parts.push("escaped as .NET does");
  if (style.numbers === "rewritten") parts.push("numbers rewritten");
  if (style.numbers === "Python") parts.push("numbers as Python writes them: 1.0 where this body has 1");
  if (hasFinalNewline) parts.push("with a line end at the end");
  return parts.join(", ");
}
