import { useSignal } from "@preact/signals";
import { get } from "../lib/api.ts";
import { wholeText } from "../lib/format.ts";
import { arrivals } from "../lib/live.ts";
import { dayBefore } from "../lib/stats.ts";
import { useAnswer } from "../lib/use-answer.ts";
import { Card } from "../parts/parts.tsx";

const DAYS = 30;

type Arrivals = { type: string; count: number; today: number };

/** Which events arrived in the last days, by type. */
export function Arrived() {
  const types = useSignal<Arrivals[] | null>(null);
  useAnswer(
    (abort) => get("/stats", { query: { since: dayBefore(DAYS - 1), only: "deliveries" }, signal: abort }),
    (result) => {
      if (!result.ok) return;
      const today = dayBefore(0);
      const byType = [...Map.groupBy(result.value.deliveries, ({ type }) => type ?? "not readable")];
      types.value = byType
        .map(([type, ofType]) => ({
          type,
          count: ofType.reduce((sum, { count }) => sum + count, 0),
          today: ofType.reduce((sum, { count, day }) => sum + (day === today ? count : 0), 0),
        }))
        .toSorted((a, b) => b.count - a.count);
    },
    [arrivals.value],
  );
  if (types.value === null) return null;
  return (
    <Card title="What arrived" aside={`${DAYS} days`}>
      {types.value.length === 0 ? (
        <p class="fine">No event has arrived in these days.</p>
      ) : (
        <div class="scroll" tabIndex={0} role="region" aria-label="What arrived">
          <table>
            <thead>
              <tr>
                <th scope="col">Type</th>
                <th scope="col">Today</th>
                <th scope="col">Events</th>
              </tr>
            </thead>
            <tbody>
              {types.value.map(({ type, count, today }) => (
                <tr key={type}>
                  <th scope="row">
                    <code>{type}</code>
                  </th>
                  <td>{wholeText(today)}</td>
                  <td>{wholeText(count)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </Card>
  );
}
