import { expect, test } from "bun:test";
import { medianOf, responseTimes, spanAt, spansOf } from "../../../src/page/call/model.ts";
import type { Turn } from "../../../src/page/call/model.ts";

const silent: Turn = {
  turn: null,
  role: null,
  message: null,
  original_message: null,
  is_interrupted: false,
  is_backchannel: false,
  time_in_call_secs: null,
  medium: null,
  agent_id: null,
  language_model: null,
  feedback: null,
  metrics: [],
  tools: [],
  retrieval: null,
  files: [],
};
const said = (role: string | null, at: number | null): Turn => ({
  ...silent,
  role,
  message: "x",
  time_in_call_secs: at,
});

test("a turn lasts until the next one begins, whatever their order in the event", () => {
  const spans = spansOf([
    said("agent", 0),
    said("user", 9),
    said("agent", 4),
    said(null, null),
    said("user", -1),
    silent,
  ]);
  expect(spans.map(({ index }) => index)).toEqual([0, 2, 1]);
  expect([0, 3.9, 4, 8, 9, 500].map((time) => spanAt(spans, time)?.index)).toEqual([0, 0, 2, 2, 1, 1]);
});

test("before the first turn nobody speaks", () => {
  expect(spanAt(spansOf([said("agent", 2)]), 1)).toBeNull();
  expect(spanAt([], 1)).toBeNull();
});

test("of turns that begin at once, the last one counts", () => {
  expect(spanAt(spansOf([said("agent", 3), said("user", 3), said("agent", 3)]), 3)?.index).toBe(2);
});

test("the time to a sentence includes the time to its first word, and is not counted twice", () => {
  const metrics = [
    { name: "convai_llm_service_ttfb", seconds: 0.4 },
    { name: "convai_llm_service_ttf_sentence", seconds: 0.6 },
    { name: "convai_tts_service_ttfb", seconds: 0.1 },
    { name: "convai_asr_provider", seconds: 9 },
  ];
  const [time, ...more] = responseTimes([said("user", 0), { ...said("agent", 2), metrics }]);
  expect(more).toEqual([]);
  expect([time?.index, time?.at, time?.thinking, time?.speech]).toEqual([1, 2, 0.4, 0.1]);
  expect(time?.sentence).toBeCloseTo(0.2);
  expect(time?.total).toBeCloseTo(0.7);
});

test("the median is the middle, or between the two in the middle", () => {
  expect([medianOf([3, 1, 2]), medianOf([1, 2, 3, 10]), medianOf([])]).toEqual([2, 2.5, null]);
});
