import { expect, test } from "bun:test";
import { diagnose } from "../../../src/diagnose/diagnose.ts";
import type { Deviation } from "../../../src/diagnose/finding.ts";
import { searchCause } from "../../../src/diagnose/search.ts";
import { fixture, SECRET, sign } from "../../helpers/deliveries.ts";
import { BODY, deviation, findings, hmac, NOW, signed } from "../../helpers/diagnosis.ts";

test("finds a valid signature valid", () => {
  expect(diagnoseVector("plain").isValid).toBe(true);
  expect(findings({ header: signed(BODY) })).toEqual([
    { kind: "header-sound", timestamp: String(NOW - 5) },
    { kind: "age", seconds: 5, toleranceSeconds: 1800, isWithin: true },
    { kind: "hash-matches", secret: 0 },
  ]);
});

type Vector = {
  name: string;
  secret: string;
  body_base64: string;
  header: string;
  now: number;
  expect_valid_strict: boolean;
};
const { vectors }: { vectors: Vector[] } = JSON.parse(fixture("signature_vectors.json").toString());

function diagnoseVector(name: string) {
  const vector = vectors.find((each) => each.name === name);
  if (vector === undefined) throw new Error(name);
  return diagnose({
    header: vector.header,
    body: Buffer.from(vector.body_base64, "base64"),
    secrets: [vector.secret],
    otherSecrets: [],
    nowSeconds: vector.now,
    toleranceSeconds: 1800,
  });
}

for (const { name, expect_valid_strict: isValid } of vectors) {
  test(`agrees with the receiver on: ${name}`, () => {
    const diagnosis = diagnoseVector(name);
    expect(diagnosis.isValid).toBe(isValid);
    expect(diagnosis.findings.length).toBeGreaterThan(0);
  });
}

const messageCauses: [what: string, header: string, message: Deviation["message"]][] = [
  ["a hash over the body alone", `t=${NOW},v0=${hmac(BODY)}`, "body-alone"],
  ["a hash without the dot", `t=${NOW},v0=${hmac(`${NOW}${BODY}`)}`, "no-dot"],
  ["a hash made Slack's way", `t=${NOW},v0=${hmac(`v0:${NOW}:${BODY}`)}`, "slack"],
  [
    "a hash over seconds under a header in milliseconds",
    `t=${NOW}123,v0=${hmac(`${NOW}.${BODY}`)}`,
    "seconds",
  ],
  ["GitHub's header over the body alone", `sha256=${hmac(BODY)}`, "body-alone"],
];

for (const [what, header, message] of messageCauses) {
  test(`names the cause: ${what}`, () => {
    expect(deviation({ header })).toEqual({ secret: null, body: null, message });
  });
}

test("names two causes at once", () => {
  const header = signed(BODY, SECRET.slice("wsec_".length));
  expect(deviation({ header, body: `${BODY}\n` })).toEqual({
    secret: "prefix-removed",
    body: { kind: "final-newline-removed" },
    message: null,
  });
});

const RIGHT = hmac(`${NOW}.${BODY}`);
const faults: [what: string, header: string, fault: Record<string, unknown>][] = [
  ["an empty header", " ", { kind: "missing" }],
  ["Stripe's header", `t=${NOW},v1=${RIGHT}`, { kind: "other-service", scheme: "v1=" }],
  ["GitHub's header", `sha256=${RIGHT}`, { kind: "other-service", scheme: "sha256=" }],
  [
    "Svix's header",
    `v1,${Buffer.from(RIGHT, "hex").toString("base64")}`,
    { kind: "other-service", scheme: "v1," },
  ],
  ["a header without t", `v0=${RIGHT}`, { kind: "no-timestamp" }],
  ["a header with two t", `t=1,t=2,v0=${RIGHT}`, { kind: "several-timestamps" }],
  ["a t in milliseconds", `t=${NOW}000,v0=${RIGHT}`, { kind: "timestamp-in-milliseconds" }],
  ["a t that is a date", `t=2026-11-02,v0=${RIGHT}`, { kind: "timestamp-not-digits" }],
  ["a header without v0", `t=${NOW}`, { kind: "no-hash" }],
  ["a hash in upper case", `t=${NOW},v0=${RIGHT.toUpperCase()}`, { kind: "hash-in-upper-case" }],
  [
    "a hash in base64",
    `t=${NOW},v0=${Buffer.from(RIGHT, "hex").toString("base64")}`,
    { kind: "hash-in-base64" },
  ],
  ["a hash that is cut off", `t=${NOW},v0=${RIGHT.slice(0, 40)}`, { kind: "hash-not-hex", length: 40 }],
];

for (const [what, header, fault] of faults) {
  test(`sees ${what}`, () => {
    const [first] = findings({ header });
    expect(first).toMatchObject({ kind: "header-fault", fault });
  });
}

test("takes a header with its name and quotes, as people paste it", () => {
  for (const header of [`ElevenLabs-Signature: ${signed(BODY)}`, `"${signed(BODY)}"`]) {
    expect(findings({ header }).at(-1)).toEqual({ kind: "hash-matches", secret: 0 });
  }
});

for (const [ahead, isWithin] of [
  [-1801, false],
  [-1800, true],
  [1800, true],
  [1801, false],
] as const) {
  test(`a timestamp ${ahead} s from now is ${isWithin ? "within" : "outside"} the tolerance`, () => {
    const age = findings({ header: sign(BODY, { timestamp: NOW + ahead }) })[1];
    expect(age).toEqual({ kind: "age", seconds: -ahead, toleranceSeconds: 1800, isWithin });
  });
}

test("says so where no usual cause makes the hash", () => {
  expect(findings({ header: signed("another body") }).at(-1)).toEqual({
    kind: "hash-unexplained",
    isComplete: true,
    isSecretUsual: true,
  });
});

test("the search ends where it would take too long, likely causes first", () => {
  const digests = [Buffer.from(hmac(`${NOW}.${BODY}`), "hex")];
  const search = (body: string, hashedBytesMax: number) =>
    searchCause({ timestamp: String(NOW), digests }, Buffer.from(body), [SECRET], hashedBytesMax);
  expect(search(`${BODY}\n`, 25 * BODY.length)).toMatchObject({ kind: "found" });
  expect(search(BODY.replace("x", "y"), 25 * BODY.length)).toEqual({ kind: "not-found", isComplete: false });
  expect(search("another", 1024 ** 2)).toEqual({ kind: "not-found", isComplete: true });
});

test("a body nested too deeply to be written again does not end the search", () => {
  const body = `${"[".repeat(100_000)}${"]".repeat(100_000)}`;
  expect(findings({ header: signed("x"), body }).at(-1)?.kind).toBe("hash-unexplained");
});
