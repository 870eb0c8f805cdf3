import { Database } from "bun:sqlite";
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import {
  integerAt,
  isDeeperThan,
  isObject,
  listAt,
  numberAt,
  secondsAt,
  textAt,
  valueAt,
} from "../../../src/vendor/json-value.ts";

describe("a value", () => {
  const value = { a: { b: [1], c: null }, "": 0 };

  test("is found at its path", () => {
    expect(valueAt(value, "a", "b")).toEqual([1]);
    expect(valueAt(value)).toBe(value);
  });

  test.each([
    ["is missing", ["x", "y"]],
    ["would be in a list", ["a", "b", "0"]],
    ["would be in null", ["a", "c", "d"]],
    ["would be in a number", ["", "x"]],
    ["is inherited", ["toString"]],
    ["is inherited by a list", ["a", "b", "length"]],
    ["is the prototype", ["__proto__"]],
  ])("is null where it %s", (_, path) => {
    expect(valueAt(value, ...path)).toBeNull();
  });

  test("called __proto__ is one like any other", () => {
    expect(valueAt(JSON.parse('{"__proto__":{"a":1}}'), "__proto__", "a")).toBe(1);
  });
});

test("an object is neither a list nor null", () => {
  expect([{}, [], null, "{}", 1].map(isObject)).toEqual([true, false, false, false, false]);
});

describe("a text", () => {
  test.each([
    ["é 🎙", "é 🎙"],
    [" ", " "],
    ["\ud83d!", "\ufffd!"],
    ["\udfff", "\ufffd"],
    ["", null],
    [5, null],
    [null, null],
    [["x"], null],
  ])("of %j is %j", (value, expected) => {
    expect(textAt({ value }, "value")).toBe(expected);
  });

  test("can be encoded as UTF-8 without loss, whatever it was", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (value) => {
        const text = textAt({ value }, "value") ?? "";
        expect(Buffer.from(text).toString()).toBe(text);
      }),
    );
  });
});

describe("a number", () => {
  test.each([
    [1.5, 1.5, 2],
    [1.49, 1.49, 1],
    [0, 0, 0],
    [-3, -3, -3],
    ["12", 12, 12],
    [" 12.6 ", 12.6, 13],
    [2 ** 53 - 1, 2 ** 53 - 1, 2 ** 53 - 1],
    [2 ** 53, 2 ** 53, null],
    [1e300, 1e300, null],
    [Infinity, null, null],
    ["Infinity", null, null],
    ["", null, null],
    [" ", null, null],
    ["twelve", null, null],
    [true, null, null],
    [[7], null, null],
    [null, null, null],
  ])("of %p is %p, and %p as a whole number", (value, number, integer) => {
    expect(numberAt({ value }, "value")).toBe(number);
    expect(integerAt({ value }, "value")).toBe(integer);
  });

  test("as a whole number fits a STRICT INTEGER column, whatever it was", () => {
    const database = new Database(":memory:");
    database.run("CREATE TABLE t (n INTEGER) STRICT");
    const insert = database.query<{ n: number }, [number | null]>("INSERT INTO t VALUES (?) RETURNING n");
    const anyValue = fc.oneof(
      fc.double(),
      fc.maxSafeInteger(),
      fc.jsonValue(),
      fc.constantFrom(-0, -0.4, 2 ** 31, 2 ** 53 - 1),
    );
    fc.assert(
      fc.property(anyValue, (value) => {
        const integer = integerAt({ value }, "value");
        expect(insert.get(integer)?.n ?? null).toEqual(integer === 0 ? 0 : integer);
      }),
      { numRuns: 500 },
    );
    database.close();
  });
});

test("a list is empty where there is none", () => {
  expect(listAt({ a: [1, null] }, "a")).toEqual([1, null]);
  expect(["a", {}, 5, null].map((a) => listAt({ a }, "a"))).toEqual([[], [], [], []]);
});

describe("a time", () => {
  const SECONDS = 1793620831; // 2026-11-02T12:00:31Z
  const zone = process.env.TZ;
  beforeAll(() => void (process.env.TZ = "America/New_York"));
  afterAll(() => void (process.env.TZ = zone ?? "UTC"));

  test("of a machine elsewhere is not UTC, or the tests below could not fail", () => {
    expect(new Date(SECONDS * 1000).getHours()).toBe(7);
  });

  test.each([
    ["a whole number", SECONDS],
    ["a fraction, rounded down", SECONDS + 0.999],
    ["a number as a string", String(SECONDS)],
    ["a fraction as a string", `${SECONDS}.5`],
    ["milliseconds", SECONDS * 1000 + 999],
    ["milliseconds as a string", `${SECONDS}000`],
    ["RFC 3339", "2026-11-02T12:00:31Z"],
    ["RFC 3339 with microseconds and an offset", "2026-11-02T14:00:31.123456+02:00"],
    ["RFC 3339 without a zone, which is UTC", "2026-11-02T12:00:31"],
    ["a date and a time with a space between them", "2026-11-02 12:00:31.5"],
    ["RFC 2822", "Mon, 02 Nov 2026 12:00:31 +0000"],
    ["RFC 2822 of another zone", "Mon, 02 Nov 2026 04:00:31 -0800"],
    ["RFC 2822 without the day", "2 Nov 2026 12:00:31 GMT"],
  ])("is read from %s", (_, value) => {
    expect(secondsAt({ value }, "value")).toBe(SECONDS);
  });

  test.each([
    ["the first second", 0, 0],
    ["milliseconds that would be seconds after the year 5138", 100_000_000_000, 100_000_000],
    ["the last second of the year 9999 in milliseconds", 253_402_300_799_999, 253_402_300_799],
    ["a date alone", "2026-11-02", 1793577600],
    ["a date of 1970 in words", "1970-01-02T00:00:00Z", 86_400],
  ])("is read from %s", (_, value, seconds) => {
    expect(secondsAt({ value }, "value")).toBe(seconds);
  });

  test.each([
    ["missing", undefined],
    ["null", null],
    ["true", true],
    ["a list", [SECONDS]],
    ["an object", { seconds: SECONDS }],
    ["empty", ""],
    ["words", "yesterday"],
    ["words with a number", "line 7"],
    ["a date that does not exist", "2026-13-45T12:00:31Z"],
    ["before 1970", -1],
    ["before 1970 in words", "1969-12-31T23:59:59Z"],
    ["microseconds", SECONDS * 1e6],
    ["nanoseconds", SECONDS * 1e9],
    ["infinite", Infinity],
    ["not a number", "NaN"],
  ])("is null where it is %s", (_, value) => {
    expect(secondsAt({ value }, "value")).toBeNull();
  });

  test("is null or a whole second between 1970 and 9999, whatever it was", () => {
    fc.assert(
      fc.property(fc.oneof(fc.double(), fc.jsonValue(), fc.string()), (value) => {
        const seconds = secondsAt({ value }, "value") ?? 0;
        expect(Number.isInteger(seconds) && seconds >= 0 && seconds <= 253_402_300_799).toBe(true);
      }),
    );
  });
});

const nested = (levels: number): unknown => JSON.parse("[".repeat(levels) + "]".repeat(levels));

describe("the depth", () => {
  test("is at most what is allowed, or more", () => {
    expect(isDeeperThan(nested(1000), 1000)).toBe(false);
    expect(isDeeperThan(nested(1001), 1000)).toBe(true);
  });

  test("is the one at which SQLite's JSON functions stop", () => {
    const database = new Database(":memory:");
    const query = database.query<{ valid: number }, [string]>("SELECT json_valid(?) AS valid");
    const isValid = (levels: number) => query.get(JSON.stringify(nested(levels)))?.valid === 1;
    expect([isValid(1000), isValid(1001)]).toEqual([true, false]);
    database.close();
  });

  test("of a scalar is none", () => {
    expect([1, "[[", null].map((value) => isDeeperThan(value, 0))).toEqual([false, false, false]);
  });

  test("is that of the deepest branch", () => {
    expect(isDeeperThan([1, {}, { a: [], b: { c: [] } }], 3)).toBe(true);
    expect(isDeeperThan([1, {}, { a: [], b: { c: [] } }], 4)).toBe(false);
  });
});
