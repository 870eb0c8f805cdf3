import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { Argument, Queries } from "../../src/query/port.ts";
import { conversationColumns } from "../../src/model/conversation.ts";
import { eventColumns } from "../../src/model/event.ts";
import { QueriesBusyError } from "../../src/query/asking.ts";
import { fixture } from "../helpers/deliveries.ts";
import { NOW_MS, quarantined, recordOf, sha256Of, transcription } from "./store.ts";
import type { Open, Opened } from "./store.ts";
import { testSearches } from "./searches.ts";
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

  describe("of odd and many", () => {
    const DAY = 86_400;
    const recording = fixture("tone.mp3");
    beforeAll(async () => {
      opened = await open();
      const { add } = opened.store.events;
      const call = (
        id: string,
        agentId: string | null,
        seconds: number,
        data: Record<string, unknown> = {},
      ) => {
        const metadata = {
          start_time_unix_secs: START + seconds,
          call_duration_secs: 60,
          cost: 5,
          cost_fiat: 0.5,
        };
        const receivedAtMs = NOW_MS + seconds * 1000;
        return add(transcription(id, { agent_id: agentId, metadata, ...data }, { receivedAtMs }));
      };
      await call("conv_b", "agent_1", 0, { agent_name: "Old name" });
      await call("conv_a", "agent_2", DAY, { analysis: { call_successful: "success" } });
      await call("conv_Z", "agent_1", DAY, {
        agent_name: "New name",
        analysis: { call_successful: "failure" },
      });
      await call("conv_c", null, 2 * DAY);
      for (const [text, error] of [
        ["[1]", "invalid_json: no object"],
        ["{", "invalid_json: not JSON"],
        ["[[1]]", "invalid_json: no object"],
      ] as const)
        await add(quarantined(text, { error, receivedAtMs: NOW_MS + 3 * DAY * 1000 }));
      const bytes = Uint8Array.from([0x7b, 0xff, 0x00, 0x7d]);
      await add({ ...quarantined("bytes"), payload: bytes, payloadIsText: false, receivedAtMs: NOW_MS });
      const { newRecordings } = opened.store;
      if (newRecordings === null) throw new Error("nothing is taken in");
      const file = await newRecordings.create();
      file.write(recording);
      const sha256 = sha256Of(recording);
      const path = await newRecordings.put(
        file,
        ["2026/11/02/conv_a.mp3", "2026/11/02/conv_a-2.mp3"],
        sha256,
      );
      await file.discard();
      const audio = {
        type: "post_call_audio",
        event_timestamp: START,
        data: { conversation_id: "conv_a", full_audio: "" },
      };
      await add(recordOf(audio, { recording: { path, byteCount: recording.byteLength, sha256 } }));
    });
    afterAll(() => opened.end());

    test("events are listed by type, status, conversation and time", async () => {
      const ids = async (asked: Partial<Argument<"listEvents">>) =>
        (await ask("listEvents", { ...EVENTS, ...TIMES, rowsMax: 10, ...asked })).map(({ id }) => id);
      expect(await ids({})).toEqual([7, 6, 5, 4, 3, 2, 9, 8, 1]);
      expect(await ids({ type: "post_call_audio" })).toEqual([9]);
      expect(await ids({ status: "quarantined", untilMs: NOW_MS + 1 })).toEqual([8]);
      expect(await ids({ conversationId: "conv_a" })).toEqual([2, 9]);
      expect(await ids({ sinceMs: NOW_MS + DAY * 1000, untilMs: NOW_MS + 2 * DAY * 1000 })).toEqual([3, 2]);
      const before = { receivedAtMs: NOW_MS + DAY * 1000, id: 3 };
      expect(await ids({ before, rowsMax: 2 })).toEqual([2, 9]);
      const follow = { ...EVENTS, afterId: 2, rowsMax: 10 };
      expect(await ask("followEvents", { ...follow, conversationId: "conv_a" })).toMatchObject([{ id: 9 }]);
      expect(await ask("followEvents", { ...follow, type: "post_call_audio" })).toMatchObject([{ id: 9 }]);
      expect(await ask("followEvents", { ...follow, status: "processed" })).toMatchObject([
        { id: 3 },
        { id: 4 },
        { id: 9 },
      ]);
      const [event] = await ask("listEvents", { ...EVENTS, ...TIMES, rowsMax: 1 });
      expect(Object.keys(event ?? {})).toEqual(Object.keys(eventColumns));
    });

    test("a payload that is not JSON, or not even text, is told apart", async () => {
      const isJson = async (id: number) => (await ask("findPayload", id))?.isJson;
      expect(await Promise.all([1, 5, 6, 8, 9].map(isJson))).toEqual([true, true, false, false, true]);
      expect(Buffer.from((await ask("readPayload", { id: 8, from: 1, bytesMax: 2 })) ?? [])).toEqual(
        Buffer.from([0xff, 0x00]),
      );
      expect((await ask("readPayload", { id: 8, from: 4, bytesMax: 2 }))?.byteLength).toBe(0);
    });

    test("days and agents are counted apart, and a full list ends both", async () => {
      const asked = {
        sinceMs: NOW_MS,
        untilMs: NOW_MS + 4 * DAY * 1000,
        agentId: null,
        only: null,
        rowsMax: 10,
      };
      const day = NOW_MS / 1000 / DAY - 0.5;
      const { calls, deliveries } = await ask("countByDay", asked);
      expect(
        calls.map((row) => [
          row.day - day,
          row.agentId,
          row.calls,
          row.seconds,
          row.costCredits,
          row.costUsd,
          row.succeeded,
          row.failed,
        ]),
      ).toEqual([
        [0, "agent_1", 1, 60, 5, 0.5, 0, 0],
        [1, "agent_1", 1, 60, 5, 0.5, 0, 1],
        [1, "agent_2", 1, 60, 5, 0.5, 1, 0],
        [2, null, 1, 60, 5, 0.5, 0, 0],
      ]);
      expect(deliveries.map((row) => [row.day - day, row.type, row.status, row.count])).toEqual([
        [0, null, "quarantined", 1],
        [0, "post_call_audio", "processed", 1],
        [0, "post_call_transcription", "processed", 1],
        [1, "post_call_transcription", "processed", 2],
        [2, "post_call_transcription", "processed", 1],
        [3, null, "quarantined", 3],
      ]);
      const short = await ask("countByDay", { ...asked, rowsMax: 3 });
      expect([short.calls.length, short.deliveries.length]).toEqual([1, 3]);
      expect((await ask("countByDay", { ...asked, only: "calls" })).deliveries).toEqual([]);
      expect((await ask("countByDay", { ...asked, agentId: "agent_2" })).calls).toHaveLength(1);
      expect((await ask("countByDay", { ...asked, untilMs: NOW_MS + DAY * 1000 })).calls).toHaveLength(1);
    });

    test("an agent has its last name, a reason its last event", async () => {
      expect(await ask("listAgents", { since: 0, rowsMax: 10 })).toEqual([
        { agentId: "agent_1", agentName: "New name", calls: 2, lastStartedAt: START + DAY },
        { agentId: "agent_2", agentName: null, calls: 1, lastStartedAt: START + DAY },
      ]);
      const reasons = (await ask("groupQuarantined", 10)).map(({ error, count, lastEventId }) => [
        error,
        count,
        lastEventId,
      ]);
      expect(reasons.slice(0, 2)).toEqual([
        ["invalid_json: no object", 2, 7],
        ["unknown_type: this version does not know the type", 1, 8],
      ]);
      expect(await ask("groupQuarantined", 1)).toHaveLength(1);
    });

    test("exports are in the order of the bytes of ids", async () => {
      const { rows, lastId } = await ask("exportConversations", { ...EVERY, afterId: "", rowsMax: 4 });
      expect(rows.map(({ conversationId }) => conversationId)).toEqual([
        "conv_Z",
        "conv_a",
        "conv_b",
        "conv_c",
      ]);
      expect(lastId).toBe("conv_c");
      expect(Object.keys(rows[0] ?? {})).toEqual(Object.keys(conversationColumns));
      const some = { agentId: "agent_1", since: START, until: START + DAY, afterId: "conv_Z", rowsMax: 10 };
      expect(await ask("exportConversations", some)).toMatchObject({
        rows: [{ conversationId: "conv_b" }],
        lastId: null,
      });
    });

    test("a recording is found, and measured", async () => {
      const found = await ask("findRecording", "conv_a");
      expect(found).toMatchObject({ byteCount: recording.byteLength, sha256: sha256Of(recording) });
      const { path = "", byteCount = 0 } = { path: found?.path ?? "", byteCount: found?.byteCount ?? 0 };
      const measured = await ask("measureLoudness", { path, byteCount });
      expect(measured.kind === "measured" && Math.max(...measured.loudness.levels)).toBeGreaterThan(200);
      expect(await ask("measureLoudness", { path, byteCount: byteCount + 1 })).toEqual({ kind: "missing" });
      expect(await ask("findRecording", "conv_b")).toEqual({ path: null, byteCount: null, sha256: null });
      expect(await listed({ filter: { ...anyConversation, hasRecording: true } })).toMatchObject({
        ids: ["conv_a"],
      });
      expect(await ask("readFigures", NOW_MS)).toMatchObject({
        recordingBytes: recording.byteLength,
        quarantined: 4,
      });
    });

    test("what no id can be is not there", async () => {
      for (const id of ["a\0b", "\ud800", "x".repeat(10_000), ""]) {
        expect(await ask("readConversation", id)).toBeNull();
        expect(await ask("readDetails", id)).toBeNull();
        expect(await ask("findRecording", id)).toBeNull();
        expect(await ask("followEvents", { ...EVENTS, conversationId: id, afterId: 0 })).toEqual([]);
        expect(await listed({ filter: { ...anyConversation, agentId: id } })).toEqual({
          ids: [],
          next: null,
        });
      }
      for (const id of [0, -1, Number.MAX_SAFE_INTEGER]) expect(await ask("findEvent", id)).toBeNull();
    });

    test("data have an id, and their last event is known", async () => {
      const { ages, lastEventId } = await ask("readLineage", null);
      expect(ages).toEqual([{ dataId: expect.stringMatching(/^[0-9a-f]{32}$/), sinceEventId: 0 }]);
      expect(lastEventId).toBe(9);
    });

    test("too many questions at once are refused, and what waits at a stop is ended", async () => {
      const asked = await Promise.allSettled(Array.from({ length: 200 }, () => ask("findEvent", 1)));
      const refused = asked.flatMap((one) => (one.status === "rejected" ? [one.reason] : []));
      expect(refused.length).toBe(200 - 64);
      expect(refused.every((reason) => reason instanceof QueriesBusyError)).toBe(true);
      expect(await ask("findEvent", 1)).toMatchObject({ id: 1 });
      const waiting = ask("listEvents", { ...EVENTS, ...TIMES });
      opened.queries.close();
      expect(await waiting.catch((error: unknown) => error)).toBeInstanceOf(QueriesBusyError);
      await opened.reopen();
      expect(await ask("findEvent", 1)).toMatchObject({ id: 1 });
    });
  });

  describe("a search", () => testSearches(open));
}
