import { describe, expect, test } from "bun:test";
import { readableCopy } from "../../../src/model/readable-copy.ts";
import { createRandom } from "../../helpers/random.ts";

const copyOf = (json: string) => readableCopy(Buffer.from(json));

describe("no copy is made of", () => {
  test.each([
    "{}",
    '{"a":"plain, ü, 上海, 👍"}',
    String.raw`{"a":"a pair \ud83d\ude00, another \uD83D\uDE00\ud83d\udc4d"}`,
    String.raw`{"a":"Korean \ud55c\uD55C"}`,
    String.raw`{"a":"text \\ud83d, \\u0000, \\\\ude00 and \\ud83d\\ude00"}`,
    String.raw`{"a":"other controls \u0001\u0010\u001f"}`,
  ])("%s", (json) => {
    expect(copyOf(json)).toBeNull();
  });
});

describe("a copy is made of", () => {
  test.each([
    [String.raw`{"a":"x\ud83dy"}`, '{"a":"x\ufffdy"}'],
    [String.raw`{"a":"x\ude00y"}`, '{"a":"x\ufffdy"}'],
    [String.raw`{"a":"\uDE00\uD83D"}`, '{"a":"\ufffd\ufffd"}'],
    [String.raw`{"a":"\ud83d\ud83d\ude00"}`, '{"a":"\ufffd😀"}'],
    [String.raw`{"a":"\\ud83d\ude00"}`, '{"a":"\\\\ud83d\ufffd"}'],
    [String.raw`{"a":"\\\ud83d"}`, '{"a":"\\\\\ufffd"}'],
    [String.raw`{"a":"x\u0000y\\u0000"}`, '{"a":"xy\\\\u0000"}'],
    [
      String.raw`{"a":["\u0000",{"b":"\ud800"}],"c":1.5,"d":null}`,
      '{"a":["",{"b":"\ufffd"}],"c":1.5,"d":null}',
    ],
    [String.raw`{"\u0000":1,"__proto__":"\u0000"}`, String.raw`{"\u0000":1,"__proto__":""}`],
  ])("%s", (json, copy) => {
    expect(copyOf(json)).toBe(copy);
  });

  test("half a pair followed by NUL and the other half: they don't become one", () => {
    expect(copyOf(String.raw`{"a":"\ud83d\u0000\ude00"}`)).toBe('{"a":"\ufffd\ufffd"}');
  });
});

test("whatever it is made of, nothing odd is left and nothing else is changed", () => {
  const pieces = [
    String.raw`\ud83d`,
    String.raw`\ude00`,
    String.raw`\uD83D`,
    String.raw`\uDE00`,
    String.raw`\u0000`,
    String.raw`\\`,
    String.raw`\"`,
    "u",
    "d83d",
    "x",
  ];
  const next = createRandom(7);
  for (let round = 0; round < 5_000; round += 1) {
    const text = Array.from({ length: next(12) }, () => pieces[next(pieces.length)]).join("");
    const json = `{"a":"${text}"}`;
    const said: string = JSON.parse(json).a;
    const copy = copyOf(json);
    expect(copy === null).toBe(said.isWellFormed() && !said.includes("\0"));
    if (copy !== null) expect(JSON.parse(copy).a).toBe(said.toWellFormed().replaceAll("\0", ""));
  }
});
