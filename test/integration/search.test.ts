import { Database } from "bun:sqlite";
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { openTestApp } from "../helpers/app.ts";
import type { TestApp } from "../helpers/app.ts";
import { json, otel } from "../helpers/conversation-events.ts";
import { fixture, transcription } from "../helpers/deliveries.ts";
import { createRandom } from "../helpers/random.ts";

const TOKEN = "0123456789abcdef0123456789abcdef";

type Snippets = { title: string | null; summary: string | null; turns: string | null };
type Page = {
  conversations: { conversation_id: string; snippets: Snippets; matches: Record<string, unknown> | null }[];
  next_cursor: string | null;
};

let receiver: TestApp;

const ask = (q: string, more = "") => receiver.ask<Page>(`/conversations?q=${encodeURIComponent(q)}${more}`);

async function found(q: string, more = ""): Promise<string[]> {
  const { status, answer } = await ask(q, more);
  expect(status).toBe(200);
  return answer.conversations.map(({ conversation_id: id }) => id.slice("conv_".length)).toSorted();
}

const said = (id: string, message: string, more = {}) =>
  transcription(`conv_${id}`, { transcript: [{ role: "user", message, time_in_call_secs: 3 }], ...more });

beforeAll(async () => {
  receiver = await openTestApp({ config: { apiTokens: [TOKEN] } });
  const bodies = [
    said("dentist", "I'd like an appointment on Thursday, please.", {
      analysis: { call_summary_title: "Dentist", transcript_summary: "An <b>appointment</b> was booked." },
    }),
    said("refund", "Where is my refund? I was appointed a date, and AND nothing came."),
    said("cafe", "Das Café an der Straße: zwei Stück Kuchen, 12,50 €."),
    said("shanghai", "我想预订一张去上海的机票。"),
    said("tokyo", "iPhoneを東京で修理したいです。"),
    said("cairo", "أريد حجز موعد في القاهرة"),
    said("combining", "Cafe\u0301 cre\u0300me"),
    said("emoji", "Great 👍🏽 thanks"),
    said("odd", 'quotes " and * stars, col:umn (brackets) null\u0000byte'),
  ];
  for (const body of bodies) expect((await receiver.post(body)).status).toBe(200);
});
afterAll(() => receiver.close());

describe("a search finds", () => {
  test.each([
    ["appointment", ["dentist"]],
    ["APPOINTMENT thursday", ["dentist"]],
    ["appointment refund", []],
    ["appoint*", ["dentist", "refund"]],
    ["appointment OR refund", ["dentist", "refund"]],
    ["appoint* NOT refund", ["dentist"]],
    ['"my refund"', ["refund"]],
    ['"refund my"', []],
    ["NEAR(like thursday)", ["dentist"]],
    ["title: dentist", ["dentist"]],
    ["summary: booked", ["dentist"]],
    ["turns: dentist", []],
    ["café", ["cafe", "combining"]],
    ["CAFE", ["cafe", "combining"]],
    ["cre\u0300me", ["combining"]],
    ["stuck", ["cafe"]],
    ["上海", ["shanghai"]],
    ["机票", ["shanghai"]],
    ["海上", []],
    ["東京", ["tokyo"]],
    ["iphone", ["tokyo"]],
    ["修理 iphone", ["tokyo"]],
    ["القاهرة", ["cairo"]],
    ["thanks", ["emoji"]],
  ])("%s", async (q, expected) => {
    expect(await found(q)).toEqual(expected);
  });

  test("what has arrived a moment ago", async () => {
    for (let round = 0; round < 20; round += 1) {
      await receiver.post(said(`moment${round}`, `Something about heliotrope${round}`));
      expect(await found(`heliotrope${round}`)).toEqual([`moment${round}`]);
    }
  });

  test("a conversation whose texts come with several events", async () => {
    await receiver.post(json(0, { transcript: [{ role: "user", message: "marigold" }] }, "conv_merged"));
    expect(await found("marigold")).toEqual(["merged"]);
    await receiver.post(json(1, { analysis: { call_summary_title: "Daffodil" } }, "conv_merged"));
    expect(await found("marigold daffodil")).toEqual(["merged"]);
    await receiver.post(json(2, { transcript: [{ role: "user", message: "hydrangea" }] }, "conv_merged"));
    expect(await found("marigold")).toEqual([]);
    expect(await found("hydrangea daffodil")).toEqual(["merged"]);
  });

  test("what the OpenTelemetry form says", async () => {
    await receiver.post(otel(0, {}, ["chrysanthemum"], "conv_otel"));
    expect(await found("chrysanthemum")).toEqual(["otel"]);
  });
});

test("a search with 200 beginnings is refused, and says why", async () => {
  const q = Array.from({ length: 200 }, (_, index) => `a${index}*`).join(" OR ");
  expect(await ask(q.slice(0, 1000))).toMatchObject({
    status: 400,
    answer: {
      error: "Invalid parameter: q must be at most 64 words, 8 of them beginnings (appoint*)",
      code: "invalid_parameter",
    },
  });
});

describe("a snippet", () => {
  test("marks what was found, where it was found, as HTML", async () => {
    const { conversations } = (await ask("appointment")).answer;
    expect(conversations[0]?.snippets).toEqual({
      title: null,
      summary: "An &lt;b&gt;<mark>appointment</mark>&lt;/b&gt; was booked.",
      turns: "I&#x27;d like an <mark>appointment</mark> on Thursday, please.",
    });
  });

  test("is there as plain text in parts, too", async () => {
    const { conversations } = (await ask("appointment")).answer;
    expect(conversations[0]?.matches).toEqual({
      title: null,
      summary: [
        { text: "An <b>", is_match: false },
        { text: "appointment", is_match: true },
        { text: "</b> was booked.", is_match: false },
      ],
      turns: [
        { text: "I'd like an ", is_match: false },
        { text: "appointment", is_match: true },
        { text: " on Thursday, please.", is_match: false },
      ],
    });
    const { answer } = await receiver.ask<Page>("/conversations");
    expect(answer.conversations.map(({ matches }) => matches)).toEqual(answer.conversations.map(() => null));
  });

  test("shows Chinese as it was written", async () => {
    const { conversations } = (await ask("上海")).answer;
    expect(conversations[0]?.snippets.turns).toBe("我想预订一张去<mark>上海</mark>的机票。");
  });
});

describe("a query that FTS5 can't read is searched as plain words:", () => {
  test.each([
    ['"my refund', ["refund"]],
    ["refund)", ["refund"]],
    ["refund) OR (thursday", []],
    ["AND", ["odd", "refund"]],
    ["refund AND", ["refund"]],
    ["nothing: came", ["refund"]],
    ["I'd like", ["dentist"]],
    ["NEAR(", []],
    ["refund -nothing", ["refund"]],
    ["*refund", ["refund"]],
    ["where^ refund?", ["refund"]],
    ["col:umn", ["odd"]],
    ["facets: refund", []],
    ["{title} : {", []],
    ["12,50", ["cafe"]],
    ["-- refund; DROP TABLE texts", []],
  ])("%s", async (q, expected) => {
    expect(await found(q)).toEqual(expected);
  });

  test.each(["!!!", '"', '""', "*", "^", "👍", "\u0301", " ", "()", ":", "+-", '"" ""', "\ufffd"])(
    "one without a word finds nothing: %p",
    async (q) => {
      expect(await found(q)).toEqual([]);
    },
  );

  test("whatever it is made of", async () => {
    const parts = [
      '"',
      "*",
      "(",
      ")",
      "AND",
      "OR",
      "NOT",
      "NEAR",
      "^",
      ":",
      "title",
      "facets",
      "{",
      "}",
      "+",
      "-",
      ",",
    ];
    const words = ["refund", "上海", "e\u0301", "👍", "\ud800", "'", "\\", ";", "%", "\u200b", "٣", "ﷺ", "𝔘"];
    const pieces = [...parts, ...words, " ", " ", " "];
    const next = createRandom(7);
    for (let round = 0; round < 400; round += 1) {
      const q = Array.from({ length: 1 + next(12) }, () => pieces[next(pieces.length)]).join("");
      const { status } = await receiver.ask(`/conversations?q=${encodeURIComponent(q.toWellFormed())}`);
      expect([q, status]).toEqual([q, 200]);
    }
    for (const q of [
      "a".repeat(1024),
      "a ".repeat(64),
      "a* ".repeat(8),
      "(".repeat(512),
      "a OR ".repeat(32),
    ]) {
      expect((await ask(q)).status).toBe(200);
    }
  });

  test.each([
    ["too long", "x".repeat(10_240)],
    ["with NUL", "a\0b"],
    ["empty", ""],
  ])("but is refused where it is %s", async (_, q) => {
    expect(await ask(q)).toMatchObject({ status: 400, answer: { code: "invalid_parameter" } });
  });
});

test("without a place for the index, lists are answered and searches are not", async () => {
  const app = await openTestApp({ config: { apiTokens: [TOKEN] } });
  mkdirSync(`${app.config.databasePath}.search`);
  await app.post(said("one", "hello"));
  expect((await app.ask<Page>("/conversations")).answer.conversations).toHaveLength(1);
  expect((await app.ask<Page>("/conversations?agent_id=agent_1")).answer.conversations).toHaveLength(1);
  expect(await app.ask("/conversations?q=hello")).toMatchObject({
    status: 500,
    answer: { code: "storage_failed" },
  });
  await app.close();
});

test("a search finds only what fits the filters too", async () => {
  await receiver.post(fixture("transcription_full_twilio_outbound.json"));
  const agent = "agent_2601kfx0demo0synthetic0aaaa";
  expect(await found("practice", `&agent_id=${agent}&direction=outbound`)).toHaveLength(1);
  expect(await found("practice", "&agent_id=agent_1")).toEqual([]);
  expect(await found("practice", "&direction=inbound")).toEqual([]);
  expect(await found("practice", "&has_recording=true")).toEqual([]);
});

test("what was erased is found no more, and has left no word in any file", async () => {
  await receiver.post(said("erased", "about quinquereme"));
  expect(await found("quinquereme")).toEqual(["erased"]);
  const files = () => readdirSync(receiver.folder).filter((name) => name.startsWith("transcripts.sqlite"));
  const traces = () =>
    files().filter((name) => readFileSync(join(receiver.folder, name)).includes("quinquereme"));
  expect(traces()).not.toBeEmpty();
  const headers = { authorization: `Bearer ${TOKEN}` };
  const response = await receiver.handle("/conversations/conv_erased", { method: "DELETE", headers });
  expect(response.status).toBe(200);
  expect(await found("quinquereme")).toEqual([]);
  expect(traces()).toEqual([]);
});

test("a search that would miss something is asked to come again", async () => {
  const index = new Database(`${receiver.config.databasePath}.search`);
  index.run("BEGIN IMMEDIATE");
  await receiver.post(said("later", "about catamarans"));
  const { status, headers, answer } = await ask("catamarans");
  expect([status, headers.get("retry-after")]).toEqual([503, "10"]);
  expect(answer).toMatchObject({ code: "search_not_ready" });
  expect((await receiver.ask<Page>("/conversations?agent_id=agent_1")).answer.conversations).not.toBeEmpty();
  index.run("ROLLBACK");
  index.close();
  expect(await found("catamarans")).toEqual(["later"]);
});

test("many can be erased at once", async () => {
  const ids = Array.from({ length: 40 }, (_, index) => `many${index}`);
  for (const id of ids) await receiver.post(said(id, `about windjammers ${id}`));
  expect(await found("windjammers")).toHaveLength(40);
  const conversationIds = ids.slice(0, 39).map((id) => `conv_${id}`);
  await receiver.erase.eraseOld(conversationIds, Infinity);
  await receiver.erase.finish();
  expect(await found("windjammers")).toEqual(["many39"]);
  expect(readFileSync(`${receiver.config.databasePath}.search`).includes("many38")).toBe(false);
});

test("an index of before the API was turned off goes whole when something is erased", async () => {
  const open = await openTestApp({ config: { apiTokens: [TOKEN] } });
  await open.post(said("one", "about catamarans"));
  await open.ask("/conversations?q=catamarans");
  const index = `${open.config.databasePath}.search`;
  await open.close({ keepFolder: true });
  expect(existsSync(index)).toBe(true);

  const closed = await openTestApp({ folder: open.folder });
  await closed.erase.eraseOne("conv_one");
  expect(existsSync(index)).toBe(false);
  await closed.close();
});
