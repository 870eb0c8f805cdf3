import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { openTestApp } from "../helpers/app.ts";
import type { TestApp } from "../helpers/app.ts";
import { standingClock } from "../helpers/clock.ts";
import { fixture } from "../helpers/deliveries.ts";

const TOKEN = "0123456789abcdef0123456789abcdef";
const NEXT_TOKEN = "fedcba9876543210fedcba9876543210";
let receiver: TestApp;

type Described = { paths: Record<string, Record<string, { security?: object[] }>> };

type Page = { call_failures: ({ event_id: number } & Record<string, unknown>)[]; next_cursor: string | null };

const list = (query = "") => receiver.ask<Page>(`/call-failures${query}`);

beforeAll(async () => {
  receiver = await openTestApp({ config: { apiTokens: [TOKEN, NEXT_TOKEN] } });
  await receiver.post(fixture("call_initiation_failure_sip_486.json"));
  await receiver.post(fixture("call_initiation_failure_twilio_busy.json"));
  await receiver.post(fixture("call_initiation_failure_twilio_no_answer.json"));
});
afterAll(() => receiver.close());

describe("the token", () => {
  test("opens the API, each of several", async () => {
    expect((await receiver.ask("/call-failures", TOKEN)).status).toBe(200);
    expect((await receiver.ask("/call-failures", NEXT_TOKEN)).status).toBe(200);
  });

  test.each([
    ["none", null],
    ["an empty one", ""],
    ["a wrong one", "x".repeat(32)],
    ["the beginning of one", TOKEN.slice(1)],
    ["two", `${TOKEN} ${NEXT_TOKEN}`],
    ["both as they are configured", `${TOKEN},${NEXT_TOKEN}`],
  ])("is asked for: %s", async (_, token) => {
    const { status, headers, answer } = await receiver.ask("/call-failures", token);
    expect(status).toBe(401);
    expect(headers.get("www-authenticate")).toBe("Bearer");
    expect(answer).toEqual({
      error: "Missing or wrong token: send the header Authorization: Bearer TOKEN",
      code: "token_invalid",
    });
  });

  test("is asked for before the request is looked at", async () => {
    expect((await receiver.ask("/call-failures?nonsense=1", null)).status).toBe(401);
  });

  test("is not asked for by the webhook, the health and the docs", async () => {
    expect((await receiver.handle("/health")).status).toBe(200);
    expect((await receiver.handle("/docs")).status).toBe(200);
    expect((await receiver.handle("/webhook", { method: "POST" })).status).toBe(401);
  });

  test("without one there is no API", async () => {
    const closed = await openTestApp();
    expect(await closed.ask("/call-failures", TOKEN)).toMatchObject({
      status: 404,
      answer: { error: "The API is off: set API_TOKEN to turn it on", code: "api_off" },
    });
    await closed.close();
  });
});

describe("every route of the API", () => {
  test("answers 404 and how to turn it on, or 401, before anything else", async () => {
    const closed = await openTestApp();
    const { paths } = (await (await closed.handle("/docs/json")).json()) as Described;
    const guarded = Object.entries(paths).flatMap(([path, methods]) =>
      Object.entries(methods)
        .filter(([, { security }]) => security === undefined)
        .map(([method]) => [method.toUpperCase(), path.replace(/\{.*?\}/, "1")] as const),
    );
    expect(guarded.length).toBeGreaterThan(12);
    for (const [method, path] of guarded) {
      const answers = await Promise.all(
        [closed, receiver].map(async (app) => Object(await (await app.handle(path, { method })).json()).code),
      );
      expect([method, path, ...answers]).toEqual([method, path, "api_off", "token_invalid"]);
    }
    await closed.close();
  });
});

describe("wrong tokens", () => {
  const wrong = "x".repeat(32);

  test("are told to wait after twenty in a minute, and a right one never is", async () => {
    const clock = standingClock();
    const app = await openTestApp({ config: { apiTokens: [TOKEN] }, clock });
    const statuses = [];
    for (let n = 0; n < 21; n += 1) statuses.push((await app.ask("/call-failures", wrong)).status);
    expect(statuses).toEqual([...Array.from({ length: 20 }, () => 401), 429]);
    const { headers, answer } = await app.ask("/stats", wrong);
    expect([headers.get("retry-after"), answer]).toEqual([
      "60",
      { error: "Too many wrong tokens from this address: wait a minute", code: "too_many_attempts" },
    ]);
    expect((await app.ask("/call-failures", TOKEN)).status).toBe(200);
    // Who shows none guesses nothing.
    expect((await app.ask("/call-failures", null)).status).toBe(401);
    clock.advanceMs(59_000);
    expect((await app.ask("/call-failures", wrong)).headers.get("retry-after")).toBe("1");
    clock.advanceMs(1_000);
    expect((await app.ask("/call-failures", wrong)).status).toBe(401);
    await app.close();
  });
});

describe("GET /call-failures", () => {
  test("lists the calls that could not be started, the last to arrive first", async () => {
    const { answer } = await list();
    expect(answer.next_cursor).toBeNull();
    expect(answer.call_failures.map(({ event_id: id }) => id)).toEqual([3, 2, 1]);
    expect(answer.call_failures[2]).toEqual({
      event_id: 1,
      conversation_id: "conv_2601kfx0demo0synthetic0022",
      agent_id: "agent_2601kfx0demo0synthetic0aaaa",
      reason: "busy",
      provider: "sip",
      provider_code: "486",
      from_number: "+441632960100",
      to_number: "+441632960055",
      occurred_at: "2026-11-02T12:00:33Z",
      metadata: expect.objectContaining({ type: "sip" }),
    });
  });

  test("goes on where a page ended, whatever has arrived in between", async () => {
    const first = await list("?limit=2");
    const { next_cursor: cursor } = first.answer;
    expect(first.answer.call_failures).toHaveLength(2);
    const second = await list(`?limit=2&cursor=${cursor}`);
    expect(second.answer).toMatchObject({ call_failures: [{ event_id: 1 }], next_cursor: null });
  });

  test("refuses a cursor of another list", async () => {
    const { answer } = await list("?limit=1");
    const other = await list(`?agent_id=x&cursor=${answer.next_cursor}`);
    expect(other).toMatchObject({
      status: 400,
      answer: { error: "Invalid parameter: cursor is not of this list", code: "invalid_parameter" },
    });
  });

  test("takes only those of an agent and a range of time", async () => {
    const { answer } = await list("?agent_id=nobody");
    expect(answer).toEqual({ call_failures: [], next_cursor: null });
    const range = "since=2026-11-02T12:00:33Z&until=2026-11-02T12:00:34Z";
    expect((await list(`?${range}`)).answer.call_failures).toMatchObject([{ event_id: 1 }]);
  });

  test("names a bad parameter", async () => {
    expect(await list("?limit=0")).toMatchObject({
      status: 400,
      answer: {
        error: "Invalid parameter: limit must be a whole number from 1 to 200",
        code: "invalid_parameter",
      },
    });
  });
});
