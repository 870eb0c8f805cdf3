import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { createLog } from "../../src/platform/log.ts";
import type { ConversationFilter } from "../../src/query/conversation-filter.ts";
import type { ConversationPage } from "../../src/query/conversation-pages.ts";
import type { Argument, Queries, QuestionName } from "../../src/query/port.ts";
import { createPostgresQueries } from "../../src/query/postgres/queries.ts";
import { recordingFiles } from "../../src/store/files/blobs.ts";
import { openTestApp } from "../helpers/app.ts";
import type { TestApp } from "../helpers/app.ts";
import {
  anyConversation,
  CHOSEN_START,
  chosenFilter,
  filterChoices,
} from "../helpers/conversation-filter.ts";
import { audio, eventFixtures, fixture } from "../helpers/deliveries.ts";
import { hasPostgres, sharedPostgres } from "../helpers/postgres.ts";
import { copyToPostgres } from "../helpers/postgres-copy.ts";
import { createRandom } from "../helpers/random.ts";

// The same data in both stores: what they answer is compared, question by question.

const CALLS = 150;
const SAID = [
  "I'd like an appointment on Thursday, please.",
  "Where is my refund? I was appointed a date, and AND nothing came.",
  "Das Café an der Straße: zwei Stück Kuchen, 12,50 €.",
  "我想预订一张去上海的机票。",
  "iPhoneを東京で修理したいです。",
  "أريد حجز موعد في القاهرة",
  "Cafe\u0301 cre\u0300me, an e-mail to someone@example.test",
  'Great 👍🏽 thanks, quotes " and * stars, col:umn (brackets)',
  `the ${"long ".repeat(40)}one, twice the ${"long ".repeat(40)}end`,
];

const choices = { ...filterChoices, agentId: [...filterChoices.agentId, "with\0zero"] };

function call(index: number): string {
  const data = {
    conversation_id: `conv_${index}`,
    agent_id: `agent_${index % 2}`,
    agent_name: `Agent ${index % 5}`,
    status: index % 5 === 0 ? "failed" : "done",
    user_id: index % 3 === 0 ? null : `user_${index % 4}`,
    has_audio: index % 8 < 2,
    transcript: [{ role: "user", message: SAID[index % SAID.length], time_in_call_secs: 1 }],
    analysis: {
      call_successful: index % 4 === 0 ? "failure" : "success",
      call_summary_title: index % 6 === 0 ? "Dentist refund" : null,
      transcript_summary: index % 7 === 0 ? "An <b>appointment</b> was booked." : null,
    },
    metadata: {
      start_time_unix_secs: index % 10 === 9 ? null : CHOSEN_START + index * 7000,
      call_duration_secs: index % 7 === 0 ? null : (index * 7) % 130,
      cost: 10 + index,
      cost_fiat: index % 3 === 0 ? null : 0.25 * index,
      phone_call: {
        direction: index % 3 === 0 ? "inbound" : "outbound",
        external_number: `+44163296000${index % 6}`,
        agent_number: "+441632960100",
      },
    },
  };
  return JSON.stringify({ type: "post_call_transcription", event_timestamp: CHOSEN_START, data });
}

const next = createRandom(11);

const postgres = sharedPostgres();
let app: TestApp;
let queries: Queries;

/** SQLite adds up with a correction: the last digits differ, which no answer shows. */
function rounded(answer: unknown): unknown {
  return JSON.parse(
    JSON.stringify(answer, (name, value) => (name === "costUsd" ? Math.round(value * 1e6) : value)),
  );
}

/** What both answer; it is the same. */
async function both<Name extends QuestionName>(name: Name, argument: Argument<Name>) {
  const [ours, theirs] = await Promise.all([queries.ask(name, argument), app.queries.ask(name, argument)]);
  const isCounted = name === "countByDay";
  expect([name, argument, isCounted ? rounded(ours) : ours]).toEqual([
    name,
    argument,
    isCounted ? rounded(theirs) : theirs,
  ]);
  return ours;
}

/** All pages of a list. */
async function pagesOf(asked: Queries, query: string | null, filter: ConversationFilter, rowsMax: number) {
  const rows = [];
  for (let after: Argument<"listConversations">["after"] = null; ;) {
    const page: ConversationPage = await asked.ask("listConversations", { filter, query, after, rowsMax });
    if (page.kind !== "page") throw new Error("not ready");
    rows.push(...page.rows);
    after = page.next;
    if (after === null) return rows;
  }
}

async function sameList(query: string | null, filter: ConversationFilter = anyConversation, rowsMax = 1000) {
  const ours = await pagesOf(queries, query, filter, rowsMax);
  const theirs = await pagesOf(app.queries, query, filter, rowsMax);
  expect([query, filter, ours]).toEqual([query, filter, theirs]);
  return ours.length;
}

describe.skipIf(!hasPostgres("the queries of Postgres"))("Postgres answers as SQLite does", () => {
  beforeAll(async () => {
    app = await openTestApp();
    for (let index = 0; index < CALLS; index += 1) {
      await app.post(call(index));
      if (index % 4 === 1) await app.post(audio(`conv_${index}`, Buffer.from(`recording ${index}`)));
    }
    for (const name of eventFixtures()) await app.post(fixture(name));
    for (const odd of ["not JSON", '{"type":"new_thing"}', "[1]", Buffer.from([0x7b, 0xff, 0x00, 0x7d])])
      await app.post(odd);
    const databaseUrl = await (await postgres()).createDatabase();
    await copyToPostgres(app.config.databasePath, databaseUrl);
    const log = createLog({ level: "ERROR", format: "text", write: () => {} });
    const recordings = recordingFiles(app.config.recordingsFolder);
    queries = createPostgresQueries({ databaseUrl, recordings, log });
  }, 60_000);
  afterAll(async () => {
    queries.close();
    await app.close();
  });

  test("of events", async () => {
    const any = { type: null, status: null, conversationId: null, rowsMax: 20 };
    const times = { sinceMs: null, untilMs: null, before: null };
    const listed = await both("listEvents", { ...any, ...times });
    const { id, receivedAtMs } = listed[7] ?? { id: 0, receivedAtMs: 0 };
    await both("listEvents", { ...any, ...times, before: { receivedAtMs, id } });
    await both("listEvents", { ...any, ...times, sinceMs: receivedAtMs, untilMs: receivedAtMs + 1 });
    for (const filter of [
      { type: "post_call_audio" },
      { status: "quarantined" as const },
      { conversationId: "conv_5" },
    ]) {
      await both("listEvents", { ...any, ...times, ...filter });
      await both("followEvents", { ...any, ...filter, afterId: 5 });
    }
    await both("followEvents", { ...any, afterId: 0, rowsMax: 1000 });
    const lastId = (await both("listEvents", { ...any, ...times, rowsMax: 1 }))[0]?.id ?? 0;
    for (let event = 1; event <= lastId + 1; event += 1) {
      await both("findEvent", event);
      const payload = await both("findPayload", event);
      if (payload === null) continue;
      for (const from of [0, 3, (payload.byteCount ?? 0) + 1])
        await both("readPayload", { id: event, from, bytesMax: 1000 });
    }
    expect((await both("groupQuarantined", 10)).length).toBeGreaterThan(2);
    await both("groupQuarantined", 1);
  });

  test("of call failures, agents, days and figures", async () => {
    const failures = { agentId: null, since: null, until: null, beforeEventId: null, rowsMax: 3 };
    const [, second] = await both("listCallFailures", failures);
    await both("listCallFailures", { ...failures, beforeEventId: second?.eventId ?? 0 });
    await both("listCallFailures", {
      ...failures,
      agentId: second?.agentId ?? "",
      until: second?.occurredAt ?? 0,
    });
    for (const rowsMax of [1, 2, 10]) {
      await both("listAgents", { since: 0, rowsMax });
      await both("listAgents", { since: CHOSEN_START + 500_000, rowsMax });
      for (const only of [null, "calls", "deliveries"] as const) {
        const stats = {
          sinceMs: CHOSEN_START * 1000,
          untilMs: Date.now() + 60_000,
          agentId: null,
          only,
          rowsMax,
        };
        await both("countByDay", stats);
        await both("countByDay", {
          ...stats,
          agentId: "agent_1",
          sinceMs: stats.sinceMs + 14_000_500,
          rowsMax: 500,
        });
      }
    }
    await both("readFigures", Date.now());
    await both("readFigures", Date.now() + 3_600_000);
  });

  test("of each conversation", async () => {
    const ids = (
      await both("exportConversations", {
        agentId: null,
        since: null,
        until: null,
        afterId: "",
        rowsMax: 500,
      })
    ).rows;
    expect(ids.length).toBeGreaterThan(CALLS);
    for (const { conversationId } of [...ids, { conversationId: "nobody" }, { conversationId: "a\0b" }]) {
      await both("readConversation", conversationId);
      await both("readDetails", conversationId);
      const recording = await both("findRecording", conversationId);
      if (typeof recording?.path === "string")
        await both("measureLoudness", { path: recording.path, byteCount: recording.byteCount ?? 0 });
    }
    for (const rowsMax of [1, 7, 500]) {
      await both("exportConversations", {
        agentId: "agent_1",
        since: CHOSEN_START + 7000,
        until: CHOSEN_START + 700_000,
        afterId: "conv_2",
        rowsMax,
      });
    }
    await both("exportConversations", {
      agentId: null,
      since: null,
      until: null,
      afterId: "conv_99",
      rowsMax: ids.length,
    });
  });

  test("in lists, whatever the filters", async () => {
    let foundCount = 0;
    for (let round = 0; round < 60; round += 1) {
      const filter = chosenFilter(next, choices);
      foundCount += await sameList(round % 3 === 0 ? "appoint* OR the" : null, filter, [1000, 7, 2][next(3)]);
    }
    expect(foundCount).toBeGreaterThan(200);
  });

  test.each([
    "appointment",
    "APPOINTMENT thursday",
    "appointment refund",
    "appoint*",
    "appointment OR refund",
    "appoint* NOT refund",
    '"my refund"',
    '"refund my"',
    "NEAR(like thursday)",
    "NEAR(like thursday, 1)",
    "title: dentist",
    "summary: booked",
    "turns: dentist",
    "- title: refund",
    "{title summary} : refund",
    "title : (refund NOT dentist)",
    "(refund OR thursday) NOT title: dentist",
    "refund NOT (title: dentist AND my)",
    "café",
    "CAFE",
    "cre\u0300me",
    "stuck",
    "strasse",
    "straße",
    "上海",
    "机票",
    "海上",
    "東京",
    "修理 iphone",
    "القاهرة",
    "e-mail",
    '"e-mail to"',
    "^where",
    "^refund",
    "my + refund",
    '"long one"',
    '"the long"',
    '"the long" *',
    "12.50",
    "someone@example.test",
    "appointment NOT NEAR(like thursday, 1)",
    "appointment NOT ^appointment",
    '"" refund',
    'refund AND ""',
    'refund NOT ""',
    '"" OR refund',
    "thanks",
    "the NOT long",
    "(the)",
    "NOT the",
    "AND",
    "a*",
    "th* re*",
  ])("in the search for %s", async (query) => {
    await sameList(query);
  });

  test("in searches, whatever they are made of", async () => {
    const parts = [
      '"',
      "*",
      "(",
      ")",
      "AND",
      "OR",
      "NOT",
      "NEAR(",
      "^",
      ":",
      "title",
      "turns :",
      "{summary title} :",
      "- title :",
      "+",
      ",",
      "5",
    ];
    const words = [
      "refund",
      "appointment",
      "my",
      "the",
      "long",
      "上海",
      "e\u0301",
      "👍",
      "\ud800",
      "'",
      "\\",
      ";",
      "%",
      "\u200b",
      "٣",
      "ﷺ",
      "𝔘",
      "Café",
    ];
    const pieces = [...parts, ...words, ...words, " ", " ", " "];
    let foundCount = 0;
    for (let round = 0; round < 150; round += 1) {
      const query = Array.from({ length: 1 + next(9) }, () => pieces[next(pieces.length)]).join(
        next(2) === 0 ? "" : " ",
      );
      foundCount += await sameList(query.toWellFormed());
    }
    expect(foundCount).toBeGreaterThan(300);
  });
});
