import { expect, test } from "bun:test";
import {
  agoText,
  bytesText,
  counted,
  dayHeading,
  humanName,
  lengthText,
  secondsText,
  spokenLength,
  usdText,
} from "../../../src/page/lib/format.ts";

test.each([
  [0, "0:00", "0 minutes 0 seconds"],
  [47.9, "0:47", "0 minutes 47 seconds"],
  [61, "1:01", "1 minute 1 second"],
  [7202, "2:00:02", "2 hours 0 minutes 2 seconds"],
  [-3, "0:00", "0 minutes 0 seconds"],
])("%d seconds are read as %s, and heard as %s", (seconds, read, heard) => {
  expect([lengthText(seconds), spokenLength(seconds)]).toEqual([read, heard]);
});

test("prices have as many digits as they need", () => {
  expect([usdText(116.54), usdText(0.2374, 3), usdText(0.001), usdText(0), usdText(12_100, 0)]).toEqual([
    "$116.54",
    "$0.237",
    "<$0.01",
    "$0.00",
    "$12,100",
  ]);
});

test.each([
  ["2026-11-21", "Today"],
  ["2026-11-20", "Yesterday"],
  ["2026-11-19", "Thursday 19 November"],
  ["2025-11-19", "19 November 2025"],
])("the calls of %s are below %s", (day, heading) => {
  expect(dayHeading(day, new Date(2026, 10, 21, 9))).toBe(heading);
});

test("the day before one of 25 hours is yesterday", () => {
  const zone = process.env.TZ;
  process.env.TZ = "Europe/Berlin";
  // The end of summer time: 24 hours before the end of that day, it had begun already.
  expect(dayHeading("2026-10-24", new Date(2026, 9, 25, 23, 59))).toBe("Yesterday");
  process.env.TZ = zone ?? "";
});

test("a time ago is told in the unit that fits", () => {
  const nowMs = Date.parse("2026-11-21T12:00:00Z");
  const before = (seconds: number) => agoText(new Date(nowMs - seconds * 1000).toISOString(), nowMs);
  expect([before(-5), before(10), before(100), before(7200), before(86_400 * 5)]).toEqual([
    "just now",
    "just now",
    "2 min ago",
    "2 h ago",
    "5 days ago",
  ]);
});

test("sizes, counts, waits and names are written for people", () => {
  expect([bytesText(0), bytesText(1536), bytesText(123_731_968)]).toEqual(["0 B", "1.5 KiB", "118 MiB"]);
  expect([counted(1, "call"), counted(1158, "call")]).toEqual(["1 call", "1,158 calls"]);
  expect([secondsText(0.941), secondsText(12.34), secondsText(null)]).toEqual(["0.94 s", "12.3 s", "–"]);
  expect([humanName("did_not_interrupt"), humanName("_"), humanName("")]).toEqual([
    "Did not interrupt",
    "_",
    "",
  ]);
});
