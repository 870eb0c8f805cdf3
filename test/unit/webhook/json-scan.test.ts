import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { JsonScanner, REST_BYTES_MAX } from "../../../src/webhook/json-scan.ts";
import { split } from "../../helpers/bodies.ts";
import { jsonText, mutated } from "../../helpers/json-text.ts";

function scan(pieces: readonly Uint8Array[]) {
  const scanner = new JsonScanner();
  for (const piece of pieces) {
    // Pieces share a buffer: what the scanner keeps must be its own.
    const shared = Uint8Array.from(piece);
    scanner.add(shared);
    shared.fill(0x3f);
  }
  return scanner.result();
}

const bytes = jsonText().map((text) => new Uint8Array(Buffer.from(text)));
const anyBytes = fc.oneof(bytes, mutated(bytes), fc.uint8Array());

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

test("leaves out texts between quotes and nothing else", () => {
  fc.assert(
    fc.property(anyBytes, (whole) => {
      const { rest, leftOut } = scan([whole]);
      const ends = leftOut.flatMap(({ start, end }) => [start, end]);
      const kept = split(whole, ends).filter((_, index) => index % 2 === 0);
      const isOpenAtEnd = rest.byteLength < Buffer.concat(kept).byteLength;
      expect(isOpenAtEnd ? Buffer.concat(kept).subarray(0, rest.byteLength) : Buffer.concat(kept)).toEqual(
        Buffer.from(rest),
      );
      for (const { start, end } of leftOut) expect([whole[start - 1], whole[end]]).toEqual([0x22, 0x22]);
    }),
    { numRuns: 500 },
  );
});

test("counts the levels of nesting", () => {
  const { depth } = scan([Buffer.from('{"data":{"a":[[1],{"b":"]]]{{{"}]},"c":[]}')]);
  expect(depth).toBe(4);
});

test("takes JSON up to its limit beside a recording of any size, and refuses one byte more", () => {
  const frame = Buffer.from('{"x":"","full_audio":"');
  const filler = Buffer.alloc(REST_BYTES_MAX - frame.byteLength - 2, "y");
  const end = Buffer.from('"}');
  const pieces = (more: string) => [
    Buffer.from('{"x":"'),
    filler,
    Buffer.from(`${more}","full_audio":"`),
    filler,
    end,
  ];

  const atLimit = new JsonScanner();
  expect(pieces("").map((piece) => atLimit.add(piece))).toEqual([true, true, true, true, true]);
  const overLimit = new JsonScanner();
  expect(
    pieces("y")
      .map((piece) => overLimit.add(piece))
      .at(-1),
  ).toBe(false);
});

test("refuses more strings under the name of a recording than it can remember", () => {
  const member = '"full_audio":"",';
  const scanner = new JsonScanner();
  expect(scanner.add(Buffer.from(`{${member.repeat(16)}`))).toBe(true);
  expect(scanner.add(Buffer.from(member))).toBe(false);
});

test("keeps a long member's name out of its memory for names", () => {
  const name = "n".repeat(1_000_000);
  const { rest, leftOut } = scan([Buffer.from(`{"${name}":1,"full_audio":"QQ=="}`)]);
  expect(Buffer.from(rest).toString()).toBe(`{"${name}":1,"full_audio":""}`);
  expect(leftOut).toHaveLength(1);
});
