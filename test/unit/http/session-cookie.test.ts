import { expect, test } from "bun:test";
import {
  beginSession,
  COOKIE_NAME,
  cookieOf,
  readSession,
  SESSION_MS,
  sessionKey,
} from "../../../src/http/session/cookie.ts";

const NOW = Date.parse("2026-11-20T12:00:00Z");
const key = sessionKey("a".repeat(32));
const other = sessionKey("b".repeat(32));

test("a session is good for twelve hours, and not a moment longer", () => {
  const { value, expiresAtMs } = beginSession(key, NOW);
  expect(expiresAtMs).toBe(NOW + 12 * 3_600_000);
  expect(readSession(value, [key], NOW)).toEqual({ expiresAtMs });
  expect(readSession(value, [key], expiresAtMs - 1)).toEqual({ expiresAtMs });
  expect(readSession(value, [key], expiresAtMs)).toBeNull();
});

test("one that would run longer than any, since our clock was ahead, is over", () => {
  const { value } = beginSession(key, NOW + SESSION_MS);
  expect(readSession(value, [key], NOW)).toBeNull();
});

test("it ends with its token, and goes on during a rotation", () => {
  const { value } = beginSession(key, NOW);
  expect(readSession(value, [other], NOW)).toBeNull();
  expect(readSession(value, [], NOW)).toBeNull();
  expect(readSession(value, [other, key], NOW)).not.toBeNull();
});

test("no two are alike", () => {
  expect(beginSession(key, NOW).value).not.toBe(beginSession(key, NOW).value);
});

test("what somebody has changed in it is noticed, at every place", () => {
  const { value } = beginSession(key, NOW);
  // The last character holds two bits that mean nothing.
  for (let at = 0; at < value.length - 1; at += 1) {
    const changed = value.slice(0, at) + (value[at] === "1" ? "2" : "1") + value.slice(at + 1);
    expect([at, readSession(changed, [key], NOW)]).toEqual([at, null]);
  }
});

test.each(["", ".", "..", "1.2.3", "x".repeat(10_000), `${Math.floor(NOW / 1000) + 60}..`])(
  "no session: %p",
  (value) => {
    expect(readSession(value, [key], NOW)).toBeNull();
  },
);

test("the token can't be read out of a cookie", () => {
  const { value } = beginSession(key, NOW);
  expect(value).not.toContain("aaaa");
  expect(value).not.toContain(key.toString("base64url"));
});

test.each([
  [null, null],
  ["", null],
  ["a=b; c=d", null],
  [`${COOKIE_NAME}=x`, "x"],
  [`a=b; ${COOKIE_NAME}=x ; c=d`, "x"],
  [`${COOKIE_NAME.toLowerCase()}=x`, null],
  [`prefix${COOKIE_NAME}=x`, null],
  [`${COOKIE_NAME}=x; ${COOKIE_NAME}=y`, null],
])("of the header %p our cookie is %p", (header, value) => {
  expect(cookieOf(header)).toBe(value);
});
