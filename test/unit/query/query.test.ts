import { describe, expect, test } from "bun:test";
import { createQueryReader, isTooLong } from "../../../src/query/search/query.ts";

const read = createQueryReader();
const inTexts = (expression: string) => `{title summary turns} : (${expression})`;

test.each([
  "word",
  "two words",
  '"a phrase"',
  "begin*",
  "one OR two NOT three",
  "NEAR(one two, 5)",
  "title : word",
  "^first",
  "one + two",
])("%s is taken as it is", (query) => {
  expect(read(query)).toBe(inTexts(query));
});

test.each([
  ['"open', '"open"'],
  ["don't", '"don\'t"'],
  ["one) OR (two", '"one)" "OR" "(two"'],
  ["facets : a1", '"facets" "a1"'],
  ["e-mail, please!", '"e-mail," "please!"'],
  ["12.50 €", '"12.50"'],
])("%s is taken as plain words", (query, expression) => {
  expect(read(query)).toBe(inTexts(expression));
});

test.each(["", "!", '""', "👍", "\u0301"])("%p has no word", (query) => {
  expect(read(query)).toBeNull();
});

test.each([
  ["a*", "a "],
  ["be*", "be*"],
  ["hello w *", "hello w "],
  ['"hello w"*', '"hello w" '],
  ["e\u0301*", "e\u0301 "],
  ["5* stars*", "5  stars*"],
])("one letter is no beginning, which nearly everything would have: %s", (query, expression) => {
  expect(read(query)).toBe(inTexts(expression));
});

test("Chinese and Japanese are searched character by character", () => {
  expect(read("上海*")).toBe(inTexts("\u200b上\u200b海\u200b*"));
});

const many = (count: number, word: string, between = " ") =>
  Array.from({ length: count }, () => word).join(between);

describe("a query is too long", () => {
  test.each([
    ["of 65 words", many(65, "word")],
    ["of 65 words between OR", many(33, "word", " OR ")],
    ["of 65 Chinese characters", many(65, "上", "")],
    ["of 65 words between punctuation", many(65, "é", ".")],
    ["of 9 beginnings", many(9, "begin*")],
    ["of 9 beginnings of phrases", many(9, '"two words" *')],
    ["of 9 beginnings without spaces", many(9, "be*", "")],
  ])("%s", (_, query) => {
    expect(isTooLong(query)).toBe(true);
  });
});

describe("a query is not too long", () => {
  test.each([
    ["of 64 words", many(64, "word")],
    ["of 8 beginnings and 56 words", `${many(8, "begin*")} ${many(56, "word")}`],
    ["of combining characters", many(64, "e\u0301\u0301")],
    ["of punctuation", many(500, "*", " ")],
  ])("%s", (_, query) => {
    expect(isTooLong(query)).toBe(false);
  });
});
