import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { Argument, Queries } from "../../src/query/port.ts";
import { NOW_MS, quarantined, recordOf, transcription } from "./store.ts";
import type { Open, Opened } from "./store.ts";
import { anyConversation } from "../helpers/conversation-filter.ts";

const EVENTS = { type: null, status: null, conversationId: null, rowsMax: 2 } as const;
const TIMES = { sinceMs: null, untilMs: null, before: null };
const EVERY = { agentId: null, since: null, until: null };
const START = NOW_MS / 1000;

/** What Queries answer. */
export function testQueries(open: Open): void {
  let opened: Opened;
  const ask: Queries["ask"] = (name, argument) => opened.queries.ask(name, argument);
  const listed = async (asked: Partial<Argument<"listConversations">> & { rowsMax?: number }) => {
    const page = await ask("listConversations", {
      filter: anyConversation,
      query: null,
      after: null,
      rowsMax: 10,
      ...asked,
    });
    return page.kind === "page"
      ? { ids: page.rows.map(({ conversationId }) => conversationId), next: page.next }
      : page;
  };

  describe("of nothing", () => {
    beforeAll(async () => {
      opened = await open();
    });
    afterAll(() => opened.end());

    test("every question has an answer", async () => {
      expect(await ask("listEvents", { ...EVENTS, ...TIMES })).toEqual([]);
      expect(await ask("followEvents", { ...EVENTS, afterId: 0 })).toEqual([]);
      expect(await ask("listCallFailures", { ...EVERY, beforeEventId: null, rowsMax: 1 })).toEqual([]);
      expect(await ask("findEvent", 1)).toBeNull();
      expect(await ask("findPayload", 1)).toBeNull();
      expect(await ask("readPayload", { id: 1, from: 0, bytesMax: 1 })).toBeNull();
      expect(await ask("readConversation", "conv_1")).toBeNull();
      expect(await ask("findRecording", "conv_1")).toBeNull();
      expect(await ask("readDetails", "conv_1")).toBeNull();
      expect(await ask("listAgents", { since: 0, rowsMax: 1 })).toEqual([]);
      expect(await ask("groupQuarantined", 1)).toEqual([]);
      const recording = { path: "2026/11/02/conv_1.mp3", byteCount: 1 };
      expect(await ask("measureLoudness", recording)).toEqual({ kind: "missing" });
      expect(await ask("exportConversations", { ...EVERY, afterId: "", rowsMax: 1 })).toMatchObject({
        rows: [],
      });
      expect(
        await ask("countByDay", { sinceMs: 0, untilMs: NOW_MS, agentId: null, only: null, rowsMax: 1 }),
      ).toEqual({
        deliveries: [],
        calls: [],
      });
      expect(await ask("readFigures", NOW_MS)).toMatchObject({ quarantined: 0, lastReceivedAtMs: null });
      expect(await listed({})).toEqual({ ids: [], next: null });
      expect(await listed({ query: "invoice" })).toEqual({ ids: [], next: null });
    });
  });

  describe("of what is stored", () => {
    beforeAll(async () => {
      opened = await open();
      const { add } = opened.store.events;
      const call = (id: string, seconds: number, data: Record<string, unknown>) =>
        add(
          transcription(
            id,
            { ...data, metadata: { start_time_unix_secs: START + seconds, call_duration_secs: 60 } },
            { receivedAtMs: NOW_MS + seconds * 1000 },
          ),
        );
      const turn = { role: "user", message: "where is my invoice", time_in_call_secs: 1 };
      await call("conv_1", 1, { agent_id: "agent_1", status: "done", transcript: [turn] });
      await call("conv_2", 2, { agent_id: "agent_1", status: "failed" });
      await call("conv_3", 3, { agent_id: "agent_2", status: "done" });
      await add(quarantined("odd", { receivedAtMs: NOW_MS + 4000 }));
      const data = { conversation_id: "conv_5", agent_id: "agent_1", failure_reason: "busy" };
      const failure = { type: "call_initiation_failure", event_timestamp: START, data };
      await add(recordOf(failure, { receivedAtMs: NOW_MS + 5000 }));
    });
    afterAll(() => opened.end());

    test("events are followed and listed in pages", async () => {
      const ids = (rows: { id: number }[]) => rows.map(({ id }) => id);
      expect(ids(await ask("followEvents", { ...EVENTS, afterId: 0 }))).toEqual([1, 2]);
      expect(ids(await ask("followEvents", { ...EVENTS, afterId: 4 }))).toEqual([5]);
      expect(ids(await ask("listEvents", { ...EVENTS, ...TIMES }))).toEqual([5, 4]);
      const before = { receivedAtMs: NOW_MS + 4000, id: 4 };
      expect(ids(await ask("listEvents", { ...EVENTS, ...TIMES, before }))).toEqual([3, 2]);
      expect(ids(await ask("listEvents", { ...EVENTS, ...TIMES, status: "quarantined" }))).toEqual([4]);
      expect(await ask("findEvent", 4)).toMatchObject({ id: 4, status: "quarantined" });
    });

    test("a payload is read in parts, to the byte", async () => {
      expect(await ask("findPayload", 4)).toEqual({ bodyBytes: 3, path: null, byteCount: 3, isJson: false });
      const parts = [0, 2].map((from) => ask("readPayload", { id: 4, from, bytesMax: 2 }));
      expect(
        Buffer.concat((await Promise.all(parts)).map((part) => part ?? Buffer.alloc(0))).toString(),
      ).toBe("odd");
    });

    test("conversations are listed newest first, by a filter and in pages", async () => {
      expect(await listed({})).toEqual({ ids: ["conv_3", "conv_2", "conv_1"], next: null });
      expect(await listed({ filter: { ...anyConversation, status: "done" } })).toMatchObject({
        ids: ["conv_3", "conv_1"],
      });
      expect(await listed({ filter: { ...anyConversation, since: START + 2 } })).toMatchObject({
        ids: ["conv_3", "conv_2"],
      });
      const first = await listed({ rowsMax: 2 });
      const after = "next" in first ? first.next : null;
      expect(after).not.toBeNull();
      expect(await listed({ rowsMax: 2, after })).toEqual({ ids: ["conv_1"], next: null });
    });

    test("a search includes every event that was acknowledged before it", async () => {
      expect(await listed({ query: "invoice" })).toMatchObject({ ids: ["conv_1"] });
      await opened.store.events.add(
        transcription("conv_6", { transcript: [{ role: "agent", message: "your INVOICE" }] }),
      );
      expect(await listed({ query: "invoice" })).toMatchObject({
        ids: expect.arrayContaining(["conv_1", "conv_6"]),
      });
    });

    test("agents are listed since a time, those with the most conversations first", async () => {
      const agents = await ask("listAgents", { since: START + 1, rowsMax: 10 });
      expect(agents.map(({ agentId, calls, lastStartedAt }) => [agentId, calls, lastStartedAt])).toEqual([
        ["agent_1", 2, START + 2],
        ["agent_2", 1, START + 3],
      ]);
      expect(await ask("listAgents", { since: START + 3, rowsMax: 10 })).toMatchObject([
        { agentId: "agent_2" },
      ]);
      expect(await ask("listAgents", { since: 0, rowsMax: 1 })).toHaveLength(1);
    });

    test("what is quarantined is counted by its reason", async () => {
      expect(await ask("groupQuarantined", 10)).toMatchObject([
        { count: 1, lastEventId: 4, lastReceivedAtMs: NOW_MS + 4000 },
      ]);
    });

    test("a conversation's details have its turns and its neighbours", async () => {
      expect(await ask("readDetails", "conv_1")).toMatchObject({
        newer: "conv_2",
        details: { turns: [{ turn: 0, message: "where is my invoice", tools: [] }] },
      });
      expect(await ask("readDetails", "conv_3")).toMatchObject({ newer: null, older: "conv_2" });
    });

    test("a conversation is read with its turns and its events", async () => {
      expect(await ask("readConversation", "conv_1")).toMatchObject({
        row: { conversationId: "conv_1", agentId: "agent_1", turnCount: 1 },
        turns: [{ turn: 0, role: "user", message: "where is my invoice", timeInCallSecs: 1 }],
        eventIds: [1],
      });
    });

    test("all conversations are exported, by their ids and in pages", async () => {
      const page = await ask("exportConversations", {
        ...EVERY,
        agentId: "agent_1",
        afterId: "",
        rowsMax: 2,
      });
      expect(page).toMatchObject({
        rows: [{ conversationId: "conv_1" }, { conversationId: "conv_2" }],
        lastId: "conv_2",
      });
      const rest = await ask("exportConversations", { ...EVERY, afterId: "conv_2", rowsMax: 10 });
      expect(rest).toMatchObject({ rows: [{ conversationId: "conv_3" }, {}], lastId: null });
    });

    test("days are counted, and figures told", async () => {
      const counts = await ask("countByDay", {
        sinceMs: NOW_MS,
        untilMs: NOW_MS + 4000,
        agentId: "agent_1",
        only: null,
        rowsMax: 10,
      });
      expect(counts.calls).toMatchObject([{ agentId: "agent_1", calls: 2, seconds: 120 }]);
      expect(counts.deliveries).toMatchObject([{ type: "post_call_transcription", count: 2 }]);
      expect(await ask("readFigures", NOW_MS)).toMatchObject({
        quarantined: 1,
        lastReceivedAtMs: NOW_MS + 5000,
      });
    });

    test("calls that could not be started are listed", async () => {
      const filter = { ...EVERY, beforeEventId: null, rowsMax: 10 };
      expect(await ask("listCallFailures", { ...filter, agentId: "agent_1" })).toMatchObject([
        { eventId: 5, conversationId: "conv_5", reason: "busy", occurredAt: START },
      ]);
      expect(await ask("listCallFailures", { ...filter, beforeEventId: 5 })).toEqual([]);
    });
  });
}
