import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { createLog } from "../../../src/platform/log.ts";
import type { Log, LogFields } from "../../../src/platform/log.ts";

const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z /;

/** The lines that come of what is logged. */
function linesOf(
  use: (log: Log) => void,
  options: {
    level?: "DEBUG" | "INFO" | "WARNING" | "ERROR";
    format?: "text" | "json";
    isJournal?: boolean;
  } = {},
) {
  const lines: string[] = [];
  use(createLog({ level: "DEBUG", format: "text", ...options, write: (line) => lines.push(line) }));
  return lines;
}

const allLevels = (log: Log) => {
  log.debug("a");
  log.info("b");
  log.warning("c");
  log.error("d");
};

test.each([
  ["DEBUG", 4],
  ["INFO", 3],
  ["WARNING", 2],
  ["ERROR", 1],
] as const)("the level %s lets %i of four lines pass", (level, count) => {
  expect(linesOf(allLevels, { level })).toHaveLength(count);
});

test("for the journal each line begins with its priority and has no time", () => {
  const lines = linesOf(allLevels, { isJournal: true });
  expect(lines).toEqual(["<7>DEBUG   a\n", "<6>INFO    b\n", "<4>WARNING c\n", "<3>ERROR   d\n"]);
  const [line = ""] = linesOf((log) => log.error("d"), { isJournal: true, format: "json" });
  expect(line).toStartWith("<3>{");
  expect(JSON.parse(line.slice(3))).toMatchObject({ message: "d" });
});

test("two logs are apart", () => {
  const lines = linesOf((first) => {
    expect(linesOf((second) => second.info("to the second"))).toHaveLength(1);
    first.info("to the first");
  });
  expect(lines).toEqual([expect.stringContaining("to the first")]);
});

const textOf = (message: string, fields?: LogFields) =>
  linesOf((log) => log.info(message, fields))
    .join("")
    .replace(TIME, "");

describe("text", () => {
  test("has a time, the level, the message and the fields", () => {
    const [line = ""] = linesOf((log) =>
      log.warning("Refused", { code: "x", age_s: -1.5, again: true, address: null }),
    );
    expect(line).toMatch(TIME);
    expect(line.replace(TIME, "")).toBe("WARNING Refused code=x age_s=-1.5 again=true address=null\n");
  });

  test("leaves plain words as they are", () => {
    expect(textOf("m", { a: "conv_1-2.3:4/5+6@7" })).toBe("INFO    m a=conv_1-2.3:4/5+6@7\n");
  });

  test.each([
    ["an empty value", "", '""'],
    ["a space", "a b", '"a b"'],
    ["another field", "a code=b", '"a code=b"'],
    ["a quote", 'a"b', '"a\\"b"'],
    ["a line end", "a\nb", '"a\\nb"'],
    ["a return", "a\rb", '"a\\rb"'],
    ["a line separator", "a\u2028b", '"a\\u2028b"'],
    ["a next-line character", "a\u0085b", '"a\\u0085b"'],
    ["an escape for a terminal", "a\u001b[2Jb", '"a\\u001b[2Jb"'],
    ["an eight-bit escape for a terminal", "a\u009b2Jb", '"a\\u009b2Jb"'],
    ["a change of direction", "a\u202eb", '"a\\u202eb"'],
    ["a letter that is not ASCII", "é🎙", '"\\u00e9\\ud83c\\udf99"'],
  ])("quotes %s", (_, value, quoted) => {
    expect(textOf("m", { a: value })).toBe(`INFO    m a=${quoted}\n`);
  });

  test("is one line and one field, whatever the value", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (value) => {
        const text = textOf("m", { a: value, b: 1 });
        expect(text).toMatch(/^INFO {4}m a=([\w.:/+@-]+|"([^"\\]|\\.)*") b=1\n$/);
        expect(text).toMatch(/^[ -~]*\n$/);
      }),
      { numRuns: 300 },
    );
  });

  test.each(["/srv/{a}/x", "{a}", "{{a}}", "}{", "a}", "{*}"])(
    "leaves the braces of a message as they are: %s",
    (message) => {
      expect(textOf(message, { a: "b" })).toBe(`INFO    ${message} a=b\n`);
      expect(textOf(message)).toBe(`INFO    ${message}\n`);
    },
  );
});

const jsonOf = (message: string, fields?: LogFields) =>
  linesOf((log) => log.error(message, fields), { format: "json" }).map((line) => JSON.parse(line));

describe("json", () => {
  test("has a time, the level, the message and the fields as they are", () => {
    expect(jsonOf("Refused", { code: "a\nb", age_s: 1.5, again: false, address: null })).toEqual([
      {
        "@timestamp": expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
        level: "ERROR",
        message: "Refused",
        logger: "receiver",
        code: "a\nb",
        age_s: 1.5,
        again: false,
        address: null,
      },
    ]);
  });

  test("is one line, whatever the value", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (value) => {
        const lines = linesOf((log) => log.info("m", { a: value }), { format: "json" });
        expect(lines.join("").split("\n")).toEqual([expect.any(String), ""]);
        expect(JSON.parse(lines.join(""))).toMatchObject({ a: value });
      }),
    );
  });

  test("leaves the braces of a message as they are", () => {
    expect(jsonOf("/srv/{a}/x", { a: "b" })).toMatchObject([{ message: "/srv/{a}/x" }]);
  });
});
