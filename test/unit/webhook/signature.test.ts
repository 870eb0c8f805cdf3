import { describe, expect, test } from "bun:test";
import {
  isTimestampWithinTolerance,
  matchingSecretIndex,
  parseSignatureHeader,
  startSignature,
} from "../../../src/webhook/signature.ts";
import { signatureVectors } from "../../helpers/deliveries.ts";

const HEX = "0f".repeat(32);
const T = "1793620800";

/** What the use case does with the pure functions, for one body that is in memory. */
function verdict(options: { header: string | null; body: Uint8Array; secrets: string[]; now: number }) {
  const header = parseSignatureHeader(options.header);
  if (typeof header === "string") return header;
  const { timestamp } = header;
  const within = isTimestampWithinTolerance({ timestamp, nowSeconds: options.now, toleranceSeconds: 1800 });
  if (!within) return "timestamp_expired";
  const digests = options.secrets.map((secret) =>
    startSignature(secret, timestamp).update(options.body).digest(),
  );
  return matchingSecretIndex(header.digests, digests) === -1 ? "signature_mismatch" : "valid";
}

describe("the published vectors", () => {
  for (const { name, secret, body, header, now, isValid } of signatureVectors()) {
    test(`${isValid ? "accepts" : "refuses"}: ${name}`, () => {
      expect(verdict({ header, body, secrets: [secret], now }) === "valid").toBe(isValid);
    });
  }
});

describe("the header", () => {
  const parsed = { timestamp: T, digests: [Buffer.from(HEX, "hex")] };

  test.each([
    ["in the usual order", `t=${T},v0=${HEX}`],
    ["with the hash first", `v0=${HEX},t=${T}`],
    ["with spaces around every part", `  t = ${T} ,  v0 = ${HEX}  `],
    ["with tabs around the parts", `t=${T},\tv0=${HEX}\t`],
    ["with unknown parts", `v1=abc,t=${T},kid=1,v0=${HEX},x`],
    ["with an empty part", `t=${T},,v0=${HEX},`],
    ["with a part that has no equals sign and begins as a known one", `tx,v0x,t=${T},v0=${HEX}`],
    ["with an upper-case name that is none of ours", `T=1,t=${T},V0=abc,v0=${HEX}`],
    ["with a hash that can't match beside a good one", `t=${T},v0=abc,v0=${HEX}`],
  ])("is read %s", (_, header) => {
    expect(parseSignatureHeader(header)).toEqual(parsed);
  });

  test("keeps the timestamp as it was sent, leading zeros included", () => {
    expect(parseSignatureHeader(`t=001793620800,v0=${HEX}`)).toMatchObject({ timestamp: "001793620800" });
  });

  test("gives every hash of a rotation, in order", () => {
    const header = parseSignatureHeader(`t=${T},v0=${HEX},v0=${"1a".repeat(32)}`);
    expect(header).toEqual({
      timestamp: T,
      digests: [Buffer.from(HEX, "hex"), Buffer.from("1a".repeat(32), "hex")],
    });
  });

  test.each([
    ["upper case", HEX.toUpperCase()],
    ["63 digits", HEX.slice(1)],
    ["65 digits", `${HEX}0`],
    ["no hex digits", "z".repeat(64)],
    ["another equals sign", `=${HEX.slice(1)}`],
    ["a line end behind it", `${HEX}\n0`],
  ])("holds no hash that could match where it has %s", (_, v0) => {
    expect(parseSignatureHeader(`t=${T},v0=${v0}`)).toEqual({ timestamp: T, digests: [] });
  });

  test.each([null, "", " ", "\t "])("is missing as %p", (header) => {
    expect(parseSignatureHeader(header)).toBe("signature_missing");
  });

  test.each([
    ["no t", `v0=${HEX}`],
    ["no v0", `t=${T}`],
    ["an empty v0", `t=${T},v0=`],
    ["a v0 without equals sign", `t=${T},v0`],
    ["a part that only begins as v0", `t=${T},v0${HEX}`],
    ["an upper-case V0 only", `t=${T},V0=${HEX}`],
    ["another scheme only", `t=${T},v1=${HEX}`],
    ["two t", `t=${T},t=${T},v0=${HEX}`],
    ["an empty t", `t=,v0=${HEX}`],
    ["a t with a plus sign", `t=+${T},v0=${HEX}`],
    ["a negative t", `t=-${T},v0=${HEX}`],
    ["a t with a fraction", `t=${T}.0,v0=${HEX}`],
    ["a t with an exponent", `t=1e9,v0=${HEX}`],
    ["a hexadecimal t", `t=0x6ae8,v0=${HEX}`],
    ["a t with a space in it", `t=17936 20800,v0=${HEX}`],
    ["a t with a line end", `t=${T}\n1,v0=${HEX}`],
    ["a t with 13 digits", `t=1793620800000,v0=${HEX}`],
    ["a t with other digits", `t=١٧٩٣٦٢٠٨٠٠,v0=${HEX}`],
    ["words", "hello"],
    ["a comma", ","],
    ["17 hashes", `t=${T}${`,v0=${HEX}`.repeat(17)}`],
    ["more than 4096 characters", `t=${T},v0=${HEX},x=${"y".repeat(4096)}`],
  ])("is malformed with %s", (_, header) => {
    expect(parseSignatureHeader(header)).toBe("signature_malformed");
  });

  test("may have 16 hashes", () => {
    expect(parseSignatureHeader(`t=${T}${`,v0=${HEX}`.repeat(16)}`)).toMatchObject({ timestamp: T });
  });
});

describe("the tolerance", () => {
  test.each([
    ["accepts", "one second inside it, in the past", 1799, true],
    ["accepts", "exactly at it, in the past", 1800, true],
    ["refuses", "one second past it", 1801, false],
    ["accepts", "one second inside it, ahead", -1799, true],
    ["accepts", "exactly at it, ahead", -1800, true],
    ["refuses", "one second too far ahead", -1801, false],
  ])("%s a timestamp %s", (_, __, ageSeconds, expected) => {
    const nowSeconds = Number(T) + ageSeconds;
    expect(isTimestampWithinTolerance({ timestamp: T, nowSeconds, toleranceSeconds: 1800 })).toBe(expected);
  });

  test.each(["0", "000000000000", "999999999999"])("refuses the absurd timestamp %s", (timestamp) => {
    expect(isTimestampWithinTolerance({ timestamp, nowSeconds: Number(T), toleranceSeconds: 86_400 })).toBe(
      false,
    );
  });
});

describe("the secrets", () => {
  const body = Buffer.from("{}");
  const digest = (secret: string) => startSignature(secret, T).update(body).digest();
  const header = (...secrets: string[]) =>
    [`t=${T}`, ...secrets.map((key) => `v0=${digest(key).toString("hex")}`)].join();

  test.each([
    ["the current one", ["new", "old"], "new", 0],
    ["the previous one during a rotation", ["new", "old"], "old", 1],
  ])("are matched by %s", (_, secrets, signedWith, index) => {
    expect(matchingSecretIndex([digest(signedWith)], secrets.map(digest))).toBe(index);
  });

  test("match where any of several hashes is right", () => {
    expect(verdict({ header: header("other", "mine"), body, secrets: ["mine"], now: Number(T) })).toBe(
      "valid",
    );
  });

  test("do not match another secret, a part of one, or none", () => {
    for (const secrets of [["other"], ["min"], ["mine "], []]) {
      expect(verdict({ header: header("mine"), body, secrets, now: Number(T) })).toBe("signature_mismatch");
    }
  });

  test("do not match a hash that differs in its last bit", () => {
    const digestSent = digest("mine");
    digestSent[31] = (digestSent[31] ?? 0) ^ 1;
    expect(matchingSecretIndex([digestSent], [digest("mine")])).toBe(-1);
  });

  test("sign the timestamp as it was sent, not its value", () => {
    const v0 = digest("mine").toString("hex");
    const respelled = `t=0${T},v0=${v0}`;
    expect(verdict({ header: respelled, body, secrets: ["mine"], now: Number(T) })).toBe(
      "signature_mismatch",
    );
  });
});
