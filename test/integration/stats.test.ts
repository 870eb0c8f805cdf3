import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { openTestApp } from "../helpers/app.ts";
import type { TestApp } from "../helpers/app.ts";
import { standingClock } from "../helpers/clock.ts";
import { audio, sign, transcription } from "../helpers/deliveries.ts";

const TOKEN = "0123456789abcdef0123456789abcdef";
const NOON = Date.UTC(2026, 10, 2, 12) / 1000;
const DAY = 86_400;

type Stats = {
  since: string;
  until: string;
  deliveries: Record<string, unknown>[];
  calls: Record<string, unknown>[];
};

let receiver: TestApp;
const clock = standingClock(NOON);

const stats = (query = "") => receiver.ask<Stats>(`/stats${query}`);

const call = (
  id: string,
  agentId: string,
  startedAt: number,
  seconds: number,
  usd: number | null,
  verdict = "unknown",
) =>
  transcription(id, {
    agent_id: agentId,
    analysis: { call_successful: verdict },
    metadata: { start_time_unix_secs: startedAt, call_duration_secs: seconds, cost: 100, cost_fiat: usd },
  });

const deliver = (body: string) => receiver.post(body, sign(body, { timestamp: clock.nowMs() / 1000 }));

beforeAll(async () => {
  receiver = await openTestApp({ config: { apiTokens: [TOKEN] }, clock });
  await deliver(call("conv_1", "agent_1", NOON - 60, 60, 0.1, "success"));
  await deliver(call("conv_2", "agent_1", NOON, 30, 0.2));
  await deliver(call("conv_2", "agent_1", NOON, 30, 0.2));
  await deliver(call("conv_3", "agent_2", NOON, 45, null, "failure"));
  await deliver(audio("conv_1", Buffer.from("mp3")));
  await deliver(audio("conv_recording_alone", Buffer.from("mp3")));
  await deliver('{"type":"new_thing"}');
  clock.advanceMs(DAY * 1000);
  await deliver(call("conv_4", "agent_1", NOON + DAY, 90, 0.5));
  await deliver("not JSON");
});
afterAll(() => receiver.close());

describe("GET /stats", () => {
  test("counts only calls, or only deliveries, if it is asked to", async () => {
    const { answer: both } = await stats();
    expect((await stats("?only=calls")).answer).toEqual({ ...both, deliveries: [] });
    expect((await stats("?only=deliveries")).answer).toEqual({ ...both, calls: [] });
    expect((await stats("?only=nothing")).status).toBe(400);
  });

  test("counts events by day, type and outcome, and calls, minutes, costs and verdicts by day and agent", async () => {
    expect(await stats()).toMatchObject({
      status: 200,
      answer: {
        since: "2026-10-04T00:00:00Z",
        until: "2026-11-03T12:00:00Z",
        deliveries: [
          { day: "2026-11-02", type: "new_thing", status: "quarantined", count: 1 },
          { day: "2026-11-02", type: "post_call_audio", status: "processed", count: 2 },
          { day: "2026-11-02", type: "post_call_transcription", status: "processed", count: 3 },
        ],
        calls: [
          {
            day: "2026-11-02",
            agent_id: "agent_1",
            calls: 2,
            minutes: 1.5,
            cost_credits: 200,
            cost_usd: 0.3,
            succeeded: 1,
            failed: 0,
          },
          {
            day: "2026-11-02",
            agent_id: "agent_2",
            calls: 1,
            minutes: 0.75,
            cost_credits: 100,
            cost_usd: 0,
            succeeded: 0,
            failed: 1,
          },
        ],
      },
    });
  });

  test("counts what lies in a range, its end not included", async () => {
    const { answer } = await stats("?since=2026-11-03T12:00:00Z&until=2026-11-03T12:00:01Z");
    expect(answer.deliveries).toEqual([
      { day: "2026-11-03", type: null, status: "quarantined", count: 1 },
      { day: "2026-11-03", type: "post_call_transcription", status: "processed", count: 1 },
    ]);
    expect(answer.calls).toMatchObject([{ day: "2026-11-03", agent_id: "agent_1", calls: 1 }]);
    expect((await stats("?since=2026-11-02T12:00:00Z")).answer.calls).toMatchObject([
      { calls: 1 },
      { calls: 1 },
    ]);
  });

  test("counts what belongs to an agent", async () => {
    const { answer } = await stats("?agent_id=agent_2");
    expect(answer.deliveries).toEqual([
      { day: "2026-11-02", type: "post_call_transcription", status: "processed", count: 1 },
    ]);
    expect(answer.calls).toMatchObject([{ agent_id: "agent_2", calls: 1 }]);
    expect((await stats("?agent_id=nobody")).answer).toMatchObject({ deliveries: [], calls: [] });
  });

  test.each([
    ["since=2026-11-03T00:00:00Z&until=2026-11-03T00:00:00Z", "since must be before until"],
    [
      "since=2025-11-03T00:00:00Z&until=2026-11-05T00:00:00Z",
      "since and until must be at most 366 days apart",
    ],
    ["since=0", "since and until must be at most 366 days apart"],
    ["since=2026-11-03T00:00", "since must be a time with its zone"],
    ["agent_id=", "agent_id must be a text"],
  ])("refuses %p", async (query, problem) => {
    const { status, answer } = await receiver.ask(`/stats?${query}`);
    expect([status, answer.code]).toEqual([400, "invalid_parameter"]);
    expect(answer.error).toStartWith(`Invalid parameter: ${problem}`);
  });

  test("takes the first moments that there are", async () => {
    expect((await stats("?until=1")).answer).toMatchObject({ since: "1970-01-01T00:00:00Z", calls: [] });
  });

  test("answers other methods with 405, and asks for the token", async () => {
    const headers = { authorization: `Bearer ${TOKEN}` };
    const response = await receiver.handle("/stats", { method: "POST", headers });
    expect([response.status, response.headers.get("allow")]).toEqual([405, "GET, HEAD"]);
    expect((await receiver.ask("/stats", null)).status).toBe(401);
  });
});
