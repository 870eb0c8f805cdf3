import { expect, test } from "bun:test";
import { readRange } from "../../../src/http/lib/responses.ts";

test.each([
  ["bytes=0-4", 0, 5],
  ["bytes=0-0", 0, 1],
  ["bytes=4-", 4, 10],
  ["bytes=9-9", 9, 10],
  ["bytes=9-1000", 9, 10],
  ["bytes=-3", 7, 10],
  ["bytes=-1000", 0, 10],
  ["Bytes= 2-3 ", 2, 4],
  [`bytes=1-${"9".repeat(400)}`, 1, 10],
])("%s is a part of ten bytes", (header, start, end) => {
  expect(readRange(header, 10)).toEqual({ kind: "part", start, end });
});

test.each(["bytes=10-", "bytes=10-20", "bytes=-0", `bytes=${"9".repeat(400)}-`])(
  "%s is beyond ten bytes",
  (header) => {
    expect(readRange(header, 10)).toEqual({ kind: "unsatisfiable" });
  },
);

test.each([
  null,
  "",
  "bytes=",
  "bytes=-",
  "bytes=5-4",
  "bytes=0-1,3-4",
  "bytes=a-b",
  "lines=1-2",
  "bytes=1.5-2",
])("%p is no range, so the whole is meant", (header) => {
  expect(readRange(header, 10)).toEqual({ kind: "whole" });
});

test("no part of an empty file can be had", () => {
  expect(readRange("bytes=0-", 0)).toEqual({ kind: "unsatisfiable" });
  expect(readRange("bytes=-1", 0)).toEqual({ kind: "unsatisfiable" });
});
