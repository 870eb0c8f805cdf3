import { expect, test } from "bun:test";
import { anyConversation } from "../../helpers/conversation-filter.ts";
import { createRandom } from "../../helpers/random.ts";
import { noFacts } from "../../../src/model/conversation.ts";
import { createMatcher } from "../../../src/query/postgres/matcher.ts";
import { tsqueryOf } from "../../../src/query/postgres/tsquery.ts";
import { facetQueries, vectorOf } from "../../../src/query/postgres/words.ts";

const { wordsOf, match, isJson } = createMatcher();
const texts = (turns: string) => ({ title: "", summary: "", turns });
const row = {
  ...noFacts,
  conversationId: "conv_1",
  eventId: 1,
  audioPath: null,
  audioBytes: null,
  audioSha256: null,
  audioReceivedAtMs: null,
  updatedAtMs: 0,
};

test.each([
  ["Word", "('word')"],
  ["two words", "(('two') & ('words'))"],
  ["one OR two NOT three", "(('one') | (('two') & !('three')))"],
  ["one two NOT three", "((('one') & ('two')) & !('three'))"],
  ["(one OR two) AND Café", "((('one') | ('two')) & ('cafe'))"],
  ["begin*", "('begin':*)"],
  // Where not all places are known, only that the words are there.
  ['"a phrase"', "(('a' <-> 'phrase') | ('=' & ('a' & 'phrase')))"],
  ['"e-mail" *', "(('e' <-> 'mail':*) | ('=' & ('e' & 'mail':*)))"],
  ["one + two", "(('one' <-> 'two') | ('=' & ('one' & 'two')))"],
  ["title: word", "(('word':A) | ('=' & ('word')))"],
  ["- title : word*", "(('word':*BC) | ('=' & ('word':*)))"],
  ["{summary turns} : (one title : two)", "(('one':BC) | ('=' & ('one')))"],
  // What Postgres can't say is said less strictly, or not at all.
  ["NEAR(one two, 5)", "(('one') & ('two'))"],
  ["^first", "('first')"],
  ["one NOT NEAR(two three)", "('one')"],
  ["one NOT ^two", "('one')"],
  ['one NOT "two three"', "((('one') & !('two' <-> 'three')) | ('=' & ('one')))"],
  [
    "one NOT (two NOT title: three)",
    "((('one') & !(('two') & !('three':A))) | ('=' & (('one') & !(('two') & !('three')))))",
  ],
  ['"" one', "('one')"],
  ['""', null],
])("%s is asked of Postgres as %s", (query, expected) => {
  expect(tsqueryOf(`{title summary turns} : (${query})`, wordsOf)).toBe(expected);
});

test("whatever is asked, the translation ends", () => {
  const parts = [
    "one",
    '"two',
    "(",
    ")",
    "{",
    "}",
    ":",
    "-",
    "^",
    "+",
    "*",
    ",",
    "AND",
    "NOT",
    "NEAR",
    "title",
  ];
  const next = createRandom(7);
  for (let round = 0; round < 2_000; round += 1) {
    const query = Array.from({ length: 1 + (round % 9) }, () => parts[next(parts.length)]).join(" ");
    expect(() => tsqueryOf(query, wordsOf)).not.toThrow();
  }
});

test("a conversation's words have their places, and its filters a sign that no word has", () => {
  const said = { title: "One two", summary: "two, 上\u200b海!", turns: "Two two É" };
  expect(vectorOf({ ...row, durationSecs: 60 }, said, wordsOf)).toBe(
    "'=l6' 'one':1A 'two':2A,4B,8C,9C '上':5B '海':6B 'e':10C",
  );
  expect(facetQueries({ ...anyConversation, durationSecsMin: 60, durationSecsMax: 70 })).toEqual([
    "('=l6' | '=l7')",
  ]);
});

test("more than a tsvector holds is cut, and said", () => {
  const many = vectorOf(
    row,
    texts(Array.from({ length: 300_000 }, (_, index) => `q${index}`).join(" ")),
    wordsOf,
  );
  expect(Buffer.byteLength(many)).toBeLessThan(2 * 1024 * 1024);
  expect(many).toEndWith(" '='");
  expect(vectorOf(row, texts("the ".repeat(300)), wordsOf)).toMatch(/^'the':3C,(\d+C,){253}257C '='$/);
  expect(vectorOf(row, texts("x".repeat(5000)), wordsOf)).toBe(`'${"x".repeat(500)}':3C`);
});

test("words, matches and JSON are as SQLite sees them", () => {
  expect(wordsOf("It's CAFE\u0301, naïve_x 12,50 \ud800 👍 ﷺ")).toEqual([
    "it",
    "s",
    "cafe",
    "naive",
    "x",
    "12",
    "50",
    "ﷺ",
  ]);
  expect(wordsOf(`${"ü".repeat(200)} ü`)).toEqual(["u".repeat(200), "u"]);
  expect(match("hello", texts("hello there"))?.turns).toContain("hello");
  expect(match("there", texts("hello"))).toBeNull();
  expect(isJson(Buffer.from("[1]"))).toBe(true);
  expect(isJson(Buffer.from("{"))).toBe(false);
});
