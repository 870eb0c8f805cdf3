import { useComputed } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { dayHeading, dayOf, wholeText } from "../lib/format.ts";
import { onKeys } from "../lib/keys.ts";
import { callsAddress, go, route } from "../lib/route.ts";
import { useArrivals } from "../lib/use-arrivals.ts";
import { Skeleton } from "../parts/parts.tsx";
import { calls, moreCalls, refreshCalls, ROWS_MAX, showCalls } from "./calls.ts";
import type { Call } from "./calls.ts";
import { askedFor, changed, isFiltered } from "./filter.ts";
import { Filters } from "./filters.tsx";
import { NoCalls } from "./no-calls.tsx";
import { keepPlace, restorePlace } from "./place.ts";
import { Row } from "./row.tsx";
import { Strip } from "./strip.tsx";

/** The view of all calls: what they add up to, what narrows them down, and the calls by day. */
export function List() {
  const query = useComputed(() => route.value.query);
  const key = query.value.toString();
  const asked = askedFor(query.value);

  useEffect(() => {
    document.title = "Calls";
    void showCalls(asked, key).then(() => restorePlace(key));
    return keepPlace(key);
  }, [key]);
  useArrivals(() => void refreshCalls(askedFor(query.value)));

  useEffect(() => onKeys({ j: () => step(1), k: () => step(-1) }), []);

  const { rows, isLoading, next, failure } = calls.value;
  return (
    <div class="wrap calls">
      <h1 class="sr">Calls</h1>
      <Strip agent={query.value.get("agent")} />
      <Filters query={query.value} />
      {rows.length === 0 && isLoading && <Skeleton rows={8} />}
      {rows.length === 0 && !isLoading && <NoCalls query={query.value} failure={failure} />}
      {days(rows).map(([day, ofDay]) => (
        <section class="day" key={day}>
          <h2>{day === "" ? "Beginning unknown" : dayHeading(day)}</h2>
          <ul class="rows">
            {ofDay.map((call) => (
              <Row key={call.conversation_id} call={call} />
            ))}
          </ul>
        </section>
      ))}
      {rows.length > 0 && (
        <End asked={asked} query={query.value} isMore={next !== null} isFull={rows.length >= ROWS_MAX} />
      )}
      <p class="sr" role="status">
        {isLoading
          ? ""
          : `${wholeText(rows.length)} calls shown${isFiltered(query.value) ? ", filtered" : ""}`}
      </p>
    </div>
  );
}

/** Moves the focus to the next or the previous call. */
function step(by: 1 | -1): void {
  const links = [...document.querySelectorAll<HTMLElement>(".row .title")];
  const at = links.findIndex((link) => link === document.activeElement);
  const next = links[Math.min(Math.max(0, at + by), links.length - 1)];
  next?.focus({ preventScroll: true });
  next?.closest(".row")?.scrollIntoView({ block: "nearest" });
}

/** The calls by the local day of their beginning, in the order in which they are. */
function days(rows: readonly Call[]): [string, Call[]][] {
  const found: [string, Call[]][] = [];
  for (const call of rows) {
    const day = call.started_at === null ? "" : dayOf(new Date(call.started_at));
    const last = found.at(-1);
    if (last !== undefined && last[0] === day) last[1].push(call);
    else found.push([day, [call]]);
  }
  return found;
}

/** The list's end: fetches more when it comes near, and says how to go on if there is too much for one page. */
function End(props: {
  asked: Record<string, string>;
  query: URLSearchParams;
  isMore: boolean;
  isFull: boolean;
}) {
  const end = useRef<HTMLDivElement>(null);
  const { isLoading, rows, failure } = calls.value;
  const goesOn = props.isMore && !props.isFull;

  useEffect(() => {
    const element = end.current;
    if (element === null || !goesOn || isLoading || failure !== null) return undefined;
    const observer = new IntersectionObserver(
      (entries) => {
        // On a busy machine one call tells of several moments: the last one counts.
        if (entries.at(-1)?.isIntersecting === true) void moreCalls(props.asked);
      },
      { rootMargin: "800px" },
    );
    observer.observe(element);
    return () => observer.disconnect();
  }, [goesOn, isLoading, rows.length, failure]);

  if (failure !== null) {
    return (
      <div class="end" role="alert">
        {failure.error}.{" "}
        <button class="button" onClick={() => void moreCalls(props.asked)}>
          Try again
        </button>
      </div>
    );
  }
  if (props.isFull) return <GoToDate query={props.query} last={rows.at(-1)} />;
  return (
    <div class="end" ref={end}>
      {goesOn
        ? "Loading more…"
        : `That is all: ${rows.length === 1 ? "one call" : `${wholeText(rows.length)} calls`}`}
    </div>
  );
}

function GoToDate({ query, last }: { query: URLSearchParams; last: Call | undefined }) {
  const started = last?.started_at ?? null;
  const day = started === null ? "" : dayOf(new Date(started));
  return (
    <form
      class="end go-to-date"
      onSubmit={(event) => {
        event.preventDefault();
        const chosen = String(new FormData(event.currentTarget).get("day"));
        if (chosen !== "") go(callsAddress(changed(query, "until", chosen)));
      }}
    >
      <label for="end-day">{wholeText(ROWS_MAX)} calls are shown. To see older ones, go to a date:</label>
      <input class="date" id="end-day" name="day" type="date" defaultValue={day} required />
      <button class="button">Go</button>
    </form>
  );
}
