import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { noFacts } from "../../src/model/conversation.ts";
import { NOW_MS, quarantined, recordOf, transcription } from "./store.ts";
import type { Open, Opened } from "./store.ts";

/** What an EventStore does. */
export function testEventStore(open: Open): void {
  let opened: Opened;
  beforeEach(async () => {
    opened = await open();
  });
  afterEach(() => opened.end());

  const add = (...[record]: Parameters<Opened["store"]["events"]["add"]>) => opened.store.events.add(record);
  const ask: Opened["queries"]["ask"] = (name, argument) => opened.queries.ask(name, argument);
  const all = { type: null, status: null, conversationId: null, rowsMax: 1000 } as const;
  const follow = () => ask("followEvents", { ...all, afterId: 0 });

  describe("an event that is added", () => {
    test("is stored, and outlives a stop", async () => {
      const record = transcription("conv_1", { agent_id: "agent_1" });
      expect(await opened.store.events.firstOf(record)).toBeNull();
      expect(await add(record)).toEqual({ isDuplicate: false, type: record.type, error: null });
      await opened.reopen();
      expect(await opened.store.events.firstOf(record)).toMatchObject({ isDuplicate: true, error: null });
      const { type, conversationId, bodySha256, bodyBytes, receivedAtMs } = record;
      expect(await follow()).toMatchObject([
        {
          type,
          conversationId,
          agentId: "agent_1",
          bodySha256,
          bodyBytes,
          receivedAtMs,
          status: "processed",
        },
      ]);
    });

    test("is stored once, and its repeat has the outcome of the first time", async () => {
      const record = quarantined("what is this");
      await add(record);
      const { type, error } = record;
      expect(await add({ ...record, error: "invalid_json: not JSON" })).toEqual({
        isDuplicate: true,
        type,
        error,
      });
      expect(await follow()).toHaveLength(1);
    });

    test("is another one than the same body of another conversation", async () => {
      const record = transcription("conv_1");
      await add(record);
      expect(await add({ ...record, conversationId: "conv_2" })).toMatchObject({ isDuplicate: false });
    });

    test("is stored whatever comes at the same moment", async () => {
      const records = Array.from({ length: 300 }, (_, id) => transcription(`conv_${id}`));
      const outcomes = await Promise.all([...records, ...records].map(add));
      const isNew = (outcome: (typeof outcomes)[number]) => outcome !== "erased" && !outcome.isDuplicate;
      expect(outcomes.filter(isNew)).toHaveLength(300);
      expect(await follow()).toHaveLength(300);
    });

    test("is quarantined if what was derived from it can't be stored, and its neighbours are stored", async () => {
      const facts = Object.assign({}, noFacts, { durationSecs: "ten" });
      const records = [
        transcription("conv_1"),
        transcription("conv_2", {}, { facts }),
        transcription("conv_3"),
      ];
      const outcomes = await Promise.all(records.map(add));
      expect(outcomes).toMatchObject([
        { error: null },
        { error: expect.stringContaining("invalid_payload") },
        { error: null },
      ]);
      expect(await ask("readConversation", "conv_2")).toBeNull();
      expect(await ask("readConversation", "conv_3")).not.toBeNull();
    });
  });

  describe("of a conversation", () => {
    const said = (data: Record<string, unknown>, receivedAtMs: number) =>
      add(transcription("conv_1", data, { receivedAtMs }));
    const row = async () => (await ask("readConversation", "conv_1"))?.row;

    test("the newest event that says something counts, in whichever order they come", async () => {
      await said({ status: "processing", user_id: "first", transcript: [{ role: "user" }] }, NOW_MS);
      await said({ status: "done" }, NOW_MS + 2000);
      await said({ status: "failed", agent_id: "agent_1" }, NOW_MS + 1000);
      expect(await row()).toMatchObject({
        status: "done",
        userId: "first",
        agentId: "agent_1",
        turnCount: 1,
      });
    });

    test("the recording that arrived last counts", async () => {
      const recording = (name: string) => ({ path: `2026/11/02/${name}.mp3`, byteCount: 1, sha256: name });
      const audio = (name: string, receivedAtMs: number) => ({
        ...recordOf({ type: "post_call_audio", data: { conversation_id: "conv_1", name } }),
        recording: recording(name),
        receivedAtMs,
      });
      await add(audio("a", NOW_MS));
      await add(audio("b", NOW_MS + 1));
      expect(await ask("findRecording", "conv_1")).toEqual(recording("b"));
    });

    test("a call that could not be started makes none", async () => {
      const data = { conversation_id: "conv_1", failure_reason: "busy" };
      await add(recordOf({ type: "call_initiation_failure", data }));
      expect(await row()).toBeUndefined();
      const filter = { agentId: null, since: null, until: null, beforeEventId: null, rowsMax: 10 };
      expect(await ask("listCallFailures", filter)).toMatchObject([
        { conversationId: "conv_1", reason: "busy" },
      ]);
    });
  });

  describe("a quarantined event", () => {
    const record = quarantined('{"type":"new"}', { conversationId: "conv_1" });
    const processed = (more = {}) => ({
      ...transcription("conv_1", { status: "done" }),
      bodySha256: record.bodySha256,
      ...more,
    });

    test("keeps its bytes", async () => {
      await add(record);
      const { bodySha256, bodyBytes, receivedAtMs } = record;
      const found = await opened.store.events.quarantined(1);
      expect(found).toMatchObject({ bodySha256, bodyBytes, receivedAtMs, path: null });
      expect(Buffer.from(found?.bytes ?? []).toString()).toBe('{"type":"new"}');
    });

    test("becomes a processed one under its id, with all that follows", async () => {
      await add(record);
      expect(await opened.store.events.replace(1, processed())).toBe("replaced");
      expect(await follow()).toMatchObject([{ id: 1, status: "processed", error: null }]);
      expect((await ask("readConversation", "conv_1"))?.row).toMatchObject({ status: "done" });
      expect(await opened.store.events.quarantined(1)).toBeNull();
      expect(await opened.store.events.replace(1, processed())).toBe("gone");
    });

    test("goes if the same body has been processed meanwhile", async () => {
      await add({ ...record, conversationId: null });
      await add(processed());
      expect(await opened.store.events.replace(1, processed())).toBe("replaced");
      expect(await follow()).toMatchObject([{ id: 2, status: "processed" }]);
    });

    test("stays as it is if what is derived from it can't be stored", async () => {
      await add(record);
      const facts = Object.assign({}, noFacts, { durationSecs: "ten" });
      expect(await opened.store.events.replace(1, processed({ facts }))).toBe("unstorable");
      expect(await follow()).toMatchObject([{ id: 1, status: "quarantined" }]);
    });
  });

  test("recordings that are kept for the first time after one was acknowledged are noticed, once", async () => {
    await add(recordOf({ type: "post_call_audio", data: { conversation_id: "conv_1" } }));
    expect(await opened.store.events.beginKeepingRecordings()).toBe(true);
    expect(await opened.store.events.beginKeepingRecordings()).toBe(false);
  });

  test("it is healthy, and tells what it has done", async () => {
    await add(transcription("conv_1"));
    const { store } = opened;
    expect(store.isHealthy()).toBe(true);
    expect(store.events.progress()).toMatchObject({ waitingCount: 0, storedCount: 1 });
    expect(store.freeDiskBytes()).toBeGreaterThan(0);
    expect((await store.size()).databaseBytes).toBeGreaterThan(0);
  });

  test("a stop leaves everything in order", async () => {
    await add(transcription("conv_1"));
    expect(await opened.reopen()).toEqual({ isClean: true });
    expect(await follow()).toHaveLength(1);
  });
}
