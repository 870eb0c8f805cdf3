import { clockText, lengthText, spokenLength, usdText } from "../lib/format.ts";
import { callAddress } from "../lib/route.ts";
import { Icon } from "../parts/icon.tsx";
import { memo } from "../parts/memo.ts";
import { Verdict } from "../parts/parts.tsx";
import type { Call } from "./calls.ts";
import { Segments } from "./segments.tsx";

/** A call as a row of the list. On a phone its line of facts is below the summary. A list has up to 1,000 of them. */
export const Row = memo(({ call }: { call: Call }) => {
  const { conversation_id: id, agent_name: agent, matches } = call;
  const foundTitle = matches?.title ?? null;
  const length = call.duration_secs === null ? null : lengthText(call.duration_secs);
  const cost = call.cost_usd === null ? null : usdText(call.cost_usd);
  const found = matches?.turns ?? matches?.summary ?? null;
  return (
    <li class="row" data-id={id}>
      <Verdict value={call.call_successful} isShort />
      <div class="what">
        <a class="title" href={callAddress(id)} dir="auto">
          {foundTitle === null ? titleOf(call) : <Segments segments={foundTitle} />}
        </a>
        <p class="summary" dir="auto">
          {found === null ? (call.summary ?? "") : <Segments segments={found} />}
        </p>
        <p class="line">
          <span class="agent" dir="auto">
            {agent ?? "No agent"}
          </span>
          <span class="num">{length ?? "–"}</span>
          <span class="num">{cost}</span>
          <Recording call={call} />
        </p>
      </div>
      <span class="agent" dir="auto">
        {agent ?? "–"}
      </span>
      <Number call={call} />
      <span class="len num">
        <Recording call={call} />
        <span>
          <span aria-hidden="true">{length ?? "–"}</span>
          <span class="sr">
            {call.duration_secs === null ? "length unknown" : spokenLength(call.duration_secs)}
          </span>
        </span>
      </span>
      <span class="cost num">{cost ?? "–"}</span>
      <time class="num" dateTime={call.started_at ?? undefined}>
        {call.started_at === null ? "–" : clockText(call.started_at)}
      </time>
    </li>
  );
});

/** A call's title; of one that has none, what else tells it from others. */
export function titleOf(
  call: Pick<Call, "title" | "summary" | "external_number" | "conversation_id">,
): string {
  const [first = ""] = (call.summary ?? "").split(/(?<=[.!?])\s/, 1);
  return (
    [call.title, first, call.external_number && `Call with ${call.external_number}`]
      .map((text) => text?.trim() ?? "")
      .find((text) => text !== "") ?? "Call without a title"
  );
}

/** Who is at the other end, and who called whom. */
export function Number({ call }: { call: Pick<Call, "direction" | "external_number"> }) {
  const { direction, external_number: number } = call;
  return (
    <span class="who num">
      {direction !== null && <Icon name={direction === "inbound" ? "inbound" : "outbound"} size={13} />}
      {direction !== null && <span class="sr">{direction}</span>}
      <bdi>{number ?? "–"}</bdi>
    </span>
  );
}

/** Whether there is something to hear: here, or announced and not here. */
function Recording({ call }: { call: Call }) {
  if (call.has_recording) {
    return (
      <span class="has" title="Recording">
        <Icon name="wave" size={14} />
        <span class="sr">with recording</span>
      </span>
    );
  }
  if (call.has_audio !== true) return null;
  return (
    <span class="has missing" title="Recording missing">
      <Icon name="hourglass" size={13} />
      <span class="sr">recording missing</span>
    </span>
  );
}
