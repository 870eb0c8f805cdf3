import { expect, test } from "bun:test";
import { markedUp, MATCH_END, MATCH_START, segmentsOf } from "../../../src/query/search/text.ts";

const matched = (text: string) => text.replaceAll("[", MATCH_START).replaceAll("]", MATCH_END);
const asText = (text: string) =>
  segmentsOf(matched(text))
    ?.map((segment) => (segment.isMatch ? `[${segment.text}]` : segment.text))
    .join("") ?? null;

test.each([
  "a [match] in it",
  "[at the beginning]",
  "at the [end]",
  "[two] of [them]",
  "[side][by side]",
  "<b>[<i>]&amp;</b>",
])("the parts of %p are the text as it is", (text) => {
  expect(asText(text)).toBe(text);
});

test("without a match there are none", () => {
  expect(segmentsOf("nothing was found here")).toBeNull();
  expect(segmentsOf("")).toBeNull();
});

test("the breaks between characters of Chinese and Japanese are not shown", () => {
  expect(segmentsOf(matched("\u200b[予\u200b約]\u200bを"))).toEqual([
    { text: "予約", isMatch: true },
    { text: "を", isMatch: false },
  ]);
});

test("HTML says the same", () => {
  const html = segmentsOf(matched("<b>[one]</b>"))?.map(({ text, isMatch }) =>
    isMatch ? `<mark>${Bun.escapeHTML(text)}</mark>` : Bun.escapeHTML(text),
  );
  expect(html?.join("")).toBe(markedUp(matched("<b>[one]</b>")) ?? "");
});
