import { expect, test } from "bun:test";
import { cursorOf, positionOf } from "../../../src/http/lib/cursor.ts";

test("a cursor continues where its page ended", () => {
  expect(positionOf(cursorOf([17, "conv_1", null], "list"), "list")).toEqual([17, "conv_1", null]);
});

const encoded = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");

test.each([
  ["of another list, or with other filters", cursorOf([17], "other")],
  ["that is no cursor", "x"],
  ["that is empty", ""],
  ["that is not base64", "💥"],
  ["made by somebody", encoded([17])],
  ["that is no array", encoded({ 0: "list" })],
])("a cursor %s is refused", (_, cursor) => {
  expect(positionOf(cursor, "list")).toBeNull();
});

test("a cursor with a value of another kind is refused", () => {
  const [mark]: [string] = JSON.parse(Buffer.from(cursorOf([], "list"), "base64url").toString());
  expect(positionOf(encoded([mark, { $ne: 1 }]), "list")).toBeNull();
});
