import { describe, expect, test } from "bun:test";
import {
  boolean,
  bytes,
  host,
  integer,
  oneOf,
  optionalAddress,
  optionalPath,
  path,
  secrets,
  tokens,
} from "../../../src/config/values.ts";
import type { Parsed } from "../../../src/platform/parsed.ts";

/** The value read, or undefined where the text is refused. */
const valueOf = <T>(parsed: Parsed<T>): T | undefined => (parsed.ok ? parsed.value : undefined);

test.each([
  ["1", 1],
  ["65535", 65_535],
  ["0080", 80],
  ["0", undefined],
  ["65536", undefined],
  ["1.5", undefined],
  ["1e3", undefined],
  ["0x50", undefined],
  ["-1", undefined],
  ["+1", undefined],
  ["80 ", undefined],
  ["", undefined],
  ["9".repeat(400), undefined],
])("a whole number from 1 to 65535: %j is %p", (text, expected) => {
  expect(valueOf(integer(1, 65_535)(text, "/"))).toBe(expected);
});

test.each([
  ["2048", 2048],
  ["2KiB", 2048],
  ["2 KiB", 2048],
  ["3MiB", 3 * 1024 ** 2],
  ["4GiB", 4 * 1024 ** 3],
  ["1023", undefined],
  ["5GiB", undefined],
  ["2MB", undefined],
  ["2mib", undefined],
  ["1.5MiB", undefined],
  ["MiB", undefined],
  ["-2KiB", undefined],
  ["", undefined],
])("bytes from 1 KiB to 4 GiB: %j is %p", (text, expected) => {
  expect(valueOf(bytes(1024, 4 * 1024 ** 3)(text, "/"))).toBe(expected);
});

test.each([
  ["true", true],
  ["TRUE", true],
  ["1", true],
  ["yes", true],
  ["on", true],
  ["false", false],
  ["0", false],
  ["No", false],
  ["off", false],
  ["", undefined],
  ["2", undefined],
  ["truee", undefined],
])("a boolean: %j is %p", (text, expected) => {
  expect(valueOf(boolean(text, "/"))).toBe(expected);
});

test.each([
  ["0.0.0.0", true],
  ["::1", true],
  ["localhost", true],
  ["my-host.example", true],
  ["http://localhost", false],
  ["a b", false],
  ["", false],
])("an address to listen on: %j, %p", (text, isAccepted) => {
  expect(valueOf(host(text, "/")) === text).toBe(isAccepted);
});

test("a choice is read in any case and told as it is written", () => {
  expect(oneOf("INFO", "ERROR")("error", "/")).toEqual({ ok: true, value: "ERROR" });
  expect(oneOf("INFO", "ERROR")("errors", "/")).toEqual({
    ok: false,
    problem: '"errors" is not one of INFO, ERROR',
  });
});

test("a path is absolute in the end", () => {
  expect(path("a/../b", "/srv")).toEqual({ ok: true, value: "/srv/b" });
  expect(path("/a", "/srv")).toEqual({ ok: true, value: "/a" });
  expect(path("a\0", "/srv")).toHaveProperty("problem");
});

test("a path that may be left out is null where it is", () => {
  expect(optionalPath("", "/srv")).toEqual({ ok: true, value: null });
  expect(optionalPath("a", "/srv")).toEqual({ ok: true, value: "/srv/a" });
  expect(optionalPath("a\0", "/srv")).toHaveProperty("problem");
});

describe("secrets", () => {
  test("are at most eight of at most 1024 characters", () => {
    expect(valueOf(secrets(Array(8).fill("x".repeat(1024)).join(), "/"))).toHaveLength(8);
    expect(secrets(Array(9).fill("x").join(), "/")).toHaveProperty("problem");
    expect(secrets("x".repeat(1025), "/")).toHaveProperty("problem");
  });

  test("are trimmed, and empty ones are left out", () => {
    expect(secrets(" a ,\n, b\n", "/")).toEqual({ ok: true, value: ["a", "b"] });
  });

  test.each(['""', "''", '"', '" "', `wsec_1,''`])("of nothing but quotes are none: %s", (text) => {
    expect(secrets(text, "/")).toEqual({ ok: false, problem: expect.stringContaining("nothing but quotes") });
  });
});

describe("tokens", () => {
  const token = "0123456789abcdef0123456789abcdef";

  test("are none, one or several", () => {
    expect(tokens("", "/")).toEqual({ ok: true, value: [] });
    expect(tokens(`${token}, ${token}x`, "/")).toEqual({ ok: true, value: [token, `${token}x`] });
  });

  test.each([
    ["too short to be safe", token.slice(1)],
    ["with a space, which no header could carry", `${token} ${token}`],
    ["one of two too short", `${token},abc`],
  ])("%s: a fault that says how to make one, and does not quote it", (_, text) => {
    const parsed = tokens(text, "/");
    expect(parsed).toEqual({ ok: false, problem: expect.stringContaining("openssl rand -hex 32") });
    expect(JSON.stringify(parsed)).not.toContain(text);
  });
});

test.each([
  ["https://hooks.example.com", "https://hooks.example.com"],
  ["https://Hooks.example.com:443/", "https://hooks.example.com"],
  ["http://10.0.0.7:3004/calls//", "http://10.0.0.7:3004/calls"],
  ["", null],
])("the address %p is taken as %p", (text, value) => {
  expect(optionalAddress(text, "/")).toEqual({ ok: true, value });
});

test.each([
  "hooks.example.com",
  "ftp://a.example",
  "https://a:b@a.example",
  "https://a.example/?b",
  "https://a.example/#b",
])("no address: %p", (text) => {
  const problem = `"${text}" is not an address such as https://hooks.example.com`;
  expect(optionalAddress(text, "/")).toEqual({ ok: false, problem });
});
