import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { get } from "../lib/api.ts";
import { counted, percentText, shortDay, usdText, wholeText } from "../lib/format.ts";
import { useArrivals } from "../lib/use-arrivals.ts";
import { dayBefore, lastDays, successOf, sumOf } from "../lib/stats.ts";
import type { DayCount } from "../lib/stats.ts";

const DAYS = 30;
const BAR = { width: 20, gap: 4, height: 48 };

/** What the last 30 days add up to, and how many calls each day had. */
export function Strip({ agent }: { agent: string | null }) {
  const counts = useSignal<DayCount[] | null>(null);
  const load = async (isCurrent: () => boolean) => {
    const query = { since: dayBefore(DAYS - 1), only: "calls", ...(agent !== null && { agent_id: agent }) };
    const result = await get("/stats", { query });
    if (result.ok && isCurrent()) counts.value = result.value.calls;
  };
  useEffect(() => {
    let isCurrent = true;
    void load(() => isCurrent);
    return () => {
      isCurrent = false;
    };
  }, [agent]);
  useArrivals(() => void load(() => true));

  const known = counts.value;
  const sum = sumOf(known ?? []);
  const success = successOf(sum);
  const facts = [
    ["Calls, 30 days", wholeText(sum.calls)],
    ["Minutes", wholeText(sum.minutes)],
    ["Cost", usdText(sum.costUsd)],
    ["Succeeded", success === null ? "–" : percentText(success)],
  ] as const;
  return (
    <div class="strip" aria-busy={known === null}>
      <dl>
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{known === null ? "\u00a0" : value}</dd>
          </div>
        ))}
      </dl>
      <Spark counts={known ?? []} />
    </div>
  );
}

/** The same numbers are on the page Numbers, with a table: this is a picture of them. */
function Spark({ counts }: { counts: readonly DayCount[] }) {
  const byDay = Map.groupBy(counts, ({ day }) => day);
  const days = lastDays(DAYS).map((day) => ({ day, sum: sumOf(byDay.get(day) ?? []) }));
  const most = Math.max(1, ...days.map(({ sum }) => sum.calls));
  const scale = (BAR.height - 2) / most;
  const [first, last] = [days[0]?.day ?? "", days.at(-1)?.day ?? ""];
  return (
    <svg
      class="spark"
      viewBox={`0 0 ${DAYS * (BAR.width + BAR.gap) - BAR.gap} ${BAR.height}`}
      preserveAspectRatio="none"
      role="img"
      aria-label={`Calls a day from ${shortDay(first)} to ${shortDay(last)}: at most ${wholeText(most)}`}
    >
      {days.map(({ day, sum: { calls, succeeded, failed } }, index) => {
        const x = index * (BAR.width + BAR.gap);
        const other = calls - succeeded - failed;
        const [good, none, bad] = [succeeded * scale, other * scale, failed * scale];
        return (
          <g key={day}>
            <title>{`${shortDay(day)}: ${counted(calls, "call")}, ${wholeText(succeeded)} succeeded, ${wholeText(failed)} failed`}</title>
            <rect class="room" x={x} y="0" width={BAR.width} height={BAR.height} />
            {calls === 0 && <rect class="zero" x={x} y={BAR.height - 2} width={BAR.width} height="2" />}
            <rect class="good" x={x} y={BAR.height - good} width={BAR.width} height={good} />
            <rect class="other" x={x} y={BAR.height - good - none} width={BAR.width} height={none} />
            <rect class="bad" x={x} y={BAR.height - good - none - bad} width={BAR.width} height={bad} />
          </g>
        );
      })}
    </svg>
  );
}
