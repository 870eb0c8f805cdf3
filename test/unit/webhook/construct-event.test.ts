import { describe, expect, test } from "bun:test";
import { constructEvent, SignatureError } from "elevenlabs-webhook";
import { SECRET, sign, signatureVectors } from "../../helpers/deliveries.ts";

const NOW = 1793620800;
const BODY = '{"type":"voice_removed","data":{"voice_name":"Zoë 🎙"}}';
const at = (nowSeconds: number) => ({ nowSeconds });
const signed = (body: string | Uint8Array, secret = SECRET) => sign(body, { secret, timestamp: NOW });

test("returns the event of a body given as a string", () => {
  expect(constructEvent(BODY, signed(BODY), SECRET, at(NOW))).toEqual(JSON.parse(BODY));
});

test("returns the event of a body given as bytes", () => {
  const bytes = new TextEncoder().encode(BODY);
  expect(constructEvent(bytes, signed(bytes), SECRET, at(NOW))).toEqual(JSON.parse(BODY));
});

test("takes the clock of the machine unless told", () => {
  expect(constructEvent(BODY, sign(BODY), SECRET)).toEqual(JSON.parse(BODY));
});

test("accepts each of several secrets during a rotation", () => {
  for (const secret of ["new", "old"]) {
    expect(constructEvent(BODY, signed(BODY, secret), ["new", "old"], at(NOW))).toEqual(JSON.parse(BODY));
  }
});

test("accepts a timestamp at the tolerance it was given and refuses one past it", () => {
  const options = { toleranceSeconds: 60 };
  expect(constructEvent(BODY, signed(BODY), SECRET, { ...options, nowSeconds: NOW + 60 })).toEqual(
    JSON.parse(BODY),
  );
  expect(() => constructEvent(BODY, signed(BODY), SECRET, { ...options, nowSeconds: NOW + 61 })).toThrow(
    "Timestamp outside the tolerance zone",
  );
});

for (const { name, secret, body, header, now, isValid } of signatureVectors()) {
  test(`${isValid ? "accepts" : "refuses"} the published vector: ${name}`, () => {
    const construct = () => constructEvent(body, header, secret, at(now));
    if (isValid) expect(construct()).toEqual(JSON.parse(body.toString()));
    else expect(construct).toThrow(SignatureError);
  });
}

describe("refuses with the SDK's message", () => {
  const HEADER = signed(BODY);
  const cases: [string, () => unknown, string, string][] = [
    ["no header", () => constructEvent(BODY, null, SECRET), "signature_missing", "Missing signature header"],
    [
      "an undefined header",
      () => constructEvent(BODY, undefined, SECRET),
      "signature_missing",
      "Missing signature header",
    ],
    [
      "neither header nor secret",
      () => constructEvent(BODY, "", ""),
      "signature_missing",
      "Missing signature header",
    ],
    [
      "an empty secret",
      () => constructEvent(BODY, HEADER, "", at(NOW)),
      "secret_missing",
      "Webhook secret not configured",
    ],
    [
      "no secret",
      () => constructEvent(BODY, HEADER, null, at(NOW)),
      "secret_missing",
      "Webhook secret not configured",
    ],
    [
      "an empty list of secrets",
      () => constructEvent(BODY, HEADER, [], at(NOW)),
      "secret_missing",
      "Webhook secret not configured",
    ],
    [
      "a list of empty secrets",
      () => constructEvent(BODY, HEADER, ["", ""], at(NOW)),
      "secret_missing",
      "Webhook secret not configured",
    ],
    [
      "a malformed header",
      () => constructEvent(BODY, `t=${NOW}`, SECRET, at(NOW)),
      "signature_malformed",
      "No signature hash found with expected scheme v0",
    ],
    [
      "an old timestamp",
      () => constructEvent(BODY, HEADER, SECRET, at(NOW + 1801)),
      "timestamp_expired",
      "Timestamp outside the tolerance zone",
    ],
    [
      "a timestamp ahead of the clock",
      () => constructEvent(BODY, HEADER, SECRET, at(NOW - 1801)),
      "timestamp_expired",
      "Timestamp outside the tolerance zone",
    ],
    [
      "another secret",
      () => constructEvent(BODY, HEADER, "other", at(NOW)),
      "signature_mismatch",
      "Signature hash does not match the expected signature hash for payload",
    ],
    [
      "another body",
      () => constructEvent(`${BODY} `, HEADER, SECRET, at(NOW)),
      "signature_mismatch",
      "Signature hash does not match the expected signature hash for payload",
    ],
  ];
  for (const [what, construct, code, message] of cases) {
    test(what, () => {
      expect(construct).toThrow(SignatureError);
      expect(construct).toThrow(expect.objectContaining({ code, message }));
    });
  }
});

describe("throws a SyntaxError at a signed body that is", () => {
  test.each([
    ["not JSON", Buffer.from("hello")],
    ["not UTF-8", Buffer.from([0x22, 0xff, 0x22])],
    ["begun by a byte order mark", Buffer.from("\u{feff}{}")],
  ])("%s", (_, body) => {
    expect(() => constructEvent(body, signed(body), SECRET, at(NOW))).toThrow(SyntaxError);
  });
});
