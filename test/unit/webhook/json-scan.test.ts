import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { JsonScanner } from "../../../src/webhook/json/scan.ts";
import type { Scan } from "../../../src/webhook/json/scan.ts";
import { split } from "../../helpers/bodies.ts";
import { jsonText, mutated } from "../../helpers/json-text.ts";

const AUDIO_NAMES = ["full_audio", "audio_base64"];
const NAMES = new Set([...AUDIO_NAMES, "type", "event_timestamp", "data", "conversation_id", "agent_id"]);

function scan(pieces: readonly Uint8Array[]): Scan | null {
  const scanner = new JsonScanner();
  for (const piece of pieces) {
    // Pieces share a buffer: what the scanner keeps must be its own.
    const shared = Uint8Array.from(piece);
    if (!scanner.add(shared)) return null;
    shared.fill(0x3f);
  }
  return scanner.end();
}

const scanText = (text: string) => scan([Buffer.from(text)]);

/** The same from JSON.parse, with the recordings' texts in place of where they are; null if it is not JSON. */
function expectedScan(bytes: Uint8Array) {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes));
  } catch {
    return null;
  }
  const top = watched(value);
  const data = watched(top?.data);
  const inTop = top === null ? empty(value) : told(top);
  return {
    outline: data === null ? inTop : { ...inTop, data: told(data) },
    inData: recordingOf(data),
    atTop: recordingOf(top),
  };
}

type Members = Record<string, unknown>;
const isMembers = (value: unknown): value is Members =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const watched = (value: unknown) =>
  isMembers(value) ? Object.fromEntries(Object.entries(value).filter(([name]) => NAMES.has(name))) : null;
const isContainer = (value: unknown) => typeof value === "object" && value !== null;
/** What is told of a value that is of no interest. */
function empty(value: unknown): Members | unknown[] | null {
  if (!isContainer(value)) return null;
  return Array.isArray(value) ? [] : {};
}
const told = (members: Members): Members =>
  Object.fromEntries(
    Object.entries(members).map(([name, value]) => {
      const isRead = !isContainer(value) && !AUDIO_NAMES.includes(name);
      return [name, isRead ? value : empty(value)];
    }),
  );
const recordingOf = (members: Members | null): unknown =>
  AUDIO_NAMES.map((name) => members?.[name]).find((value) => typeof value === "string") ?? null;

function expectAgreement(whole: Uint8Array): void {
  const found = scan([whole]);
  const expected = expectedScan(whole);
  if (found === null || expected === null) {
    expect({ found, expected }).toEqual({ found: null, expected: null });
    return;
  }
  const textOf = (span: Scan["inData"]): unknown =>
    span === null ? null : JSON.parse(`"${Buffer.from(whole.subarray(span.start, span.end)).toString()}"`);
  const { outline, inData, atTop } = found;
  expect({ outline, inData: textOf(inData), atTop: textOf(atTop) }).toEqual(expected);
}

const bytes = jsonText().map((text) => new Uint8Array(Buffer.from(text)));
const anyJson = fc.json({ maxDepth: 5 }).map((text) => new Uint8Array(Buffer.from(text)));
const marks = fc
  .array(
    fc.constantFrom(
      ...'{}[],:" \\-+.eEu0019atrue\u{1f399}é'.split(""),
      "true",
      "false",
      "null",
      "1e5",
      '"a"',
    ),
    {
      maxLength: 12,
    },
  )
  .map((parts) => new Uint8Array(Buffer.from(parts.join(""))));
const anyBytes = fc.oneof(bytes, mutated(bytes), anyJson, mutated(anyJson), marks, fc.uint8Array());

describe("agrees with JSON.parse", () => {
  test("on any bytes", () => {
    fc.assert(fc.property(anyBytes, expectAgreement), { numRuns: 5000 });
  });

  test.each([
    "0 -0 1 -1.5e+10 01 - 1. .5 1e 1e+ +1 --1 1e5.5 0x1 NaN Infinity -01 00 1E-2",
    "true tru truee TRUE nul falsetrue 1true null",
    '[] [1,] [,1] [ ] [} [1} ["a":1] [[] []] [[],[]]',
    '{} {"a"} {"a":} {"a":1,} {,} {"a":1"b":2} {1:2} {"a":1] {"a"::1} {:1} {"a":{}} {"a":1}} {"a":[}]',
    String.raw`"" " "\" "\" "\x" "\u12" "\u12G4" "\u12345" "a""b" "\/" "\" \"`,
  ])("on each of %s", (texts) => {
    for (const text of texts.split(" ")) expectAgreement(Buffer.from(text));
  });

  test("on white space and what looks like it", () => {
    for (const text of [
      "",
      " ",
      "\u{feff}1",
      "\u{a0}1",
      "\v1",
      "1 ",
      "\r\n\t 1",
      "1 2",
      '"\t"',
      '"\u{7f}"',
      "true false",
    ])
      expectAgreement(Buffer.from(text));
  });

  test("on bytes that are no UTF-8, at any split", () => {
    const bad = "80 c3 c080 eda080 f4908080 e282 f09f8e ff c3a9 f09f8e99";
    for (const odd of bad.split(" ")) {
      const whole = Buffer.concat([Buffer.from('["'), Buffer.from(odd, "hex"), Buffer.from('"]')]);
      expectAgreement(whole);
      const isJson = expectedScan(whole) !== null;
      expect(scan(Array.from(whole, (byte) => Uint8Array.of(byte))) !== null).toBe(isJson);
    }
  });
});

test("finds the same in pieces of any size as in the whole", () => {
  fc.assert(
    fc.property(anyBytes, fc.array(fc.nat({ max: 300 })), (whole, ends) => {
      const cuts = ends.map((end) => Math.min(end, whole.byteLength));
      expect(scan(split(whole, cuts))).toEqual(scan([whole]));
    }),
    { numRuns: 1000 },
  );
});

test("finds the same in pieces of one byte", () => {
  fc.assert(
    fc.property(anyBytes, (whole) => {
      expect(scan(Array.from(whole, (byte) => Uint8Array.of(byte)))).toEqual(scan([whole]));
    }),
    { numRuns: 500 },
  );
});

test("finds the end of a text of any length, and what is odd in it at any place", () => {
  // Around the places from which on it is searched in another way, or in larger parts.
  for (const length of [0, 1, 1023, 1024, 1025, 2047, 2048, 2049, 66_559, 66_560, 66_561, 200_000]) {
    const run = "é".repeat(length % 2).padEnd(length, "A");
    for (const end of ['"]', '\\""]', '\\\\"]', '\n"]', '\\x"]', '\\u00e9"]', ""]) {
      expectAgreement(Buffer.from(`["${run}${end}`));
    }
  }
});

test("counts values and the levels of nesting", () => {
  expect(scanText('{"data":{"a":[[1],{"b":"]]]{{{"}]},"c":[],"d":[-1,true,null]}')).toMatchObject({
    depth: 4,
    valueCount: 12,
  });
});

describe("what is nested deeper than 1000 levels", () => {
  const deep = (levels: number) => `${"[".repeat(levels)}${"]".repeat(levels)}`;

  test("is counted, and what stands beside it is read", () => {
    const text = `{"data":{"x":${deep(1_000_000)},"conversation_id":"c"},"type":"t"}`;
    expect(scanText(text)).toMatchObject({
      depth: 1_000_002,
      outline: { type: "t", data: { conversation_id: "c" } },
    });
  });

  test("is not JSON without its end", () => {
    expect(scanText(deep(2000).slice(0, -1))).toBeNull();
    expect(scanText(`${deep(2000)}]`)).toBeNull();
  });
});

describe("what is longer than anybody looks at", () => {
  test("a text keeps its beginning", () => {
    for (const character of ["n", "é", String.raw`\u00e9`, String.raw`\\`, "🎙"]) {
      const type = character.repeat(200_000);
      const { type: read } = Object(scanText(`{"type":"${type}"}`)?.outline);
      expect(read.slice(0, 128)).toBe(JSON.parse(`"${type}"`).slice(0, 128));
      expect(read.length).toBeGreaterThan(16 * 1024);
      expect(read.length).toBeLessThan(200_000);
    }
  });

  test("a number of a million digits is one", () => {
    const digits = "1".repeat(1_000_000);
    for (const number of [digits, `-0.${digits}`, `${digits}.${digits}e${digits}`]) {
      expect(scanText(`{"event_timestamp":${number}}`)?.valueCount).toBe(2);
    }
    for (const none of [`0${digits}`, `${digits}.`, `${digits}x`, "-".repeat(2000), "true".repeat(1000)]) {
      expect(scanText(`{"event_timestamp":${none}}`)).toBeNull();
    }
  });

  test("a member's name is none of ours", () => {
    const name = "n".repeat(1_000_000);
    expect(scanText(`{"${name}":"x","type":"t"}`)?.outline).toEqual({ type: "t" });
  });
});
