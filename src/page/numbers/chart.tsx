import { useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useRef } from "preact/hooks";
import { shortDay } from "../lib/format.ts";
import { successOf } from "../lib/stats.ts";
import type { Sum } from "../lib/stats.ts";
import { useWidth } from "../lib/use-width.ts";
import { Card } from "../parts/parts.tsx";
import { ticksOf } from "./series.ts";
import type { Series } from "./series.ts";

const HEIGHT = 170;
const EDGE = { top: 8, bottom: 22, left: 46, right: 2 };
const PLOT_HEIGHT = HEIGHT - EDGE.top - EDGE.bottom;
const LABEL_PIXELS = 80;
const BAR_PIXELS_MAX = 28;

/** What a chart shows of a sum, and how it is written. */
export type Measure = { title: string; valueOf: (sum: Sum) => number; textOf: (value: number) => string };

type Props = { series: Series; measure: Measure };

/** Bars by day, in a colour for each agent. */
export function BarChart({ series, measure }: Props) {
  const { days, sums, groups, totals } = series;
  const ticks = ticksOf(Math.max(...totals.map(measure.valueOf)));
  const top = ticks.at(-1) ?? 1;
  return (
    <ChartCard series={series} measure={measure} total={measure.textOf(measure.valueOf(series.all))}>
      {(plot) => (
        <Plot {...plot} days={days} ticks={ticks} textOf={measure.textOf}>
          {sums.map((ofDay, day) => {
            let base = 0;
            return ofDay.map((sum, group) => {
              const value = measure.valueOf(sum);
              const height = (value / top) * PLOT_HEIGHT;
              base += height;
              if (height === 0) return null;
              const { left, width } = barAt(plot.width, days.length, day);
              const gap = height > 3 ? 1 : 0;
              return (
                <rect
                  key={`${day}/${group}`}
                  class={`fill c${groups[group]?.colour ?? 0}`}
                  x={left}
                  y={EDGE.top + PLOT_HEIGHT - base}
                  width={width}
                  height={height - gap}
                  rx={Math.min(2, width / 4, height / 2)}
                />
              );
            });
          })}
        </Plot>
      )}
    </ChartCard>
  );
}

const successes: Measure = {
  title: "Succeeded",
  valueOf: (sum) => successOf(sum) ?? 0,
  textOf: (value) => `${Math.round(value * 100)}%`,
};

/** The share of calls that succeeded, as a line: days without a verdict are left out. */
export function SuccessChart({ series }: { series: Series }) {
  const { days, totals, all } = series;
  const share = successOf(all);
  return (
    <ChartCard series={series} measure={successes} total={share === null ? "–" : successes.textOf(share)}>
      {(plot) => {
        const points = totals.flatMap((sum, day) => {
          const value = successOf(sum);
          if (value === null) return [];
          const { left, width } = barAt(plot.width, days.length, day);
          return [{ x: left + width / 2, y: EDGE.top + (1 - value) * PLOT_HEIGHT }];
        });
        return (
          <Plot {...plot} days={days} ticks={[0, 0.5, 1]} textOf={successes.textOf}>
            <polyline class="line" points={points.map(({ x, y }) => `${x},${y}`).join(" ")} />
            {days.length <= 90 &&
              points.map(({ x, y }) => <circle key={x} class="point" cx={x} cy={y} r="2.5" />)}
          </Plot>
        );
      }}
    </ChartCard>
  );
}

type PlotPlace = { width: number; hovered: number | null; onHover: (day: number | null) => void };

function ChartCard(props: Props & { total: string; children: (plot: PlotPlace) => ComponentChildren }) {
  const { series, measure, total } = props;
  const { days, totals } = series;
  const frame = useRef<HTMLDivElement>(null);
  const width = useWidth(frame);
  const hovered = useSignal<number | null>(null);
  const isOpen = useSignal(false);
  const day = hovered.value;
  const sum = day === null ? undefined : totals[day];
  const aside =
    day === null || sum === undefined
      ? `${days.length} days`
      : `${shortDay(days[day] ?? "")}: ${measure.textOf(measure.valueOf(sum))}`;
  return (
    <Card class="chart" title={measure.title} aside={<span class="num">{aside}</span>}>
      <p class="total num">{total}</p>
      <div ref={frame} class="frame">
        {width > 0 && props.children({ width, hovered: day, onHover: (next) => (hovered.value = next) })}
      </div>
      <details class="as-table" onToggle={({ currentTarget }) => (isOpen.value = currentTarget.open)}>
        <summary>As a table</summary>
        {isOpen.value && <DayTable series={series} measure={measure} />}
      </details>
    </Card>
  );
}

/** A chart's axes and what is drawn between them. What it says is in its table. */
function Plot(
  props: PlotPlace & {
    days: string[];
    ticks: number[];
    textOf: (value: number) => string;
    children: ComponentChildren;
  },
) {
  const { width, days, ticks, hovered } = props;
  const top = ticks.at(-1) ?? 1;
  const every = Math.max(1, Math.ceil((days.length * LABEL_PIXELS) / (width - EDGE.left)));
  const labelled = days.flatMap((day, index) =>
    (days.length - 1 - index) % every === 0 ? [{ day, index }] : [],
  );
  const column = hovered === null ? null : barAt(width, days.length, hovered);
  return (
    <svg
      width={width}
      height={HEIGHT}
      aria-hidden="true"
      onPointerMove={(event) => {
        const { left } = event.currentTarget.getBoundingClientRect();
        const share = (event.clientX - left - EDGE.left) / (width - EDGE.left - EDGE.right);
        props.onHover(share >= 0 && share < 1 ? Math.floor(share * days.length) : null);
      }}
      onPointerLeave={() => props.onHover(null)}
    >
      {ticks.map((tick) => {
        const y = Math.round(EDGE.top + (1 - tick / top) * PLOT_HEIGHT) + 0.5;
        return (
          <g key={tick}>
            <line class="grid" x1={EDGE.left} x2={width - EDGE.right} y1={y} y2={y} />
            <text x={EDGE.left - 8} y={y + 4} text-anchor="end">
              {props.textOf(tick)}
            </text>
          </g>
        );
      })}
      {column !== null && (
        <rect
          class="hover"
          x={column.left - 1}
          y={EDGE.top}
          width={column.width + 2}
          height={PLOT_HEIGHT}
          rx="2"
        />
      )}
      {props.children}
      {labelled.map(({ day, index }) => {
        const { left, width: wide } = barAt(width, days.length, index);
        const isLast = index === days.length - 1;
        return (
          <text
            key={day}
            x={isLast ? width - EDGE.right : left + wide / 2}
            y={HEIGHT - 4}
            text-anchor={isLast ? "end" : "middle"}
          >
            {shortDay(day)}
          </text>
        );
      })}
    </svg>
  );
}

/** Where the bar of a day is. */
function barAt(width: number, dayCount: number, day: number): { left: number; width: number } {
  const room = (width - EDGE.left - EDGE.right) / dayCount;
  const wide = Math.max(1, Math.min(BAR_PIXELS_MAX, room * 0.78));
  return { left: EDGE.left + day * room + (room - wide) / 2, width: wide };
}

function DayTable({ series: { days, groups, sums, totals }, measure }: Props) {
  const textOf = (sum: Sum | undefined) => (sum === undefined ? "" : measure.textOf(measure.valueOf(sum)));
  const isSplit = groups.length > 1;
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label={`${measure.title} by day`}>
      <table>
        <thead>
          <tr>
            <th scope="col">Day</th>
            {isSplit &&
              groups.map(({ key, name }) => (
                <th scope="col" key={key}>
                  {name}
                </th>
              ))}
            <th scope="col">All</th>
          </tr>
        </thead>
        <tbody>
          {days.map((day, index) => (
            <tr key={day}>
              <th scope="row">{shortDay(day)}</th>
              {isSplit && groups.map(({ key }, group) => <td key={key}>{textOf(sums[index]?.[group])}</td>)}
              <td>{textOf(totals[index])}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
