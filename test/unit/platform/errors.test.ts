import { describe, expect, test } from "bun:test";
import { errorCode, hasCode } from "../../../src/platform/errors.ts";

const noEntry = Object.assign(new Error("secret path"), { code: "ENOENT" });

test("an error has the code that it says, and no other", () => {
  expect(hasCode(noEntry, "ENOENT")).toBe(true);
  expect(hasCode(noEntry, "EACCES")).toBe(false);
});

test("an error without a code, and what is no error, have none", () => {
  for (const value of [new Error("ENOENT"), { code: "ENOENT" }, null, "ENOENT"])
    expect(hasCode(value, "ENOENT")).toBe(false);
});

describe("what may be logged of an error", () => {
  test.each([
    ["its code", noEntry, "ENOENT"],
    ["its name where it has no code", new TypeError("a payload"), "TypeError"],
    ["its type where it is none", "a payload", "string"],
  ])("is %s", (_, error, expected) => {
    expect(errorCode(error)).toBe(expected);
  });
});
