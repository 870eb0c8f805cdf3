import { Database } from "bun:sqlite";
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { openTestApp } from "../helpers/app.ts";
import type { TestApp } from "../helpers/app.ts";
import { audio } from "../helpers/deliveries.ts";

const TOKEN = "0123456789abcdef0123456789abcdef";
const START = 1_793_620_800;

type Listed = { conversation_id: string } & Record<string, unknown>;
type Page = { conversations: Listed[]; next_cursor: string | null };

let receiver: TestApp;

const list = (query = "") => receiver.ask<Page>(`/conversations${query}`);
const ids = async (query = "") =>
  (await list(query)).answer.conversations.map(({ conversation_id: id }) => id.slice("conv_".length));

/** A call that began so many seconds after the first; null where its start is not known. */
function call(id: string, seconds: number | null, more: Record<string, unknown> = {}): string {
  const { metadata, ...data } = more;
  const start = seconds === null ? {} : { start_time_unix_secs: START + seconds };
  return JSON.stringify({
    type: "post_call_transcription",
    event_timestamp: START,
    data: {
      conversation_id: `conv_${id}`,
      agent_id: "agent_1",
      transcript: [{ role: "user", message: "Hello", time_in_call_secs: 0 }],
      ...data,
      metadata: { ...start, ...Object(metadata) },
    },
  });
}

const phone = (direction: string, external_number: string, agent_number = "+441632960100") => ({
  phone_call: { direction, external_number, agent_number, type: "twilio" },
});

beforeAll(async () => {
  receiver = await openTestApp({ config: { apiTokens: [TOKEN] } });
  const calls = [
    call("a", 0, { agent_id: "agent_2", user_id: "user_1", status: "failed", has_audio: true }),
    call("c", 20, {
      metadata: { call_duration_secs: 60, ...phone("outbound", "+441632960055") },
      analysis: { call_successful: "success" },
    }),
    // Arrives late, and at the same second as another.
    call("b", 20, {
      metadata: { call_duration_secs: 600, ...phone("inbound", "+441632960066") },
      analysis: { call_successful: "failure" },
    }),
    call("d", 30, {
      transcript: [
        {
          role: "agent",
          tool_results: [{ tool_name: "voicemail_detection", is_error: false }],
        },
      ],
    }),
    call("unknown", null),
    audio("conv_c", Buffer.from("recording"), START),
    audio("conv_only_audio", Buffer.from("another"), START),
  ];
  for (const body of calls) expect((await receiver.post(body)).status).toBe(200);
});
afterAll(() => receiver.close());

const ALL = ["d", "b", "c", "a", "only_audio", "unknown"];

describe("GET /conversations", () => {
  test("lists the last to begin first, and those without a beginning last", async () => {
    expect(await ids()).toEqual(ALL);
  });

  test("gives all columns, with moments in words", async () => {
    const { conversations } = (await list("?number=%2B441632960055")).answer;
    expect(conversations).toMatchObject([
      {
        conversation_id: "conv_c",
        agent_id: "agent_1",
        started_at: "2026-11-02T12:00:20Z",
        duration_secs: 60,
        direction: "outbound",
        voicemail: null,
        audio_bytes: 9,
        audio_url: "/conversations/conv_c/audio",
        transcript_url: "/conversations/conv_c/transcript",
        snippets: null,
      },
    ]);
    const columns = receiver.rows<{ name: string }>("SELECT name FROM pragma_table_info('conversations')");
    expect(columns.filter(({ name }) => !(name in (conversations[0] ?? {})))).toBeEmpty();
  });

  test.each([
    ["agent_id=agent_2", ["a"]],
    ["status=failed", ["a"]],
    ["user_id=user_1", ["a"]],
    ["user_id=user", []],
    ["call_successful=success", ["c"]],
    ["direction=inbound", ["b"]],
    ["number=%2B441632960055", ["c"]],
    // A plus that nobody has encoded.
    ["number=+441632960055", ["c"]],
    ["number=%2B441632960100", ["b", "c"]],
    ["has_recording=true", ["c", "only_audio"]],
    ["has_recording=false", ["d", "b", "a", "unknown"]],
    ["voicemail=true", ["d"]],
    ["voicemail=false", []],
    ["min_duration_secs=61", ["b"]],
    ["min_duration_secs=60", ["b", "c"]],
    ["max_duration_secs=599", ["c"]],
    ["min_duration_secs=60&max_duration_secs=60", ["c"]],
    ["min_duration_secs=600&max_duration_secs=60", []],
    ["since=2026-11-02T12:00:20Z", ["d", "b", "c"]],
    ["until=2026-11-02T12:00:20Z", ["a"]],
    ["since=2026-11-02T12:00:01Z&until=2026-11-02T12:00:30Z", ["b", "c"]],
    ["agent_id=agent_1&until=2026-11-02T12:00:30Z", ["b", "c"]],
    ["agent_id=agent_1&direction=inbound&has_recording=true", []],
  ])("takes only those with %s", async (query, expected) => {
    expect(await ids(`?${query}`)).toEqual(expected);
  });

  test.each(["", "&agent_id=agent_1", "&has_recording=false", "&since=2026-11-02T12:00:00Z", "&q=hello"])(
    "goes on where a page ended%s",
    async (filter) => {
      const whole = await ids(`?limit=200${filter}`);
      expect(whole.length).toBeGreaterThan(2);
      for (const limit of [1, 2, 3]) {
        const pages: string[] = [];
        for (let cursor: string | null = ""; cursor !== null;) {
          const page: Page = (await list(`?limit=${limit}${filter}${cursor && `&cursor=${cursor}`}`)).answer;
          expect(page.conversations.length).toBeLessThanOrEqual(limit);
          pages.push(...page.conversations.map(({ conversation_id: id }) => id.slice("conv_".length)));
          cursor = page.next_cursor;
        }
        expect(pages).toEqual(whole);
      }
    },
  );

  test.each([
    ["a list", "", "newest_1"],
    ["a filtered list", "&agent_id=agent_1", "newest_2"],
    ["a search", "&q=hello", "newest_3"],
  ])("the pages of %s are not shifted by what arrives in between", async (_, filter, newest) => {
    const before = await ids(`?limit=4${filter}`);
    const { next_cursor: cursor } = (await list(`?limit=2${filter}`)).answer;
    await receiver.post(call(newest, 100));
    expect(await ids(`?limit=200${filter}`)).toContain(newest);
    expect(await ids(`?limit=2${filter}&cursor=${cursor}`)).toEqual(before.slice(2));
  });

  test.each([
    ["of another list", async () => (await list("?limit=1")).answer.next_cursor, "agent_id=agent_1"],
    ["of another query", async () => (await list("?limit=1&q=hello")).answer.next_cursor, "q=goodbye"],
    ["that somebody made up", async () => "eyJhIjoxfQ", "limit=1"],
  ])("refuses a cursor %s", async (_, makeCursor, query) => {
    const cursor = await makeCursor();
    expect(cursor).toBeString();
    expect(await list(`?${query}&cursor=${cursor}`)).toMatchObject({
      status: 400,
      answer: { error: "Invalid parameter: cursor is not of this list", code: "invalid_parameter" },
    });
  });

  test.each([
    "limit=0",
    "limit=-1",
    "limit=201",
    "limit=1e9",
    "until=yesterday",
    "direction=sideways",
    "has_recording=1",
    "min_duration_secs=-1",
    "agent_id=%00",
    `agent_id=${"x".repeat(10_240)}`,
    "nonsense=1",
    "limit=1&limit=2",
  ])("refuses %.40s", async (query) => {
    expect(await list(`?${query}`)).toMatchObject({ status: 400, answer: { code: "invalid_parameter" } });
  });

  test("tells a recording that was announced from one that is stored here", async () => {
    const { conversations } = (await list("?limit=200")).answer;
    const marks = Object.fromEntries(
      conversations.map((row) => [row.conversation_id, [row.has_audio, row.has_recording]]),
    );
    expect(marks).toMatchObject({
      conv_a: [true, false],
      conv_c: [null, true],
      conv_b: [null, false],
      conv_only_audio: [null, true],
    });
  });

  test("names the filter that has_audio was", async () => {
    expect(await list("?has_audio=true&limit=1")).toMatchObject({
      status: 400,
      answer: { error: "Invalid parameter: has_audio is called has_recording", code: "invalid_parameter" },
    });
  });

  test("asks for the token", async () => {
    expect((await receiver.ask("/conversations", "x".repeat(32))).status).toBe(401);
  });

  test.each(["POST", "PUT", "PATCH", "DELETE"])("has no %s", async (method) => {
    const headers = { authorization: `Bearer ${TOKEN}` };
    const response = await receiver.handle("/conversations", { method, headers });
    expect(response.status).toBe(405);
    expect(response.headers.get("allow")).toBe("GET, HEAD");
  });
});

describe("a time that no calendar has", () => {
  const ABSURD_NANO = "1793620800000000000000000";
  let other: TestApp;

  beforeAll(async () => {
    other = await openTestApp({ config: { apiTokens: [TOKEN] } });
    const span = { name: "elevenlabs.conversation", startTimeUnixNano: ABSURD_NANO };
    const said = { name: "elevenlabs.recv.user_transcript", startTimeUnixNano: ABSURD_NANO };
    const otlp_traces = { resourceSpans: [{ scopeSpans: [{ spans: [span, said] }] }] };
    const data = { conversation_id: "conv_otel", otlp_traces };
    await other.post(JSON.stringify({ type: "post_call_transcription_otel", data }));
    await other.post(call("other", 10));
    // As earlier versions stored it.
    await other.post(call("old", 20));
    await other.post(
      JSON.stringify({
        type: "call_initiation_failure",
        data: { conversation_id: "conv_failed", failure_reason: "busy" },
      }),
    );
    const database = new Database(other.config.databasePath);
    database.run("UPDATE conversations SET started_at = 1793620800000000 WHERE conversation_id = 'conv_old'");
    database.run("UPDATE call_failures SET occurred_at = -1793620800000000");
    database.run("UPDATE events SET event_timestamp = 9000000000000000 WHERE conversation_id = 'conv_old'");
    database.close();
  });
  afterAll(() => other.close());

  test("is none when it is read", () => {
    expect(other.rows("SELECT started_at FROM conversations WHERE conversation_id = 'conv_otel'")).toEqual([
      { started_at: null },
    ]);
  });

  test.each([
    "/conversations",
    "/conversations?agent_id=agent_1",
    "/conversations?q=hello",
    "/conversations/conv_old",
    "/conversations/conv_otel",
    "/call-failures",
    "/events",
    "/stats",
  ])("does not keep %s from an answer", async (path) => {
    expect((await other.ask(path)).status).toBe(200);
  });

  test("is shown as not known, page by page", async () => {
    const shown: unknown[] = [];
    let cursor: string | null = "";
    while (cursor !== null) {
      const more: string = cursor === "" ? "" : `&cursor=${cursor}`;
      const page: Page = (await other.ask<Page>(`/conversations?limit=1${more}`)).answer;
      shown.push(...page.conversations.map((row) => [row.conversation_id, row.started_at]));
      cursor = page.next_cursor;
    }
    expect(shown).toEqual([
      ["conv_old", null],
      ["conv_other", "2026-11-02T12:00:10Z"],
      ["conv_otel", null],
    ]);
  });
});

test("a list by filters misses nothing though conversations change meanwhile", async () => {
  const COUNT = 240;
  const other = await openTestApp({ config: { apiTokens: [TOKEN] } });
  const names = Array.from({ length: COUNT }, (_, index) => `n${index}`);
  // Many of them begin within the same second.
  const startOf = (index: number) => Math.floor(index / 60);
  await Promise.all(names.map((name, index) => other.post(call(name, startOf(index)))));
  const seen: string[] = [];
  let more = "";
  for (let page = 0; page < COUNT; page += 1) {
    const { answer } = await other.ask<Page>(`/conversations?agent_id=agent_1&limit=10${more}`);
    seen.push(...answer.conversations.map(({ conversation_id: id }) => id.slice("conv_".length)));
    if (answer.next_cursor === null) break;
    more = `&cursor=${answer.next_cursor}`;
    const changed = names.filter((_, index) => index % 5 === page % 5);
    await Promise.all(
      changed.map((name) =>
        other.post(
          call(name, startOf(names.indexOf(name)), { analysis: { call_summary_title: `Page ${page}` } }),
        ),
      ),
    );
    // A list waits for nothing, a search does.
    await other.ask(`/conversations?q=page`);
  }
  expect(seen.toSorted()).toEqual(names.toSorted());
  await other.close();
});
