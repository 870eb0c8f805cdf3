import { lastDays, sumOf } from "../lib/stats.ts";
import type { DayCount, Sum } from "../lib/stats.ts";

/** So many agents have a colour of their own; the rest share the last one. */
const COLOURS = 5;

/** One agent, or all that have no colour of their own. */
export type Group = { key: string; name: string; agentId: string | null; colour: number; sum: Sum };

/** What a chart is made of: for each day, for each group, what the calls add up to. */
export type Series = { days: string[]; groups: Group[]; sums: Sum[][]; totals: Sum[]; all: Sum };

export type AgentSum = { agentId: string | null; name: string; colour: number; sum: Sum };

/** Agents by their calls, the one with the most first, each with the colour that it has in the charts. */
export function agentSums(counts: readonly DayCount[], nameOf: (id: string | null) => string): AgentSum[] {
  const byAgent = [...Map.groupBy(counts, ({ agent_id: id }) => id)];
  const sums = byAgent.map(([agentId, ofAgent]) => ({ agentId, name: nameOf(agentId), sum: sumOf(ofAgent) }));
  const inOrder = sums.toSorted((a, b) => b.sum.calls - a.sum.calls);
  const isShared = inOrder.length > COLOURS;
  return inOrder.map(({ agentId, name, sum }, index) => ({
    agentId,
    name,
    sum,
    colour: isShared ? Math.min(index, COLOURS - 1) : index,
  }));
}

/** The numbers of the last days, by day and by agent. */
export function seriesOf(counts: readonly DayCount[], dayCount: number, agents: readonly AgentSum[]): Series {
  const days = lastDays(dayCount);
  const colourOf = new Map(agents.map(({ agentId, colour }) => [agentId, colour]));
  const groups = [...Map.groupBy(agents, ({ colour }) => colour)].map(([colour, of]) =>
    groupOf(colour, of, counts),
  );
  const byDay = Map.groupBy(counts, ({ day }) => day);
  const sums = days.map((day) => {
    const ofDay = byDay.get(day) ?? [];
    return groups.map(({ colour }) => sumOf(ofDay.filter(({ agent_id: id }) => colourOf.get(id) === colour)));
  });
  const totals = days.map((day) => sumOf(byDay.get(day) ?? []));
  return { days, groups, sums, totals, all: sumOf(counts) };
}

function groupOf(colour: number, agents: readonly AgentSum[], counts: readonly DayCount[]): Group {
  const [first] = agents;
  const ids = new Set(agents.map(({ agentId }) => agentId));
  const isOne = agents.length === 1;
  return {
    key: String(colour),
    name: isOne ? (first?.name ?? "") : `${agents.length} others`,
    agentId: isOne ? (first?.agentId ?? null) : null,
    colour,
    sum: sumOf(counts.filter(({ agent_id: id }) => ids.has(id))),
  };
}

/** Whole numbers, or halves of powers of ten, that divide an axis: nought, the middle, and the top. */
export function ticksOf(most: number): number[] {
  if (most <= 0) return [0, 1];
  const power = 10 ** Math.floor(Math.log10(most));
  const top =
    [1, 1.6, 2, 3, 4, 5, 6, 8, 10].map((step) => step * power).find((value) => value >= most) ?? most;
  return top === 1 ? [0, 1] : [0, top / 2, top];
}
