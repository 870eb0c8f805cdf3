import { expect, test } from "bun:test";
import { createHmac } from "node:crypto";
import type { Deviation } from "../../../src/diagnose/finding.ts";
import { SECRET } from "../../helpers/deliveries.ts";
import { BODY, deviation, findings, NOW, signed } from "../../helpers/diagnosis.ts";

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
  ["a secret with another service's prefix", `whsec_${HEX}`, SECRET, "prefix-corrected"],
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

test("prefers what is wrong with the secret to another that is right", () => {
  expect(deviation({ header: signed(BODY), secret: `"${SECRET}"`, other: [SECRET] })?.secret).toBe(
    "quotes-removed",
  );
});
