import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { bodyPath } from "../../src/model/body.ts";
import { NOW_MS, put, quarantined, recordOf, sha256Of, transcription } from "./store.ts";
import type { Open, Opened } from "./store.ts";

const DAY_MS = 86_400_000;
const OLD_MS = NOW_MS - DAY_MS;
const PATH = "2026/11/02/conv_1.mp3";
const BODY = bodyPath(sha256Of("body"));

/** What an Eraser does. */
export function testEraser(open: Open): void {
  let opened: Opened;
  beforeEach(async () => {
    opened = await open();
  });
  afterEach(() => opened.end());

  const events = () => opened.store.events;
  const eraser = () => events().eraser;

  /** A conversation with a recording and a body in a file. */
  async function store(receivedAtMs = NOW_MS): Promise<void> {
    const { bodies, recordings, newRecordings } = opened.store;
    const sha256 = sha256Of("recording");
    await put(newRecordings, "recording", [PATH]);
    await put(bodies, "body", [BODY]);
    const recording = { path: PATH, byteCount: 9, sha256 };
    await events().add(transcription("conv_1", { status: "done" }, { receivedAtMs, recording }));
    const large = { payload: null, payloadPath: BODY, bodySha256: sha256Of("body") };
    await events().add(quarantined("body", { receivedAtMs, conversationId: "conv_1", ...large }));
    expect(await recordings.stat(PATH)).not.toBeNull();
  }

  async function finish(ids: string[]): Promise<void> {
    const { erased, failures } = await eraser().erase(ids);
    expect({ erased, failures }).toEqual({ erased: ids, failures: [] });
    await eraser().forget(erased);
    expect(await eraser().areTracesLeft()).toBe(true);
    await eraser().finish();
    expect(await eraser().areTracesLeft()).toBe(false);
  }

  test("a conversation that is not known is not erased", async () => {
    expect(await eraser().begin("conv_1", NOW_MS)).toBe(false);
    expect(await events().isErased("conv_1")).toBe(false);
  });

  test("an erasure takes rows, recording and body, and leaves other conversations", async () => {
    await store();
    await events().add(transcription("conv_2"));
    expect(await eraser().begin("conv_1", NOW_MS)).toBe(true);
    await finish(["conv_1"]);
    expect(await opened.queries.ask("readConversation", "conv_1")).toBeNull();
    expect(await opened.queries.ask("readConversation", "conv_2")).not.toBeNull();
    expect(await opened.store.recordings.stat(PATH)).toBeNull();
    expect(await opened.store.bodies.stat(BODY)).toBeNull();
  });

  test("from its beginning on, deliveries of the conversation are dropped, also after a stop", async () => {
    await store();
    await eraser().begin("conv_1", NOW_MS);
    const later = transcription("conv_1", { status: "later" });
    expect(await events().add(later)).toBe("erased");
    await opened.reopen();
    expect(await eraser().unfinished()).toEqual(["conv_1"]);
    expect(await events().isErased("conv_1")).toBe(true);
    await finish(["conv_1"]);
    expect(await eraser().unfinished()).toBeEmpty();
    expect(await events().add(later)).toBe("erased");
    expect(await events().firstOf(later)).toBeNull();
  });

  test("a quarantined event that turns out to be of an erased conversation goes", async () => {
    await store();
    await eraser().begin("conv_1", NOW_MS);
    await finish(["conv_1"]);
    await events().add(quarantined("unknown", { conversationId: null }));
    const [row] = await opened.queries.ask("followEvents", {
      type: null,
      status: "quarantined",
      conversationId: null,
      rowsMax: 10,
      afterId: 0,
    });
    expect(await events().replace(row?.id ?? 0, transcription("conv_1"))).toBe("erased");
    expect(await events().quarantined(row?.id ?? 0)).toBeNull();
  });

  describe("by age", () => {
    const limits = {
      conversationsBeforeMs: NOW_MS - 1000,
      recordingsBeforeMs: NOW_MS - 1000,
      nowMs: NOW_MS,
    };
    const add = (id: string, receivedAtMs: number) => events().add(transcription(id, {}, { receivedAtMs }));

    test("what is old is due, in pages", async () => {
      const old = Array.from({ length: 450 }, (_, id) => `old_${String(id).padStart(3, "0")}`);
      await Promise.all([...old.map((id) => add(id, OLD_MS)), add("young", NOW_MS)]);
      const due: string[] = [];
      for (let row: number | null = 0; row !== null;) {
        const page: Awaited<ReturnType<ReturnType<typeof eraser>["dueConversations"]>> =
          await eraser().dueConversations(row, limits);
        due.push(...page.conversations);
        row = page.lastRow;
      }
      expect(due.toSorted()).toEqual(old);
    });

    test("a conversation is as young as the last that was received of it", async () => {
      await add("conv_1", OLD_MS);
      await events().add(transcription("conv_1", { status: "done" }, { receivedAtMs: NOW_MS }));
      expect((await eraser().dueConversations(0, limits)).conversations).toBeEmpty();
      expect(await eraser().beginOld(["conv_1"], limits.conversationsBeforeMs, NOW_MS)).toBeEmpty();
    });

    test("one of which an event is being stored is spared", async () => {
      await add("conv_1", OLD_MS);
      const release = events().hold("conv_1");
      expect(await eraser().beginOld(["conv_1"], limits.conversationsBeforeMs, NOW_MS)).toBeEmpty();
      release();
      expect(await eraser().beginOld(["conv_1"], limits.conversationsBeforeMs, NOW_MS)).toEqual(["conv_1"]);
    });

    test("a recording goes, and the rest of its conversation stays", async () => {
      await store(OLD_MS);
      expect((await eraser().dueConversations(0, limits)).recordings).toEqual(["conv_1"]);
      expect(await eraser().eraseRecordings(["conv_1"], limits.recordingsBeforeMs)).toMatchObject({
        erased: ["conv_1"],
        failures: [],
      });
      expect(await opened.store.recordings.stat(PATH)).toBeNull();
      const nothing = { path: null, byteCount: null, sha256: null };
      expect(await opened.queries.ask("findRecording", "conv_1")).toEqual(nothing);
    });

    test("an event without a conversation is due by itself", async () => {
      await events().add(recordOf({ type: "agent_qa", data: {} }, { receivedAtMs: OLD_MS }));
      const first = { receivedAtMs: -Infinity, row: 0 };
      const due = await eraser().dueEvents(first, limits.conversationsBeforeMs);
      expect(due).toMatchObject({ conversations: [], events: [1], last: null });
      expect(await eraser().eraseEvents(due.events)).toEqual({ erased: [1], failures: [] });
      expect(await opened.queries.ask("findEvent", 1)).toBeNull();
      expect(await eraser().areTracesLeft()).toBe(true);
      await eraser().finish();
      expect(await eraser().areTracesLeft()).toBe(false);
    });

    test("what it goes by outlives a stop", async () => {
      expect(await events().retentionState.newestReceivedAtMs(OLD_MS)).toBeNull();
      await add("conv_1", OLD_MS);
      await events().retentionState.set("trusted_now", "1");
      await opened.reopen();
      expect(await events().retentionState.get("trusted_now")).toBe("1");
      expect(await events().retentionState.get("retention_days")).toBeNull();
      expect(await events().retentionState.newestReceivedAtMs(OLD_MS)).toBe(OLD_MS);
      expect(await events().retentionState.newestReceivedAtMs(OLD_MS - 1)).toBeNull();
    });
  });
}
