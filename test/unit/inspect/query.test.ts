import { expect, test } from "bun:test";
import { createQueryReader } from "../../../src/inspect/search/query.ts";

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
