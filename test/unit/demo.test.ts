import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { demoEvents, timesOf } from "../../scripts/demo/events.ts";
import { calls, spokenHash } from "../../scripts/demo/texts.ts";

const folder = join(import.meta.dir, "../../scripts/demo");
const BYTES_PER_SECOND = 2_000;
const BYTES_MAX = 600_000;

const recordings = new Map(calls.map(({ name }) => [name, readFileSync(join(folder, `${name}.mp3`))]));

test.each(calls.map((call) => [call.name, call] as const))(
  "the recording of %s is what its texts say, and as long",
  (name, call) => {
    const { spoken, seconds, starts } = timesOf(call);
    // Another hash: a text has changed since scripts/demo-calls.ts was run.
    expect(spoken).toBe(spokenHash(call));
    expect(starts).toHaveLength(call.steps.length);
    expect(starts.toSorted((one, other) => one - other)).toEqual([...starts]);
    const lengthSeconds = (recordings.get(name)?.byteLength ?? 0) / BYTES_PER_SECOND;
    // The encoder rounds up to whole frames and adds a header.
    expect(lengthSeconds).toBeWithin(seconds, seconds + 0.3);
  },
);

test("all recordings of the demo together are small", () => {
  const bytes = [...recordings.values()].reduce((sum, { byteLength }) => sum + byteLength, 0);
  expect(bytes).toBeLessThan(BYTES_MAX);
});

test("the demo's events are in the order in which they happened, none in the future", () => {
  const nowSeconds = 1_793_620_800;
  const times = demoEvents(nowSeconds * 1000).map(({ body }) => JSON.parse(body).event_timestamp);
  expect(times).toHaveLength(calls.length * 2 + 1);
  expect(times.toSorted()).toEqual(times);
  expect(times.at(-1)).toBeLessThan(nowSeconds);
});

test("every request of a tool has its answer, and an interrupted turn what was meant", () => {
  for (const { body } of demoEvents(Date.now())) {
    const { transcript = [] } = JSON.parse(body).data;
    const ids = (member: "tool_calls" | "tool_results") =>
      transcript.flatMap((turn: Record<string, { request_id: string }[]>) =>
        (turn[member] ?? []).map(({ request_id }) => request_id),
      );
    expect(ids("tool_results")).toEqual(ids("tool_calls"));
    for (const { interrupted, message, original_message } of transcript) {
      if (interrupted) expect(original_message).toStartWith(message);
    }
  }
});
