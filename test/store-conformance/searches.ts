import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { ConversationFilter } from "../../src/query/conversation-filter.ts";
import type { ConversationPage, ConversationPosition } from "../../src/query/conversation-pages.ts";
import { markedUp } from "../../src/query/search/text.ts";
import { anyConversation } from "../helpers/conversation-filter.ts";
import { NOW_MS, quarantined, transcription } from "./store.ts";
import type { Open, Opened } from "./store.ts";

const START = NOW_MS / 1000;
const LONG_WORDS = 20_000;
const DISTINCT_BYTES = 2_000_000;

/** What a search finds: the same words, however they are written, in every store. */
export function testSearches(open: Open): void {
  let opened: Opened;
  let count = 0;

  const add = (id: string, message: string, data: Record<string, unknown> = {}) =>
    opened.store.events.add(
      transcription(
        `conv_${id}`,
        { transcript: [{ role: "user", message, time_in_call_secs: 1 }], ...data },
        { receivedAtMs: NOW_MS + (count += 1) * 1000 },
      ),
    );
  const titled = (title: string, summary: string) => ({
    analysis: { call_summary_title: title, transcript_summary: summary },
  });

  async function page(
    query: string | null,
    filter: Partial<ConversationFilter> = {},
    after: ConversationPosition | null = null,
    rowsMax = 50,
  ) {
    const asked = { filter: { ...anyConversation, ...filter }, query, after, rowsMax };
    const found: ConversationPage = await opened.queries.ask("listConversations", asked);
    if (found.kind !== "page") throw new Error("not ready");
    return found;
  }
  const idsOf = ({ rows }: { rows: { conversationId: string }[] }) =>
    rows.map(({ conversationId }) => conversationId.slice("conv_".length));
  const found = async (query: string) => idsOf(await page(query)).toSorted();

  describe("of words", () => {
    beforeAll(async () => {
      opened = await open();
      await add(
        "dentist",
        "I'd like an appointment on Thursday, please.",
        titled("Dentist", "An <b>appointment</b> was booked."),
      );
      await add("refund", "Where is my refund? I was appointed a date, and AND nothing came.");
      await add("cafe", "Das Café an der Straße: zwei Stück Kuchen, 12,50 €.");
      await add("shanghai", "我想预订一张去上海的机票。");
      await add("tokyo", "iPhoneを東京で修理したいです。");
      await add("cairo", "أريد حجز موعد في القاهرة");
      await add("combining", "Cafe\u0301 cre\u0300me for someone@example.test");
      await add(
        "odd",
        "quotes \" and * stars, col:umn (brackets) null\u0000byte \ud800surrogate \\ back'slash",
      );
    });
    afterAll(() => opened.end());

    test.each([
      ["appointment", ["dentist"]],
      ["APPOINTMENT thursday", ["dentist"]],
      ["appointment refund", []],
      ["appoint*", ["dentist", "refund"]],
      ["appointment OR refund", ["dentist", "refund"]],
      ["appoint* NOT refund", ["dentist"]],
      ['appoint* NOT "my refund"', ["dentist"]],
      ['appoint* NOT "refund my"', ["dentist", "refund"]],
      ["appoint* NOT NEAR(where date, 2)", ["dentist", "refund"]],
      ["appoint* NOT ^where", ["dentist"]],
      ['"my refund"', ["refund"]],
      ['"my ref" *', ["refund"]],
      ['"refund my"', []],
      ["my + refund", ["refund"]],
      ["NEAR(like thursday)", ["dentist"]],
      ["NEAR(like thursday, 1)", []],
      ["^where", ["refund"]],
      ["^refund", []],
      ["title: dentist", ["dentist"]],
      ["summary: booked", ["dentist"]],
      ["turns: dentist", []],
      ["- title: appointment", ["dentist"]],
      ["- {summary turns} : appointment", []],
      ["{title summary} : (booked OR refund)", ["dentist"]],
      // No phrase goes on from one text into the next.
      ['"dentist an"', []],
      ["café", ["cafe", "combining"]],
      ["CAFE", ["cafe", "combining"]],
      ["cre\u0300me", ["combining"]],
      ["stuck", ["cafe"]],
      ["strasse", []],
      ["12,50", ["cafe"]],
      ["example", ["combining"]],
      ['"someone@example.test"', ["combining"]],
      ["上海", ["shanghai"]],
      ["海上", []],
      ["東京", ["tokyo"]],
      ["修理 iphone", ["tokyo"]],
      ["القاهرة", ["cairo"]],
      ["brackets", ["odd"]],
      ["back'slash", ["odd"]],
      ['"my refund', ["refund"]],
      ["refund) OR (thursday", []],
      ["AND", ["odd", "refund"]],
      ["facets: refund", []],
      ["'='", []],
      ["a1 | refund & !thursday", []],
      ['"" refund', ["refund"]],
      ['refund AND ""', []],
      ["!!!", []],
      ["*", []],
      [" ", []],
    ])("finds %s", async (query, expected) => {
      expect(await found(query)).toEqual(expected);
    });

    test("shows what was found, and where", async () => {
      const { rows } = await page("appointment");
      const { title, summary, turns } = rows[0]?.snippets ?? { title: "", summary: "", turns: "" };
      expect([title, summary, turns].map(markedUp)).toEqual([
        null,
        "An &lt;b&gt;<mark>appointment</mark>&lt;/b&gt; was booked.",
        "I&#x27;d like an <mark>appointment</mark> on Thursday, please.",
      ]);
      expect(markedUp((await page("上海")).rows[0]?.snippets?.turns ?? "")).toBe(
        "我想预订一张去<mark>上海</mark>的机票。",
      );
      expect((await page(null)).rows.every(({ snippets }) => snippets === null)).toBe(true);
    });

    test("has only what fits the filter too", async () => {
      await add("mine", "about heliotropes", { agent_id: "agent_9", user_id: "user_9" });
      await add("yours", "about heliotropes", { agent_id: "agent_8", user_id: "user_8" });
      expect(idsOf(await page("heliotropes", { agentId: "agent_9" }))).toEqual(["mine"]);
      expect(idsOf(await page("heliotropes", { userId: "user_8" }))).toEqual(["yours"]);
      expect(idsOf(await page("heliotropes", { userId: "user" }))).toEqual([]);
      expect(idsOf(await page(null, { userId: "user_8" }))).toEqual(["yours"]);
    });
  });

  describe("of what changes", () => {
    beforeAll(async () => {
      opened = await open();
    });
    afterAll(() => opened.end());

    test("finds what has arrived a moment ago, in several events", async () => {
      await add("merged", "marigold");
      expect(await found("marigold")).toEqual(["merged"]);
      await opened.store.events.add(
        transcription("conv_merged", titled("Daffodil", ""), { receivedAtMs: NOW_MS + (count += 1) * 1000 }),
      );
      expect(await found("marigold daffodil")).toEqual(["merged"]);
      await add("merged", "hydrangea");
      expect(await found("marigold")).toEqual([]);
      expect(await found("hydrangea daffodil")).toEqual(["merged"]);
    });

    test("has what came late in its place", async () => {
      const late = (id: string, title: string, seconds: number) =>
        opened.store.events.add(
          transcription(id, titled(title, ""), { receivedAtMs: NOW_MS + 1_000_000 + seconds * 1000 }),
        );
      await late("conv_late", "Second", 2);
      await late("conv_late", "First", 1);
      expect(await found("second")).toEqual(["late"]);
      expect(await found("first")).toEqual([]);
    });

    test("finds an event that has been reprocessed", async () => {
      await opened.store.events.add(quarantined("later", { conversationId: "conv_later" }));
      await add("newer", "something newer");
      expect(await found("chrysanthemum")).toEqual([]);
      const events = await opened.queries.ask("followEvents", {
        type: null,
        status: "quarantined",
        conversationId: null,
        rowsMax: 10,
        afterId: 0,
      });
      const record = transcription("conv_later", {
        transcript: [{ role: "user", message: "chrysanthemum" }],
      });
      expect(await opened.store.events.replace(events[0]?.id ?? 0, record)).toBe("replaced");
      expect(await found("chrysanthemum")).toEqual(["later"]);
    });

    test("does not find what was erased, nor what arrives of it", async () => {
      const { eraser } = opened.store.events;
      await add("gone", "quinquereme");
      await add("stays", "quinquereme");
      expect(await found("quinquereme")).toEqual(["gone", "stays"]);
      expect(await eraser.begin("conv_gone", NOW_MS)).toBe(true);
      expect((await eraser.erase(["conv_gone"])).failures).toEqual([]);
      await opened.queries.ask("eraseConversations", ["conv_gone"]);
      let from = await opened.queries.ask("cleanIndex", null);
      while (from !== null) from = await opened.queries.ask("cleanIndex", from);
      await add("gone", "quinquereme again");
      expect(await found("quinquereme")).toEqual(["stays"]);
    });

    test("goes on after a stop", async () => {
      await add("before", "windjammer");
      await opened.reopen();
      await add("after", "windjammer");
      expect(await found("windjammer")).toEqual(["after", "before"]);
    });
  });

  describe("of much", () => {
    beforeAll(async () => {
      opened = await open();
    });
    afterAll(() => opened.end());

    test("finds words and phrases to the end of a long call", async () => {
      const words = Array.from({ length: LONG_WORDS }, (_, index) => `w${index % 3000} the`);
      await add("long", `${words.join(" ")} finally the quick brown fox`, titled("Long", "A long call."));
      for (const query of [
        '"quick brown"',
        "turns: fox",
        'finally NOT "brown quick"',
        "long quick",
        "NEAR(finally fox)",
      ])
        expect([query, await found(query)]).toEqual([query, ["long"]]);
      for (const query of [
        '"brown quick"',
        "title: fox",
        'finally NOT "quick brown"',
        "^fox",
        "NEAR(w1 fox, 5)",
      ])
        expect([query, await found(query)]).toEqual([query, []]);
      expect(markedUp((await page('"quick brown"')).rows[0]?.snippets?.turns ?? "")).toEndWith(
        "finally the <mark>quick brown</mark> fox",
      );
    });

    test("bears two megabytes of different words, and a word of a megabyte", async () => {
      let text = "first of all";
      for (let word = 0; text.length < DISTINCT_BYTES; word += 1) text += ` q${word.toString(36)}`;
      await add("many", text, titled("Thesaurus", "All words."));
      await add("huge", `before ${"x".repeat(1_000_000)} after`, titled("Scream", "One word."));
      expect(await found("thesaurus")).toEqual(["many"]);
      expect(await found('"first of all" q5')).toEqual(["many"]);
      expect(await found("scream before after")).toEqual(["huge"]);
      expect(await found("xxx*")).toEqual(["huge"]);
      expect(await found("xxx")).toEqual([]);
    });

    test("comes in pages, newest first, those without a start last", async () => {
      const at = (seconds: number | null) => ({
        metadata: seconds === null ? {} : { start_time_unix_secs: START + seconds },
      });
      const starts: [string, number | null][] = [
        ["n1", null],
        ["a", 50],
        ["b", 90],
        ["n2", null],
        ["c", 20],
        ["d", 90],
        ["n3", null],
      ];
      for (const [id, seconds] of starts) await add(id, "catamaran", { agent_id: "agent_7", ...at(seconds) });
      const order = ["d", "b", "a", "c", "n3", "n2", "n1"];
      const lists = [
        ["catamaran", {}],
        ["catamaran", { agentId: "agent_7" }],
        [null, { agentId: "agent_7" }],
      ] as const;
      for (const [query, filter] of lists) {
        for (const rowsMax of [1, 2, 3, 4, 50]) {
          const ids: string[] = [];
          let after: ConversationPosition | null = null;
          do {
            const one: ConversationPage & { kind: "page" } = await page(query, filter, after, rowsMax);
            expect(one.rows.length).toBeLessThanOrEqual(rowsMax);
            ids.push(...idsOf(one));
            after = one.next;
          } while (after !== null);
          expect([query, rowsMax, ids]).toEqual([query, rowsMax, order]);
        }
      }
      const details = await Promise.all(order.map((id) => opened.queries.ask("readDetails", `conv_${id}`)));
      const neighbours = details.map((one) => one?.older?.slice("conv_".length));
      // Others of this store may stand between.
      expect(neighbours.slice(0, 1)).toEqual(["b"]);
      expect(neighbours.slice(4, 6)).toEqual(["n2", "n1"]);
    });

    test("of a cursor that somebody made up finds nothing, or goes on from there", async () => {
      for (const after of [
        { by: "index", id: 5 },
        { by: "index", id: Number.MAX_SAFE_INTEGER },
        { by: "start", startedAt: null, rowid: 0 },
        { by: "start", startedAt: -1, rowid: -1 },
      ] as const) {
        expect((await page("nowhere", {}, after)).rows).toEqual([]);
        expect((await page(null, {}, after)).kind).toBe("page");
      }
    });
  });
}
