import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as fc from "fast-check";
import { TemporaryFile } from "../../../src/platform/files.ts";
import { createPieces } from "../../../src/webhook/pieces.ts";
import { temporaryFolder } from "../../helpers/folders.ts";

const KIB = 1024;
const folder = temporaryFolder();
let fileCount = 0;

/** Small, large, and just between. */
const sizes = fc.array(
  fc.oneof(fc.integer({ max: 10, min: 0 }), fc.integer({ max: 4100, min: 4090 }), fc.nat(40_000)),
  { maxLength: 60 },
);

function piecesOf(lengths: readonly number[]): Uint8Array[] {
  let next = 0;
  return lengths.map((length) => Uint8Array.from({ length }, () => (next += 7)));
}

test("pieces of whatever size are kept to the byte, in memory and in a file", async () => {
  await fc.assert(
    fc.asyncProperty(sizes, async (lengths) => {
      const whole = Buffer.concat(piecesOf(lengths));
      const inMemory = createPieces();
      for (const piece of piecesOf(lengths)) inMemory.add(piece);
      expect(Buffer.from(inMemory.join()).equals(whole)).toBe(true);

      const file = await TemporaryFile.create(join(folder, String(++fileCount)));
      const onWayToFile = createPieces();
      for (const piece of piecesOf(lengths)) {
        onWayToFile.add(piece);
        onWayToFile.moveTo(file);
      }
      onWayToFile.moveTo(file, { isEnd: true });
      expect(readFileSync(file.path).equals(whole)).toBe(true);
      await file.discard();
    }),
    { numRuns: 40 },
  );
});

test("single bytes are put together: 64 KiB take four writes, and what was added may change afterwards", () => {
  const written: Uint8Array[] = [];
  const pieces = createPieces();
  const byte = Uint8Array.of(1);
  for (let count = 0; count < 64 * KIB; count += 1) {
    pieces.add(byte);
    pieces.moveTo({ write: (bytes) => void written.push(bytes) });
  }
  byte[0] = 2;
  expect(written.map(({ byteLength }) => byteLength)).toEqual([16, 16, 16, 16].map((kib) => kib * KIB));
  expect(written.every((bytes) => bytes.every((value) => value === 1))).toBe(true);
});
