import { expect, test } from "bun:test";
import { explain } from "../../../src/diagnose/explain.ts";
import type { Deviation, Finding } from "../../../src/diagnose/finding.ts";

const none: Deviation = { secret: null, body: null, message: null };
const style = { layout: "compact", isSorted: false, escapes: "kept", numbers: "kept" } as const;
const rewritten = (differs: object) =>
  ({ kind: "rewritten", style: { ...style, ...differs }, hasFinalNewline: false }) as Deviation["body"];

const age = { kind: "age", toleranceSeconds: 1800 } as const;

const good: [Finding, string][] = [
  [{ kind: "header-sound", timestamp: "1793620800" }, "t=1793620800 (2026-11-02T12:00:00Z)"],
  [{ kind: "header-sound", timestamp: "999999999999" }, "t=999999999999 (+033658-09-27T01:46:39Z)"],
  [{ ...age, seconds: 5, isWithin: true }, "5 s, at most 30 min"],
  [{ ...age, seconds: -130, isWithin: true }, "2 min ahead, at most 30 min"],
  [{ kind: "hash-matches", secret: 0 }, "matches"],
  [{ kind: "hash-matches", secret: 2 }, "matches, with secret 3"],
  [{ kind: "hash-reproduced", deviation: none }, "matches, once the header is in order"],
];

for (const [finding, text] of good) {
  test(`says that it is good: ${text}`, () => {
    expect(explain(finding)).toMatchObject({ isGood: true, text, remedies: [] });
  });
}

const bad: [finding: Finding, text: string, remedy: string][] = [
  [{ ...age, seconds: 7200, isWithin: false }, "2 h, more than 30 min", "--now"],
  [{ ...age, seconds: 5000, isWithin: false }, "83 min, more than 30 min", "--now"],
  [
    { ...age, seconds: -864_000, isWithin: false },
    "10 days ahead of this clock, more than 30 min",
    "timedatectl",
  ],
  [{ kind: "hash-of-other-secret", secret: 1 }, "is that of another of the configured secrets", "number 2"],
  [{ kind: "header-fault", fault: { kind: "missing" } }, "is empty", "ElevenLabs-Signature"],
  [
    { kind: "header-fault", fault: { kind: "other-service", scheme: "v1=", service: "Stripe's" } },
    "has v1=, which is Stripe's way",
    "t=<unix seconds>,v0=",
  ],
  [{ kind: "header-fault", fault: { kind: "no-timestamp" } }, "has no t", "in one header"],
  [{ kind: "header-fault", fault: { kind: "several-timestamps" } }, "has more than one t", "joined"],
  [
    { kind: "header-fault", fault: { kind: "timestamp-in-milliseconds" } },
    "has t in milliseconds",
    "divide by 1000",
  ],
  [
    { kind: "header-fault", fault: { kind: "timestamp-not-digits" } },
    "has a t that is not a number of seconds",
    "t=<unix seconds>",
  ],
  [{ kind: "header-fault", fault: { kind: "no-hash" } }, "has no v0", "v0="],
  [
    { kind: "header-fault", fault: { kind: "hash-in-upper-case" } },
    "has its hash in upper case",
    "lower-case",
  ],
  [{ kind: "header-fault", fault: { kind: "hash-in-base64" } }, "has its hash in base64", "hex digits"],
  [
    { kind: "header-fault", fault: { kind: "hash-not-hex", length: 40 } },
    "has a v0 of 40 characters that is not 64 hex digits",
    "cut off",
  ],
  [
    { kind: "header-fault", fault: { kind: "unreadable" } },
    "is not one that a receiver reads",
    "t=<unix seconds>",
  ],
  [
    { kind: "hash-reproduced", deviation: { ...none, secret: "prefix-removed", message: "body-alone" } },
    "is that of the secret without its prefix, and of the body alone, without the timestamp",
    "use the whole secret",
  ],
  [
    { kind: "hash-reproduced", deviation: { ...none, body: { kind: "decoded-as", encoding: "Latin-1" } } },
    "is that of the body before its UTF-8 was taken for Latin-1",
    "decoded as Latin-1",
  ],
  [
    { kind: "hash-reproduced", deviation: { ...none, body: { kind: "encoded-as", encoding: "UTF-16" } } },
    "is that of the body taken from UTF-16 to UTF-8",
    "the other in UTF-16",
  ],
];

for (const [finding, text, remedy] of bad) {
  test(`says what to do: ${text}`, () => {
    const explanation = explain(finding);
    expect(explanation).toMatchObject({ isGood: false, text });
    expect(explanation.remedies.join(" ")).toContain(remedy);
  });
}

test("names the way in which a body was written", () => {
  const styles: [object, string][] = [
    [{}, "compact"],
    [{ layout: "spaced", isSorted: true, escapes: "ascii" }, "spaced, keys sorted, non-ASCII escaped"],
    [{ escapes: "minimal", numbers: "rewritten" }, "compact, without needless escapes, numbers rewritten"],
    [{ numbers: "Python" }, "compact, numbers as Python writes them: 1.0 where this body has 1"],
    [{ escapes: "ascii and slashes" }, "compact, non-ASCII and slashes escaped"],
    [{ escapes: "slashes" }, "compact, slashes escaped"],
    [{ escapes: "HTML" }, "compact, HTML's characters escaped, as Go does"],
    [{ escapes: ".NET" }, "compact, escaped as .NET does"],
  ];
  for (const [differs, text] of styles) {
    const deviation = { ...none, body: rewritten(differs) };
    expect(explain({ kind: "hash-reproduced", deviation }).text).toEndWith(`written again (${text})`);
  }
});
