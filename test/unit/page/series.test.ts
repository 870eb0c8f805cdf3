import { expect, test } from "bun:test";
import { dayBefore, successOf } from "../../../src/page/lib/stats.ts";
import type { DayCount } from "../../../src/page/lib/stats.ts";
import { agentSums, seriesOf, ticksOf } from "../../../src/page/numbers/series.ts";

const count = (agent: string | null, calls: number, daysBack = 0): DayCount => ({
  day: dayBefore(daysBack),
  agent_id: agent,
  calls,
  minutes: calls * 2,
  cost_credits: 0,
  cost_usd: calls / 10,
  succeeded: calls - 1,
  failed: 1,
});
const nameOf = (id: string | null) => id ?? "none";

test("agents have a colour each, up to five", () => {
  const agents = agentSums(
    ["a", "b", "c", "d", "e"].map((name, index) => count(name, 9 - index)),
    nameOf,
  );
  expect(agents.map(({ name, colour }) => [name, colour])).toEqual([
    ["a", 0],
    ["b", 1],
    ["c", 2],
    ["d", 3],
    ["e", 4],
  ]);
});

test("of more agents, those with the fewest calls share the last colour, and nothing is counted twice or left out", () => {
  const counts = Array.from({ length: 8 }, (_, index) => count(`agent ${index}`, index + 2, index % 3));
  const series = seriesOf(counts, 7, agentSums(counts, nameOf));
  expect(series.groups.map(({ name }) => name)).toEqual([
    "agent 7",
    "agent 6",
    "agent 5",
    "agent 4",
    "4 others",
  ]);
  const drawn = series.sums.flat().reduce((sum, { calls }) => sum + calls, 0);
  expect([drawn, series.all.calls]).toEqual([44, 44]);
  expect(series.days).toHaveLength(7);
  expect(series.totals.map(({ calls }) => calls).slice(-3)).toEqual([11, 18, 15]);
});

test("calls without an agent are a group of their own", () => {
  const counts = [count(null, 3), count("a", 5)];
  const { groups } = seriesOf(counts, 7, agentSums(counts, nameOf));
  expect(groups.map(({ name, agentId }) => [name, agentId])).toEqual([
    ["a", "a"],
    ["none", null],
  ]);
});

test("success is the share of those with a verdict, and not known without one", () => {
  const sum = { calls: 10, minutes: 0, costUsd: 0, succeeded: 3, failed: 1 };
  expect([successOf(sum), successOf({ ...sum, succeeded: 0, failed: 0 })]).toEqual([0.75, null]);
});

test.each([
  [0, [0, 1]],
  [1, [0, 1]],
  [15, [0, 8, 16]],
  [136, [0, 80, 160]],
  [0.37, [0, 0.2, 0.4]],
])("an axis for %d has the marks %j", (most, ticks) => {
  expect(ticksOf(most)).toEqual(ticks);
});
