import { Database } from "bun:sqlite";
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { QueriesBusyError } from "../../src/query/asking.ts";
import { csvCell } from "../../src/http/api/export.ts";
import { openTestApp } from "../helpers/app.ts";
import type { TestApp } from "../helpers/app.ts";
import { audio, fixture, transcription } from "../helpers/deliveries.ts";

const TOKEN = "0123456789abcdef0123456789abcdef";
const NOON = Date.UTC(2026, 10, 2, 12) / 1000;

let receiver: TestApp;

const headers = { authorization: `Bearer ${TOKEN}` };
const get = (query = "") => receiver.handle(`/export${query}`, { headers });

async function exported(query = ""): Promise<Record<string, unknown>[]> {
  const text = await (await get(query)).text();
  return text
    .split("\n")
    .slice(0, -1)
    .map((line) => JSON.parse(line));
}

const idsOf = async (query = "") => (await exported(query)).map((row) => row.conversation_id);

const call = (id: string, agentId: string, startedAt: number, title = "A call") =>
  transcription(id, {
    agent_id: agentId,
    metadata: { start_time_unix_secs: startedAt, call_duration_secs: 60 },
    analysis: { call_summary_title: title },
  });

beforeAll(async () => {
  receiver = await openTestApp({ config: { apiTokens: [TOKEN] } });
  await receiver.post(call("conv_b", "agent_1", NOON, '=HYPERLINK("http://x.example","Hello, you")'));
  await receiver.post(call("conv_a", "agent_2", NOON + 60, "two\nlines, ü"));
  await receiver.post(audio("conv_c", Buffer.from("mp3")));
  await receiver.post(fixture("transcription_full_twilio_outbound.json"));
});
afterAll(() => receiver.close());

describe("as NDJSON", () => {
  test("is an object a line, in the order of the ids", async () => {
    const response = await get();
    expect(response.headers.get("content-type")).toBe("application/x-ndjson");
    expect(response.headers.get("content-disposition")).toBe('attachment; filename="conversations.ndjson"');
    const rows = await exported("?format=ndjson");
    expect(rows.map((row) => row.conversation_id)).toEqual([
      expect.stringMatching(/^conv_\d/),
      "conv_a",
      "conv_b",
      "conv_c",
    ]);
    expect(rows[1]).toMatchObject({
      agent_id: "agent_2",
      started_at: "2026-11-02T12:01:00Z",
      duration_secs: 60,
      title: "two\nlines, ü",
      voicemail: null,
      audio_path: null,
    });
    expect(rows[3]).toMatchObject({ started_at: null, audio_bytes: 3, audio_path: "2026/11/02/conv_c.mp3" });
  });

  test("has the columns of the table", async () => {
    const [row = {}] = await exported();
    const columns = receiver.rows<{ name: string }>("SELECT name FROM pragma_table_info('conversations')");
    expect(Object.keys(row)).toEqual(columns.map(({ name }) => name));
  });

  test("takes only those of an agent and a range of time", async () => {
    expect(await idsOf("?agent_id=agent_1")).toEqual(["conv_b", "conv_c"]);
    expect(await idsOf("?since=2026-11-02T12:00:00Z&until=2026-11-02T12:01:00Z")).toEqual(
      expect.arrayContaining(["conv_b"]),
    );
    expect(await idsOf("?since=2026-11-02T12:01:00Z&agent_id=agent_2")).toEqual(["conv_a"]);
    expect(await idsOf("?until=1970-01-02T00:00:00Z")).toEqual([]);
  });
});

describe("as CSV", () => {
  test("has a header row and a row a conversation, of RFC 4180", async () => {
    const response = await get("?format=csv");
    expect(response.headers.get("content-type")).toBe("text/csv; charset=utf-8; header=present");
    const [head, first, ...rest] = (await response.text()).split("\r\n");
    expect(head).toStartWith("conversation_id,agent_id,agent_name,status,");
    expect(first).toContain(",+4915155500017,+4930555000100,");
    expect(rest.join("\r\n")).toContain('"two\nlines, ü"');
    expect(rest.at(-1)).toBe("");
    expect(rest).toHaveLength(4);
  });

  test("lets no cell be a formula", async () => {
    const text = await (await get("?format=csv&agent_id=agent_1")).text();
    expect(text).toContain(`,"'=HYPERLINK(""http://x.example"",""Hello, you"")",`);
  });

  test("looks through a long run of white space once", () => {
    const lines = "\n".repeat(4_000_000);
    expect(csvCell(`${lines}x`)).toBe(`"${lines}x"`);
  });

  test.each([
    ["=1+1", "'=1+1"],
    ["+cmd|' /C calc'!A0", "'+cmd|' /C calc'!A0"],
    ["-2+3", "'-2+3"],
    ["@SUM(A1)", "'@SUM(A1)"],
    ["\t=1", "'\t'=1"],
    ["\r\n=1", `"'\r\n'=1"`],
    ["＝1", "'＝1"],
    ["\0=1", "'\0=1"],
    ["\u200b=1", "'\u200b=1"],
    ["\ufeff\u2060 \u00ad\u3164@SUM(A1)", "'\ufeff\u2060 \u00ad\u3164@SUM(A1)"],
    // If a semicolon or a tab separates cells, these begin one.
    [";=1+1", "';'=1+1"],
    ["a;=1+1", "a;'=1+1"],
    ["a\t \u200b+1", "a\t \u200b'+1"],
    ["a\n=1+1;", '"a\n\'=1+1;"'],
    ["a\r\n;\0@b", '"a\r\n;\0\'@b"'],
    ["a;b", "a;b"],
    ["a; b=1", "a; b=1"],
    ["+44 1632 960055", "'+44 1632 960055"],
    ["+441632960055", "+441632960055"],
    ["a=1", "a=1"],
    ['say "yes", please', '"say ""yes"", please"'],
    ["", ""],
    [null, ""],
    [-1.5, "-1.5"],
    [true, "true"],
  ])("writes %p as %p", (value, cell) => {
    expect(csvCell(value)).toBe(cell);
  });
});

describe("of more than a page", () => {
  const COUNT = 1_700;
  let other: TestApp;

  beforeAll(async () => {
    other = await openTestApp({ config: { apiTokens: [TOKEN] } });
    const ids = Array.from({ length: COUNT }, (_, index) => `conv_${String(index).padStart(5, "0")}`);
    // As many at once as are admitted without a wait.
    for (let first = 0; first < COUNT; first += 1000) {
      const part = ids.slice(first, first + 1000);
      await Promise.all(part.map((id, index) => other.post(call(id, `agent_${index % 2}`, NOON))));
    }
  });
  afterAll(() => other.close());

  test("has every conversation once", async () => {
    for (const [query, count] of [
      ["", COUNT],
      ["?agent_id=agent_1", COUNT / 2],
    ]) {
      const response = await other.handle(`/export${query}`, { headers });
      const lines = (await response.text()).trimEnd().split("\n");
      expect(new Set(lines).size).toBe(Number(count));
    }
  });

  test("misses nothing and repeats nothing while events arrive", async () => {
    const response = await other.handle("/export?format=csv", { headers });
    const reader = response.body?.getReader();
    let text = new TextDecoder().decode((await reader?.read())?.value);
    await other.post(call("conv_00000", "agent_new", NOON - 86_400, "Changed"));
    await other.post(call("conv_01699", "agent_new", NOON - 86_400, "Changed"));
    for (let piece = await reader?.read(); piece?.done === false; piece = await reader?.read()) {
      text += new TextDecoder().decode(piece.value);
    }
    const ids = text.match(/^conv_\d+/gm) ?? [];
    expect(ids.length).toBe(COUNT);
    expect(new Set(ids).size).toBe(COUNT);
  });
});

test.each([
  ["format=xml", "format must be one of ndjson, csv"],
  ["since=2026-11-02T12:00:00", "since must be a time with its zone"],
  ["limit=1", "Unknown parameter"],
])("refuses %p", async (query, problem) => {
  const response = await get(`?${query}`);
  expect(response.status).toBe(400);
  expect(await response.json()).toMatchObject({
    error: expect.stringContaining(problem),
    code: "invalid_parameter",
  });
});

test("says that it is busy while there is still an answer to give", async () => {
  const other = await openTestApp({ config: { apiTokens: [TOKEN] } });
  other.queries.ask = () => Promise.reject(new QueriesBusyError("too many questions"));
  const response = await other.handle("/export?format=csv", { headers });
  expect([response.status, response.headers.get("retry-after")]).toEqual([503, "5"]);
  await other.close();
});

test("answers other methods with 405, and asks for the token", async () => {
  const response = await receiver.handle("/export", { method: "POST", headers });
  expect([response.status, response.headers.get("allow")]).toEqual([405, "GET, HEAD"]);
  expect((await receiver.ask("/export", null)).status).toBe(401);
});

test("is complete though a row has times that no calendar has", async () => {
  const other = await openTestApp({ config: { apiTokens: [TOKEN] } });
  await other.post(call("conv_1", "agent_1", NOON));
  await other.post(call("conv_2", "agent_1", NOON));
  const database = new Database(other.config.databasePath);
  database.run(
    "UPDATE conversations SET started_at = 1793620800000000, audio_received_at = -9e18, updated_at = 9e18 WHERE conversation_id = 'conv_1'",
  );
  database.close();
  for (const format of ["ndjson", "csv"]) {
    const response = await other.handle(`/export?format=${format}`, { headers });
    expect(response.status).toBe(200);
    expect(await response.text()).toContain("conv_2");
  }
  await other.close();
});
