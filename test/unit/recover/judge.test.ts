import { describe, expect, test } from "bun:test";
import { NO_RECORDING } from "../../../src/model/recovery.ts";
import { judge } from "../../../src/recover/judge.ts";
import type { KnownHere, Offered, Verdict, Wanted } from "../../../src/recover/judge.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const ENDED_AT = 1_793_620_800;

const call: Offered = {
  conversationId: "conv_1",
  agentId: "agent_1",
  status: "done",
  startedAt: ENDED_AT - 300,
  durationSeconds: 300,
  hasAudio: null,
};

const nothing: KnownHere = {
  isErased: false,
  transcribedAtMs: null,
  isTranscriptRecovered: false,
  hasAudioEvent: false,
  hasAudio: null,
  audioPath: null,
  pending: null,
};
const transcribed = { ...nothing, transcribedAtMs: ENDED_AT * 1000 + 30_000, hasAudio: true };
const whole = { ...transcribed, hasAudioEvent: true, audioPath: "2026/11/02/conv_1.mp3" };

const wanted = (afterMs: number, more: Partial<Wanted> = {}): Wanted => ({
  nowMs: ENDED_AT * 1000 + afterMs,
  agentIds: null,
  storesTranscripts: true,
  storesRecordings: true,
  retentionDays: null,
  audioRetentionDays: null,
  endedAfterMs: 0,
  isByHand: false,
  ...more,
});

const pending = (reason: string, nextTryAtMs: number | null) => ({
  conversationId: "conv_1",
  reason,
  tries: 1,
  nextTryAtMs,
  notedAtMs: 0,
});
const missing = (transcript: boolean, recording: "missing" | "ask" | "here"): Verdict => ({
  kind: "missing",
  transcript,
  recording,
});
const here: Verdict = { kind: "here" };
const recent: Verdict = { kind: "not yet", why: "recent" };

describe("a transcript", () => {
  test.each([
    ["44 minutes after the call", 44 * MINUTE_MS, recent],
    ["45 minutes after the call", 45 * MINUTE_MS, recent],
    ["46 minutes after the call", 46 * MINUTE_MS, missing(true, "ask")],
  ])("is judged %s", (_, afterMs, verdict) => {
    expect(judge(call, nothing, wanted(afterMs))).toEqual(verdict);
  });

  test.each(["done", "failed"])("of a call that is %s is missing", (status) => {
    expect(judge({ ...call, status }, nothing, wanted(HOUR_MS))).toMatchObject({ transcript: true });
  });

  test.each(["initiated", "in-progress", "processing", "a new one"])(
    "of a call that is %s is not to be had yet",
    (status) => {
      const verdict = judge({ ...call, status }, nothing, wanted(HOUR_MS));
      expect(verdict).toEqual({ kind: "not yet", why: "unfinished" });
    },
  );

  test("that is here is not missing, nor a recording that ElevenLabs has not", () => {
    expect(judge(call, { ...transcribed, hasAudio: false }, wanted(HOUR_MS))).toEqual(here);
    expect(judge({ ...call, hasAudio: false }, { ...transcribed, hasAudio: null }, wanted(HOUR_MS))).toEqual(
      here,
    );
    expect(judge(call, whole, wanted(HOUR_MS))).toEqual(here);
  });
});

describe("a recording", () => {
  test.each([
    ["14 minutes after the transcript", 14.4 * MINUTE_MS, recent],
    ["16 minutes after the transcript", 16 * MINUTE_MS, missing(false, "missing")],
  ])("is judged %s", (_, afterMs, verdict) => {
    expect(judge(call, transcribed, wanted(afterMs))).toEqual(verdict);
  });

  test("whose transcript came late is waited for from then on", () => {
    const late = { ...transcribed, transcribedAtMs: ENDED_AT * 1000 + 40 * MINUTE_MS };
    expect(judge(call, late, wanted(50 * MINUTE_MS))).toEqual(recent);
    expect(judge(call, late, wanted(56 * MINUTE_MS))).toEqual(missing(false, "missing"));
  });

  test("whose transcript was recovered is late already", () => {
    const recovered = { ...transcribed, transcribedAtMs: wanted(HOUR_MS).nowMs, isTranscriptRecovered: true };
    expect(judge(call, recovered, wanted(HOUR_MS))).toEqual(missing(false, "missing"));
  });

  test("whose event was processed was erased by its age, and does not come back", () => {
    expect(judge(call, { ...transcribed, hasAudioEvent: true }, wanted(HOUR_MS))).toEqual(here);
  });

  test("whose file is gone is missing, though its event is here", () => {
    expect(judge(call, whole, wanted(HOUR_MS), true)).toEqual(missing(false, "missing"));
    expect(judge(call, { ...whole, hasAudio: null }, wanted(HOUR_MS), true)).toEqual(
      missing(false, "missing"),
    );
  });

  test("that nobody has spoken of is asked for, once", () => {
    expect(judge(call, { ...transcribed, hasAudio: null }, wanted(HOUR_MS))).toEqual(missing(false, "ask"));
    const asked = { ...transcribed, hasAudio: null, pending: pending(NO_RECORDING, null) };
    expect(judge(call, asked, wanted(HOUR_MS))).toEqual(here);
    expect(judge(call, { ...asked, transcribedAtMs: null }, wanted(HOUR_MS))).toEqual(missing(true, "here"));
  });
});

describe("left out is", () => {
  const verdictOf = (known: KnownHere, more: Partial<Wanted>, age = 2 * DAY_MS) =>
    judge(call, known, wanted(age, more));

  test("what was erased here", () => {
    const verdict = verdictOf({ ...nothing, isErased: true }, {});
    expect(verdict).toEqual({ kind: "left out", why: "erased" });
  });

  test("another agent's conversation", () => {
    expect(verdictOf(nothing, { agentIds: ["agent_2"] })).toEqual({ kind: "left out", why: "other agent" });
    expect(verdictOf(nothing, { agentIds: ["agent_2", "agent_1"] })).toEqual(missing(true, "ask"));
  });

  test("what is older than it may become, by the end of its call", () => {
    expect(verdictOf(nothing, { retentionDays: 2 })).toEqual({ kind: "left out", why: "old" });
    expect(verdictOf(nothing, { retentionDays: 3 })).toEqual(missing(true, "ask"));
    expect(verdictOf(nothing, { audioRetentionDays: 2 })).toEqual(missing(true, "here"));
    expect(verdictOf(transcribed, { audioRetentionDays: 2 })).toEqual(here);
  });

  test("what ended before this receiver was there", () => {
    const endedAtMs = ENDED_AT * 1000;
    expect(verdictOf(nothing, { endedAfterMs: endedAtMs + 1 })).toEqual({ kind: "left out", why: "earlier" });
    expect(verdictOf(nothing, { endedAfterMs: endedAtMs })).toEqual(missing(true, "ask"));
  });

  test("a kind that is not stored", () => {
    expect(verdictOf(nothing, { storesTranscripts: false })).toEqual(missing(false, "ask"));
    expect(verdictOf(nothing, { storesRecordings: false })).toEqual(missing(true, "here"));
    const none = verdictOf({ ...nothing, hasAudioEvent: true }, { storesTranscripts: false });
    expect(none).toEqual({ kind: "left out", why: "not stored" });
  });
});

describe("what has failed before", () => {
  const nowMs = wanted(DAY_MS).nowMs;

  test.each([
    ["waits for its next try", nowMs + 1, false, { kind: "not yet", why: "waiting" }],
    ["is tried when it is due", nowMs, false, missing(true, "ask")],
    ["is left alone when it was given up", null, false, { kind: "left out", why: "given up" }],
    ["is tried when somebody asks for it", nowMs + 1, true, missing(true, "ask")],
    ["is tried again, given up or not, when somebody asks for it", null, true, missing(true, "ask")],
  ] as const)("%s", (_, nextTryAtMs, isByHand, verdict) => {
    const known = { ...nothing, pending: pending("404", nextTryAtMs) };
    expect(judge(call, known, wanted(DAY_MS, { isByHand }))).toEqual(verdict);
  });
});
