import { useSignal } from "@preact/signals";
import { useEffect, useMemo } from "preact/hooks";
import { get } from "../lib/api.ts";
import type { Failure } from "../lib/api.ts";
import { tenthText, usdText, wholeText } from "../lib/format.ts";
import { arrivals } from "../lib/live.ts";
import { callsAddress, route } from "../lib/route.ts";
import { dayBefore, successOf } from "../lib/stats.ts";
import type { DayCount } from "../lib/stats.ts";
import { useAnswer } from "../lib/use-answer.ts";
import { Card, Empty, Skeleton } from "../parts/parts.tsx";
import { BarChart, SuccessChart } from "./chart.tsx";
import type { Measure } from "./chart.tsx";
import { agentSums, seriesOf } from "./series.ts";
import type { AgentSum } from "./series.ts";

const SPANS = [7, 30, 90, 365];
const USUAL = 30;

const measures: Measure[] = [
  {
    title: "Calls",
    valueOf: ({ calls }) => calls,
    textOf: (value) => (value % 1 === 0 ? wholeText(value) : tenthText(value)),
  },
  {
    title: "Minutes",
    valueOf: ({ minutes }) => minutes,
    textOf: (value) => (value > 0 && value < 10 ? tenthText(value) : wholeText(value)),
  },
  {
    title: "Cost",
    valueOf: ({ costUsd }) => costUsd,
    textOf: (value) => usdText(value, value >= 1000 ? 0 : 2),
  },
];

/** The view of numbers: what the calls of some days add up to, by day and by agent. */
export function Numbers() {
  const asked = Number(route.value.query.get("days"));
  const days = SPANS.includes(asked) ? asked : USUAL;
  const counts = useSignal<DayCount[] | null>(null);
  const names = useSignal<ReadonlyMap<string, string>>(new Map());
  const failure = useSignal<Failure | null>(null);
  const since = dayBefore(days - 1);
  useEffect(() => {
    document.title = "Numbers";
  }, []);
  useAnswer(
    (abort) => get("/stats", { query: { since, only: "calls" }, signal: abort }),
    (result) => {
      failure.value = result.ok ? null : result;
      if (result.ok) counts.value = result.value.calls;
    },
    [days, arrivals.value],
  );
  useAnswer(
    (abort) => get("/agents", { query: { since }, signal: abort }),
    (result) => {
      if (!result.ok) return;
      const { agents } = result.value;
      names.value = new Map(agents.map(({ agent_id: id, agent_name: name }) => [id, name ?? id]));
    },
    [days],
  );
  return (
    <div class="wrap numbers">
      <header class="page-head">
        <h1>Numbers</h1>
        <nav class="segmented" aria-label="Days">
          {SPANS.map((span) => (
            <a key={span} href={`#/numbers?days=${span}`} aria-current={span === days ? "true" : undefined}>
              {span === 365 ? "1 year" : `${span} days`}
            </a>
          ))}
        </nav>
      </header>
      {failure.value !== null && (
        <Empty icon="alert" title="The numbers can't be shown">
          <p>{failure.value.error}.</p>
        </Empty>
      )}
      {failure.value === null && counts.value === null && <Skeleton rows={4} isTall />}
      {failure.value === null && counts.value !== null && (
        <Charts counts={counts.value} days={days} names={names.value} />
      )}
    </div>
  );
}

function Charts(props: { counts: DayCount[]; days: number; names: ReadonlyMap<string, string> }) {
  const { counts, days, names } = props;
  const { agents, series } = useMemo(() => {
    const nameOf = (id: string | null) => (id === null ? "No agent" : (names.get(id) ?? id));
    const sums = agentSums(counts, nameOf);
    return { agents: sums, series: seriesOf(counts, days, sums) };
  }, [counts, names]);
  if (counts.length === 0) {
    return (
      <Empty icon="inbox" title="No calls in these days">
        <p>What calls add up to is shown here by day and by agent. Choose a longer time above.</p>
      </Empty>
    );
  }
  return (
    <>
      <div class="charts">
        {measures.map((measure) => (
          <BarChart key={measure.title} series={series} measure={measure} />
        ))}
        <SuccessChart series={series} />
      </div>
      <ul class="legend agents">
        {series.groups.map(({ key, name, colour }) => (
          <li key={key}>
            <i class={`c${colour}`} />
            <bdi>{name}</bdi>
          </li>
        ))}
      </ul>
      <ByAgent agents={agents} />
      <p class="fine note">Days are in UTC. “Succeeded” counts the calls that have a verdict.</p>
    </>
  );
}

function ByAgent({ agents }: { agents: readonly AgentSum[] }) {
  return (
    <Card title="By agent" class="by-agent">
      <div class="scroll" tabIndex={0} role="region" aria-label="By agent">
        <table>
          <thead>
            <tr>
              <th scope="col">Agent</th>
              <th scope="col">Calls</th>
              <th scope="col">Minutes</th>
              <th scope="col">Minutes a call</th>
              <th scope="col">Cost</th>
              <th scope="col">Cost a call</th>
              <th scope="col">Succeeded</th>
            </tr>
          </thead>
          <tbody>
            {agents.map(({ agentId, name, colour, sum }) => (
              <tr key={agentId}>
                <th scope="row">
                  <span class="agent-name">
                    <i class={`dot c${colour}`} />
                    {agentId === null ? (
                      name
                    ) : (
                      <a href={callsAddress(new URLSearchParams({ agent: agentId }))}>{name}</a>
                    )}
                  </span>
                </th>
                <td>{wholeText(sum.calls)}</td>
                <td>{wholeText(sum.minutes)}</td>
                <td>{tenthText(sum.minutes / sum.calls)}</td>
                <td>{usdText(sum.costUsd)}</td>
                <td>{usdText(sum.costUsd / sum.calls, 3)}</td>
                <td>
                  <Share value={successOf(sum)} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </Card>
  );
}

function Share({ value }: { value: number | null }) {
  if (value === null) return "–";
  const text = `${Math.round(value * 100)}%`;
  return (
    <span class="share">
      <span class="meter" aria-hidden="true">
        <i style={{ width: text }} />
      </span>
      {text}
    </span>
  );
}
