import { expect, test } from "bun:test";
import { createAttempts } from "../../../src/http/session/attempts.ts";

function attemptsAt() {
  let nowMs = 0;
  const attempts = createAttempts({ nowMs: () => 0, monotonicMs: () => nowMs });
  return {
    ...attempts,
    advance: (ms: number) => (nowMs += ms),
    exhaust: (address: string) => {
      for (let n = 0; n < 20; n += 1) attempts.secondsToWait(address);
    },
  };
}

test("each sender has attempts of its own, and one network of IPv6 is one sender", () => {
  const attempts = attemptsAt();
  attempts.exhaust("192.0.2.1");
  attempts.exhaust("2001:db8:0:1::1");
  expect(attempts.secondsToWait("192.0.2.1")).toBe(60);
  expect(attempts.secondsToWait("192.0.2.2")).toBeNull();
  expect(attempts.secondsToWait("2001:db8:0:1:ffff::2")).toBe(60);
  expect(attempts.secondsToWait("2001:db8:0:2::1")).toBeNull();
  expect(attempts.secondsToWait(null)).toBeNull();
});

test("attempts while a sender should wait make it wait no longer", () => {
  const attempts = attemptsAt();
  attempts.exhaust("192.0.2.1");
  attempts.advance(59_500);
  expect(attempts.secondsToWait("192.0.2.1")).toBe(1);
  attempts.advance(500);
  expect(attempts.secondsToWait("192.0.2.1")).toBeNull();
});

test("no more than 1,024 senders are remembered, and the one known longest goes first", () => {
  const attempts = attemptsAt();
  attempts.exhaust("192.0.2.1");
  for (let n = 0; n < 1_023; n += 1) attempts.secondsToWait(`10.0.${n >> 8}.${n & 255}`);
  expect(attempts.senderCount()).toBe(1_024);
  expect(attempts.secondsToWait("192.0.2.1")).toBe(60);
  attempts.secondsToWait("198.51.100.1");
  expect(attempts.senderCount()).toBe(1_024);
  expect(attempts.secondsToWait("192.0.2.1")).toBeNull();
});
