import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { recordingRecord, transcriptRecord } from "../../src/recover/record.ts";
import { NO_RECORDING } from "../../src/model/recovery.ts";
import type { Recording } from "../../src/model/recording.ts";
import type { RecoveredRecord } from "../../src/store/port.ts";
import { NOW_MS, put, recordOf, sha256Of, transcription } from "./store.ts";
import type { Open, Opened } from "./store.ts";

const DAY_MS = 86_400_000;
const NAMES = ["2026/11/02/conv_1.mp3", "2026/11/02/conv_1-0123456789ab.mp3"];

/** What stores what was recovered. */
export function testRecoveries(open: Open): void {
  let opened: Opened;
  beforeEach(async () => {
    opened = await open();
  });
  afterEach(() => opened.end());

  const add = (record: RecoveredRecord, gonePath: string | null = null) =>
    opened.store.recoveries.add(record, gonePath);
  const deliver = (...[record]: Parameters<Opened["store"]["events"]["add"]>) =>
    opened.store.events.add(record);
  const events = () =>
    opened.queries.ask("followEvents", {
      type: null,
      status: null,
      conversationId: null,
      rowsMax: 100,
      afterId: 0,
    });
  const conversation = async (id = "conv_1") =>
    (await opened.queries.ask("readConversation", id))?.row ?? null;
  const known = async (id = "conv_1") => (await opened.store.recoveries.known([id]))[0];

  /** The call ended `agoMs` before now. */
  const about = (agoMs = DAY_MS, conversationId = "conv_1") => ({
    conversationId,
    agentId: "agent_1",
    endedAt: (NOW_MS - agoMs) / 1000,
  });

  async function transcript(title: string, agoMs = DAY_MS, id = "conv_1"): Promise<RecoveredRecord> {
    const value = { agent_id: "agent_1", conversation_id: id, analysis: { call_summary_title: title } };
    const options = { isExcluded: false, nowMs: NOW_MS };
    const made = await transcriptRecord(about(agoMs, id), { text: JSON.stringify(value), value }, options);
    if (!made.ok) throw new Error(made.problem);
    return made.record;
  }

  async function file(content: string): Promise<Recording> {
    const path = await put(opened.store.newRecordings, content, NAMES);
    return { path, byteCount: content.length, sha256: sha256Of(content) };
  }

  const recording = async (content: string, agoMs = DAY_MS) =>
    recordingRecord(about(agoMs), await file(content), { storesPayload: true, nowMs: NOW_MS });

  const delivered = (title: string, seconds: number) =>
    recordOf({
      type: "post_call_transcription",
      event_timestamp: seconds,
      data: { conversation_id: "conv_1", analysis: { call_summary_title: title } },
    });
  const deliveredAudio = (path: string, receivedAtMs = NOW_MS) =>
    recordOf(
      { type: "post_call_audio", event_timestamp: 1, data: { conversation_id: "conv_1", full_audio: "" } },
      { receivedAtMs, recording: { path, byteCount: 1, sha256: sha256Of("delivered") } },
    );

  describe("a recovered transcript", () => {
    test("is stored once, says that it was recovered, and outlives a stop", async () => {
      expect(await add(await transcript("recovered"))).toBe("stored");
      expect(await add(await transcript("signed addresses have changed"))).toBe("present");
      await opened.reopen();
      expect(await events()).toMatchObject([
        { type: "post_call_transcription", source: "recovered", status: "processed", receivedAtMs: NOW_MS },
      ]);
      expect(await conversation()).toMatchObject({ title: "recovered", agentId: "agent_1" });
    });

    test("is not stored beside a delivered one", async () => {
      await deliver(transcription("conv_1"));
      expect(await add(await transcript("recovered"))).toBe("present");
      expect(await events()).toMatchObject([{ source: "webhook" }]);
    });

    test.each([
      ["later", 100_000],
      ["when the call ended", 0],
      ["earlier, by a wrong clock", -100_000],
    ])("yields to a delivery that comes after it, stamped %s", async (_, seconds) => {
      await add(await transcript("recovered"));
      await deliver(delivered("delivered", about().endedAt + seconds));
      expect(await conversation()).toMatchObject({ title: "delivered" });
      // An event of which nothing is new makes the row from all of them.
      await deliver(delivered("delivered before", about().endedAt + seconds - 1));
      expect(await conversation()).toMatchObject({ title: "delivered" });
      expect(await events()).toHaveLength(3);
    });

    test("is not stored of a conversation that was erased", async () => {
      await deliver(transcription("conv_1"));
      await opened.store.events.eraser.begin("conv_1", NOW_MS);
      expect(await add(await transcript("recovered"))).toBe("erased");
      expect(await known()).toMatchObject({ isErased: true });
    });

    test("is told of with its conversation's facts, page by page", async () => {
      await add(await transcript("recovered"));
      await deliver(deliveredAudio("2026/11/02/conv_1.mp3"));
      expect(await opened.store.recoveries.known(["conv_2", "conv_1"])).toEqual([
        {
          conversationId: "conv_2",
          isErased: false,
          transcribedAtMs: null,
          isTranscriptRecovered: false,
          hasAudioEvent: false,
          hasAudio: null,
          audioPath: null,
          pending: null,
        },
        {
          conversationId: "conv_1",
          isErased: false,
          transcribedAtMs: NOW_MS,
          isTranscriptRecovered: true,
          hasAudioEvent: true,
          hasAudio: null,
          audioPath: "2026/11/02/conv_1.mp3",
          pending: null,
        },
      ]);
    });
  });

  describe("a recovered recording", () => {
    test("is the conversation's, and its event holds none of it", async () => {
      expect(await add(await recording("recovered"))).toBe("stored");
      expect(await conversation()).toMatchObject({ audioPath: NAMES[0], audioBytes: 9 });
      expect(await events()).toMatchObject([{ type: "post_call_audio", source: "recovered" }]);
      expect(await add(await recording("recovered"))).toBe("present");
      expect(await events()).toHaveLength(1);
    });

    test("yields to a delivered one, before and after it", async () => {
      await add(await recording("recovered"));
      await deliver(deliveredAudio("2026/11/02/other.mp3"));
      expect(await conversation()).toMatchObject({ audioPath: "2026/11/02/other.mp3" });
      expect(await add(await recording("recovered"))).toBe("present");
      expect(await conversation()).toMatchObject({ audioPath: "2026/11/02/other.mp3" });
    });

    test("takes the place of one whose file is gone, as often as that happens", async () => {
      await deliver(deliveredAudio(NAMES[0] ?? ""));
      expect(await opened.store.recoveries.isGone(NAMES[0] ?? "")).toBe(true);
      expect(await add(await recording("recovered"), NAMES[0])).toBe("stored");
      expect(await opened.store.recoveries.isGone(NAMES[0] ?? "")).toBe(false);
      expect(await conversation()).toMatchObject({ audioSha256: sha256Of("recovered") });

      await opened.store.recordings.remove(NAMES[0] ?? "");
      expect(await add(await recording("recovered again"), NAMES[0])).toBe("stored");
      expect(await conversation()).toMatchObject({ audioSha256: sha256Of("recovered again") });
      expect(await events()).toHaveLength(2);
    });

    test("of an erased conversation leaves no file", async () => {
      await deliver(transcription("conv_1"));
      await opened.store.events.eraser.begin("conv_1", NOW_MS);
      expect(await add(await recording("recovered"))).toBe("erased");
      expect(await opened.store.recordings.list()).toEqual([]);
    });
  });

  describe("the age of what was recovered", () => {
    const limits = (beforeMs: number) => ({
      conversationsBeforeMs: beforeMs,
      recordingsBeforeMs: beforeMs,
      nowMs: NOW_MS,
    });
    const due = async (beforeMs: number) => {
      const found = await opened.store.events.eraser.dueConversations(0, limits(beforeMs));
      return { conversations: found.conversations, recordings: found.recordings };
    };
    const limitMs = NOW_MS - DAY_MS / 2;

    test("is that of its call, not of its receipt", async () => {
      await add(await transcript("old"));
      await add(await recording("old"));
      await add(await transcript("young", DAY_MS / 3, "conv_2"));
      expect(await due(limitMs)).toEqual({ conversations: ["conv_1"], recordings: ["conv_1"] });
      const { eraser } = opened.store.events;
      expect(await eraser.eraseRecordings(["conv_1"], limitMs)).toEqual({ erased: ["conv_1"], failures: [] });
      expect(await eraser.beginOld(["conv_1", "conv_2"], limitMs, NOW_MS)).toEqual(["conv_1"]);
    });

    test("is that of a delivery, once there is one", async () => {
      await add(await transcript("old"));
      await add(await recording("old"));
      await deliver(deliveredAudio("2026/11/02/other.mp3", NOW_MS + 1));
      expect(await due(limitMs)).toEqual({ conversations: [], recordings: [] });
    });

    test("of a recording that takes the place of a lost one is still that of its call", async () => {
      await add(await recording("old"));
      await opened.store.recordings.remove(NAMES[0] ?? "");
      const again = await recording("old");
      await add({ ...again, receivedAtMs: NOW_MS + DAY_MS }, NAMES[0]);
      expect(await due(limitMs)).toMatchObject({ recordings: ["conv_1"] });
    });
  });

  describe("what is still to be fetched", () => {
    const pending = (conversationId: string, nextTryAtMs: number | null, tries = 1) => ({
      conversationId,
      reason: "processing",
      tries,
      nextTryAtMs,
      notedAtMs: NOW_MS,
    });
    const ids = async (nowMs: number) =>
      (await opened.store.recoveries.duePending(nowMs, 100)).map((one) => one.conversationId);

    test("is due in the order of its next tries, until it is removed or given up", async () => {
      const { recoveries } = opened.store;
      await recoveries.putPending(pending("conv_late", 300));
      await recoveries.putPending(pending("conv_early", 100));
      await recoveries.putPending(pending("conv_never", null));
      await opened.reopen();
      expect(await ids(300)).toEqual(["conv_early", "conv_late"]);
      expect(await ids(299)).toEqual(["conv_early"]);
      await opened.store.recoveries.putPending({ ...pending("conv_none", null), reason: NO_RECORDING });
      expect(opened.store.recoveries.countPending()).toEqual({ pendingCount: 2, failedCount: 1 });
      await opened.store.recoveries.putPending(pending("conv_early", 900, 2));
      await opened.store.recoveries.removePending("conv_late");
      expect(await ids(300)).toEqual([]);
      expect(await known("conv_early")).toMatchObject({ pending: pending("conv_early", 900, 2) });
    });

    test("is forgotten when it was noted long ago", async () => {
      await opened.store.recoveries.putPending(pending("conv_1", null));
      await opened.store.recoveries.tidyPending(NOW_MS);
      expect(await known()).toMatchObject({ pending: { reason: "processing" } });
      await opened.store.recoveries.tidyPending(NOW_MS + 1);
      expect(await known()).toMatchObject({ pending: null });
    });

    test("is not noted of an erased conversation", async () => {
      await deliver(transcription("conv_1"));
      await opened.store.events.eraser.begin("conv_1", NOW_MS);
      await opened.store.recoveries.putPending(pending("conv_1", 1));
      expect(await ids(1)).toEqual([]);
    });
  });

  test("calls that only recovery has brought are counted back to the last that was delivered", async () => {
    const call = async (id: string, startedAt: number) => {
      const value = { conversation_id: id, metadata: { start_time_unix_secs: startedAt } };
      const options = { isExcluded: false, nowMs: NOW_MS };
      const text = JSON.stringify(value);
      const made = await transcriptRecord(about(0, id), { text, value }, options);
      if (made.ok) await add(made.record);
    };
    const inARow = (sinceMs: number) => opened.store.recoveries.onlyRecoveredInARow(sinceMs);
    await call("conv_1", 100);
    await call("conv_2", 200);
    expect(await inARow(0)).toBe(2);
    expect(await inARow(150_000)).toBe(1);
    await deliver(transcription("conv_3", { metadata: { start_time_unix_secs: 150 } }));
    expect(await inARow(0)).toBe(1);
  });

  test("what is remembered outlives a stop", async () => {
    expect(await opened.store.recoveries.get("recover_watermark")).toBeNull();
    await opened.store.recoveries.set("recover_watermark", "17");
    await opened.reopen();
    expect(await opened.store.recoveries.get("recover_watermark")).toBe("17");
    expect(await opened.store.recoveries.firstReceivedAtMs()).toBeNull();
    await deliver(transcription("conv_1"));
    expect(await opened.store.recoveries.firstReceivedAtMs()).toBe(NOW_MS);
  });
}
