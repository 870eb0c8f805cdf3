import { expect, test } from "bun:test";
import { createHmac } from "node:crypto";
import { diagnose } from "../../../src/diagnose/diagnose.ts";
import type { Deviation, Finding } from "../../../src/diagnose/finding.ts";
import { searchCause } from "../../../src/diagnose/search.ts";
import { fixture, SECRET, sign } from "../../helpers/deliveries.ts";

const NOW = 1793620805;
const BODY = '{"type":"x","data":{"name":"Zoë & co/1","b":1.0,"a":[1,{"k":null}],"empty":{}}}';

function findings(options: {
  header: string;
  body?: string | Uint8Array;
  secret?: string;
  other?: string[];
}): Finding[] {
  const { findings: found } = diagnose({
    header: options.header,
    body: Buffer.from(options.body ?? BODY),
    secrets: [options.secret ?? SECRET],
    otherSecrets: options.other ?? [],
    nowSeconds: NOW,
    toleranceSeconds: 1800,
  });
  return found;
}

/** What is found to differ between what was signed and what was given. */
function deviation(options: Parameters<typeof findings>[0]): Deviation | undefined {
  return findings(options).find((finding) => finding.kind === "hash-reproduced")?.deviation;
}

const signed = (body: string | Uint8Array, secret = SECRET) => sign(body, { secret, timestamp: NOW - 5 });
const hmac = (message: string) => createHmac("sha256", SECRET).update(message).digest("hex");

test("finds a sound signature sound", () => {
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

const HEX = SECRET.slice("wsec_".length);
const secretCauses: [what: string, given: string, key: string | Uint8Array, change: Deviation["secret"]][] = [
  ["a line end behind the secret", `${SECRET}\n`, SECRET, "spaces-removed"],
  ["spaces around the secret", `  ${SECRET} `, SECRET, "spaces-removed"],
  ["quotes around the secret", `"${SECRET}"`, SECRET, "quotes-removed"],
  ["single quotes around the secret", `'${SECRET}'`, SECRET, "quotes-removed"],
  ["the whole line of .env as the secret", `export SECRET="${SECRET}"`, SECRET, "name-removed"],
  ["a signer with a line end behind the secret", SECRET, `${SECRET}\n`, "newline-added"],
  ["a signer with a Windows line end behind the secret", SECRET, `${SECRET}\r\n`, "crlf-added"],
  ["a signer with a space behind the secret", SECRET, `${SECRET} `, "space-added"],
  ["a signer with quotes around the secret", SECRET, `"${SECRET}"`, "quotes-added"],
  ["a signer with single quotes around the secret", SECRET, `'${SECRET}'`, "single-quotes-added"],
  ["a key without the prefix", SECRET, HEX, "prefix-removed"],
  ["a secret that was set without its prefix", HEX, SECRET, "prefix-added"],
  ["a secret with another service's prefix", `whsec_${HEX}`, SECRET, "prefix-mended"],
  ["a key decoded from hexadecimal", SECRET, Buffer.from(HEX, "hex"), "hex-decoded"],
  ["a key decoded from base64", SECRET, Buffer.from(HEX, "base64"), "base64-decoded"],
  ["a secret in upper case", SECRET.toUpperCase(), SECRET, "lower-case"],
];

for (const [what, given, key, change] of secretCauses) {
  test(`names the cause: ${what}`, () => {
    const v0 = createHmac("sha256", key).update(`${NOW}.${BODY}`).digest("hex");
    expect(deviation({ header: `t=${NOW},v0=${v0}`, secret: given })).toEqual({
      secret: change,
      body: null,
      message: null,
    });
  });
}

test("names the cause: another of the configured secrets", () => {
  const other = `wsec_${"ab".repeat(32)}`;
  expect(findings({ header: signed(BODY, other), other: [SECRET, other] }).at(-1)).toEqual({
    kind: "hash-of-other-secret",
    secret: 1,
  });
});

const parsed = JSON.parse(BODY);
const spaced = '{"type": "x", "data": {"name": "Zoë & co/1", "b": 1.0, "a": [1, {"k": null}], "empty": {}}}';
const sortedBody = '{"data":{"a":[1,{"k":null}],"b":1.0,"empty":{},"name":"Zoë & co/1"},"type":"x"}';
const style = { layout: "compact", isSorted: false, escapes: "kept", numbers: "kept" };
const rewritten: [what: string, original: string, style: Record<string, unknown>][] = [
  ["JSON.stringify", JSON.stringify(parsed), { numbers: "rewritten" }],
  ["json.dumps", spaced, { layout: "spaced" }],
  ["an indent of 1", JSON.stringify(parsed, null, 1), { layout: "indented by 1", numbers: "rewritten" }],
  ["an indent of 2", JSON.stringify(parsed, null, 2), { layout: "indented by 2", numbers: "rewritten" }],
  ["an indent of 4", JSON.stringify(parsed, null, 4), { layout: "indented by 4", numbers: "rewritten" }],
  ["tabs", JSON.stringify(parsed, null, "\t"), { layout: "indented by tabs", numbers: "rewritten" }],
  ["sorted keys", sortedBody, { isSorted: true }],
  ["Python's escapes", spaced.replace("ë", "\\u00eb"), { layout: "spaced", escapes: "ascii" }],
  ["PHP's escapes", BODY.replace("ë", "\\u00eb").replace("/", "\\/"), { escapes: "ascii and slashes" }],
  ["escaped slashes", BODY.replace("/", "\\/"), { escapes: "slashes" }],
  ["Go's escapes", BODY.replace("&", "\\u0026"), { escapes: "HTML" }],
  [".NET's escapes", BODY.replace("ë", "\\u00EB").replace("&", "\\u0026"), { escapes: ".NET" }],
];

for (const [what, original, differs] of rewritten) {
  test(`names the cause: a body rewritten from ${what}`, () => {
    const given = original === BODY ? spaced : BODY;
    expect(deviation({ header: signed(original), body: given })?.body).toEqual({
      kind: "rewritten",
      style: { ...style, ...differs },
      hasFinalNewline: false,
    } as Deviation["body"]);
  });
}

test("names the cause: a body that was parsed and written again when it was kept", () => {
  const kept = JSON.stringify(parsed, null, 2);
  expect(
    deviation({ header: signed('{"type":"x","n":"\\u00eb"}'), body: '{ "type": "x", "n": "ë" }' })?.body,
  ).toMatchObject({
    style: { layout: "compact", escapes: "ascii" },
  });
  expect(deviation({ header: signed(`${kept}\n`), body: BODY })?.body).toMatchObject({
    hasFinalNewline: true,
  });
});

const LINES = '{\n "a": "é€"\n}';
const bodyCauses: [
  what: string,
  signed: string | Uint8Array,
  given: string | Uint8Array,
  change: Record<string, unknown>,
][] = [
  ["a line end added", BODY, `${BODY}\n`, { kind: "final-newline-removed" }],
  ["a Windows line end added", BODY, `${BODY}\r\n`, { kind: "final-newline-removed" }],
  ["a line end lost", `${LINES}\n`, LINES, { kind: "final-newline-added" }],
  ["line ends made Windows'", LINES, LINES.replaceAll("\n", "\r\n"), { kind: "line-ends-to-lf" }],
  ["Windows' line ends lost", LINES.replaceAll("\n", "\r\n"), LINES, { kind: "line-ends-to-crlf" }],
  ["line ends taken out by curl -d", LINES.replaceAll("\n", ""), LINES, { kind: "line-ends-removed" }],
  ["a byte order mark added", BODY, `\uFEFF${BODY}`, { kind: "byte-order-mark-removed" }],
  ["a byte order mark lost", `\uFEFF${BODY}`, BODY, { kind: "byte-order-mark-added" }],
  [
    "invalid UTF-8 replaced",
    Buffer.from('{"a":"\uFFFD"}'),
    Buffer.from('{"a":"\xe9"}', "latin1"),
    { kind: "invalid-bytes-replaced" },
  ],
  [
    "UTF-8 taken for Latin-1",
    '{"a":"é"}',
    Buffer.from('{"a":"é"}').toString("latin1"),
    { kind: "decoded-as", encoding: "Latin-1" },
  ],
  [
    "UTF-8 taken for Windows-1252",
    LINES,
    new TextDecoder("windows-1252").decode(Buffer.from(LINES)),
    { kind: "decoded-as", encoding: "Windows-1252" },
  ],
  [
    "a body kept in Latin-1",
    '{"a":"é"}',
    Buffer.from('{"a":"é"}', "latin1"),
    { kind: "encoded-as", encoding: "Latin-1" },
  ],
  [
    "a body kept in UTF-16",
    BODY,
    Buffer.from(`\uFEFF${BODY}`, "utf16le"),
    { kind: "encoded-as", encoding: "UTF-16" },
  ],
  ["a body in base64", BODY, Buffer.from(BODY).toString("base64"), { kind: "base64-decoded" }],
  ["a body in a JSON string", BODY, JSON.stringify(BODY), { kind: "string-unwrapped" }],
];

for (const [what, original, given, change] of bodyCauses) {
  test(`names the cause: ${what}`, () => {
    expect(deviation({ header: signed(original), body: given })).toEqual({
      secret: null,
      message: null,
      body: change,
    } as Deviation);
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
  const header = signed(BODY, HEX);
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
