import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { decodeAudioText } from "../../../src/webhook/json/audio-text.ts";
import { reusedPieces, split } from "../../helpers/bodies.ts";

/** The decoded bytes in hex; null where the text is refused. */
async function decoded(pieces: readonly Uint8Array[]): Promise<string | null> {
  const written: Uint8Array[] = [];
  const isDecoded = await decodeAudioText(reusedPieces(pieces), (bytes) => {
    written.push(Uint8Array.from(bytes));
  });
  return isDecoded ? Buffer.concat(written).toHex() : null;
}

function expectedDecoded(text: Uint8Array): string | null {
  try {
    const json = Buffer.concat([Buffer.from('"'), text, Buffer.from('"')]).toString();
    return Uint8Array.fromBase64(JSON.parse(json)).toHex();
  } catch {
    return null;
  }
}

const bytesOf = (text: string) => new Uint8Array(Buffer.from(text));
// No bare quote: it ends the text before it gets here.
const parts =
  String.raw`A Q == = /w + QUJD AAAA \/ \u002b \u003D \n \r\n \u0020 \\ \" \ \u \u00 - _ é 🎙 \ud83d \ude00`
    .split(" ")
    .concat(" ", "\n", "\u{feff}", "\u{a0}");
const textBytes = fc.oneof(
  fc.array(fc.constantFrom(...parts), { maxLength: 12 }).map((chosen) => bytesOf(chosen.join(""))),
  fc.uint8Array({ maxLength: 64 }).map((bytes) => bytesOf(bytes.toBase64())),
  fc.uint8Array({ maxLength: 8 }).map((bytes) => bytes.filter((byte) => byte !== 0x22)),
);
const ends = fc.array(fc.nat({ max: 40 }), { maxLength: 6 });
const cutAt = (whole: Uint8Array, places: number[]) =>
  split(
    whole,
    places.map((place) => Math.min(place, whole.byteLength)),
  );

test("decodes what JSON.parse and fromBase64 decode, in pieces of any size", async () => {
  await fc.assert(
    fc.asyncProperty(textBytes, ends, async (text, places) => {
      expect(await decoded(cutAt(text, places))).toBe(expectedDecoded(text));
    }),
    { numRuns: 3000 },
  );
});

test("decodes the same in pieces of one byte", async () => {
  await fc.assert(
    fc.asyncProperty(textBytes, async (text) => {
      expect(await decoded(Array.from(text, (byte) => Uint8Array.of(byte)))).toBe(expectedDecoded(text));
    }),
    { numRuns: 1000 },
  );
});

describe("base64", () => {
  test.each([
    ["empty", "", ""],
    ["white space only", String.raw` \n\t\r\f`, ""],
    ["one byte", "QQ==", "41"],
    ["one byte without padding", "QQ", "41"],
    ["two bytes", "QUI=", "4142"],
    ["two bytes without padding", "QUI", "4142"],
    ["three bytes", "QUJD", "414243"],
    ["line ends between the characters", String.raw`QU\nJD\r\n`, "414243"],
    ["white space inside the padding", String.raw`QQ=\n=`, "41"],
    ["white space behind the padding", String.raw`QQ==\n`, "41"],
    ["an escaped slash", String.raw`\/\/\/\/`, "ffffff"],
    ["escaped characters", String.raw`\u002b\u002Bv\u0076`, "fbebef"],
    ["escaped padding", String.raw`QQ\u003d\u003D`, "41"],
    ["bits left over in the last character", "QR==", "41"],
  ])("is decoded: %s", async (_, text, hex) => {
    for (let cut = 0; cut <= text.length; cut += 1)
      expect(await decoded(split(bytesOf(text), [cut]))).toBe(hex);
  });

  test.each([
    ["a single character left over", "QUJDR"],
    ["a single character", "Q"],
    ["half of the padding", "QQ="],
    ["too much padding", "QQ==="],
    ["padding behind a whole group", "QUJD="],
    ["padding only", "="],
    ["padding in the middle", "QQ==QUJD"],
    ["padding in the middle, with a line end", String.raw`QQ==\nQUJD`],
    ["two padded texts", "QUI=QUI="],
    ["the url-safe alphabet", "-_-_"],
    ["a data URL", "data:audio/mpeg;base64,QUJD"],
    ["a letter that is not ASCII", "QUJDé"],
    ["a vertical tab", String.raw`QU\u000bJD`],
    ["a no-break space", String.raw`QU\u00a0JD`],
    ["a NUL", String.raw`QUJD\u0000`],
    ["a line end that is not escaped", "QU\nJD"],
    ["an escape that JSON does not have", String.raw`QU\xJD`],
    ["an escape without end", String.raw`QUJD\u00`],
    ["a backslash at the end", "QUJD\\"],
  ])("is refused: %s", async (_, text) => {
    for (let cut = 0; cut <= text.length; cut += 1)
      expect(await decoded(split(bytesOf(text), [cut]))).toBeNull();
  });
});

test("writes a long recording piece by piece, never the whole", async () => {
  const recording = Buffer.alloc(1_000_000, "recording");
  const text = bytesOf(recording.toBase64());
  const sizes: number[] = [];
  const hasher = new Bun.CryptoHasher("sha256");
  const pieces = split(
    text,
    Array.from({ length: 21 }, (_, index) => index * 65_537),
  );
  await decodeAudioText(reusedPieces(pieces), (bytes) => {
    sizes.push(bytes.byteLength);
    hasher.update(bytes);
  });
  expect(hasher.digest("hex")).toBe(new Bun.CryptoHasher("sha256").update(recording).digest("hex"));
  expect(Math.max(...sizes)).toBeLessThan(50_000);
});

test("gives up at the first piece that is wrong", async () => {
  let asked = 0;
  async function* pieces() {
    for (const text of ["QUJD", "%%%%", "QUJD"]) {
      asked += 1;
      yield bytesOf(text);
    }
  }
  expect(await decodeAudioText(pieces(), () => {})).toBe(false);
  expect(asked).toBe(2);
});

test("lets an error of the writer rise", async () => {
  const failing = decodeAudioText(reusedPieces([bytesOf("QUJD")]), () => {
    throw new Error("disk full");
  });
  await expect(failing).rejects.toThrow("disk full");
});
