import { afterAll, beforeEach, expect, mock, test } from "bun:test";
import * as crypto from "node:crypto";
import { matchingSecretIndex, startSignature } from "../../../src/webhook/signature.ts";

// No clock is fine enough to tell the two kinds of comparison apart in a test: what is looked at is who compares.
const original = { ...crypto };
const timingSafeEqual = mock(original.timingSafeEqual);
mock.module("node:crypto", () => ({ ...original, timingSafeEqual }));
afterAll(() => mock.module("node:crypto", () => original));
beforeEach(() => timingSafeEqual.mockClear());

const digestOf = (secret: string) => startSignature(secret, "1793620800").update("{}").digest();

test("every hash sent is compared with that of every secret in constant time, also after a match", () => {
  const perSecret = ["first", "second"].map(digestOf);
  const sent = ["first", "other", "second"].map(digestOf);
  expect(matchingSecretIndex(sent, perSecret)).not.toBe(-1);
  expect(timingSafeEqual.mock.calls).toHaveLength(6);
  for (const expected of perSecret) {
    for (const one of sent) expect(timingSafeEqual.mock.calls).toContainEqual([one, expected]);
  }
});

test("a hash that does not match is compared in constant time, too", () => {
  expect(matchingSecretIndex([digestOf("other")], [digestOf("first")])).toBe(-1);
  expect(timingSafeEqual.mock.calls).toHaveLength(1);
});
