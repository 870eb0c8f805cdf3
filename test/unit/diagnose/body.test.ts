import { expect, test } from "bun:test";
import type { Deviation } from "../../../src/diagnose/finding.ts";
import { jsonLayouts } from "../../../src/diagnose/json-layouts.ts";
import { eventFixtures, fixture } from "../../helpers/deliveries.ts";
import { BODY, deviation, signed } from "../../helpers/diagnosis.ts";

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

const floats: [what: string, original: string][] = [
  ["that is documented", '{"event_timestamp":1793620890,"data":{"price":0.0,"cost":12}}'],
  [
    "of another member beside those",
    '{"event_timestamp":1793620890,"data":{"price":2.0,"cost":12,"score":-3.0}}',
  ],
  ["beside small ones", '{"data":{"price":1.0,"a":2.9e-05,"b":1e-07,"c":-0.00012}}'],
  ["in a list", '{"event_timestamp":1793620890,"data":{"scores":[1.0,2.5,[3.0]],"cost":12}}'],
  ["everywhere", '{"event_timestamp":1793620890,"data":{"a":1.0,"b":2.0}}'],
];

test.each(floats)("names the cause: JavaScript wrote 1 for 1.0, a number %s", (_, original) => {
  const given = JSON.stringify(JSON.parse(original));
  expect(deviation({ header: signed(original), body: given })?.body).toEqual({
    kind: "rewritten",
    style: { ...style, numbers: "Python" },
    hasFinalNewline: false,
  } as Deviation["body"]);
});

const transcriptions = eventFixtures().filter((name) => name.startsWith("transcription_"));

test.each(transcriptions)("names the cause: JavaScript wrote a documented event again: %s", (name) => {
  const text = fixture(name).toString();
  // As Python writes it, numbers as they are.
  const [original = ""] = [...jsonLayouts(text)]
    .filter((written) => written.style.layout === "spaced" && written.style.numbers === "kept")
    .map((written) => written.text);
  expect(/\d\.0[,}\]]/.test(original)).toBe(name !== "transcription_minimal.json");
  const given = JSON.stringify(JSON.parse(text));
  const numbers = name === "transcription_minimal.json" ? "kept" : "Python";
  expect(deviation({ header: signed(original), body: given })?.body).toMatchObject({ style: { numbers } });
});

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
