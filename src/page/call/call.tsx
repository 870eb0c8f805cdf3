import { useSignal } from "@preact/signals";
import { useEffect, useMemo } from "preact/hooks";
import { get } from "../lib/api.ts";
import type { Failure } from "../lib/api.ts";
import { lengthText, momentText, spokenLength, usdText } from "../lib/format.ts";
import { onKeys } from "../lib/keys.ts";
import { useAnswer } from "../lib/use-answer.ts";
import { callAddress, go, listAddress, replaceAddress, route } from "../lib/route.ts";
import { calls } from "../calls/calls.ts";
import { Number as Caller, titleOf } from "../calls/row.tsx";
import { Boundary } from "../parts/boundary.tsx";
import { Icon } from "../parts/icon.tsx";
import { Empty, Skeleton, Verdict } from "../parts/parts.tsx";
import { Facts } from "./facts.tsx";
import { hasFailed, spansOf } from "./model.ts";
import type { Details, CallRow } from "./model.ts";
import { NoRecording } from "./no-recording.tsx";
import { PlayerBar } from "./player.tsx";
import { createPlayer } from "./player.ts";
import { Transcript } from "./transcript.tsx";

const SKIP_SECONDS = 5;
/** Longer titles are written smaller, and cut after some lines. */
const LONG_CHARS = 100;

/** The view of one call. */
export function Call({ id }: { id: string }) {
  const row = useSignal<CallRow | null>(
    calls.peek().rows.find(({ conversation_id: other }) => other === id) ?? null,
  );
  const details = useSignal<Details | null>(null);
  const failure = useSignal<Failure | null>(null);

  const tries = useSignal(0);
  /** Of the list's rows, the one that is known is shown until something has been fetched. */
  const isKnown = row.peek() !== null && tries.peek() === 0;
  const reload = () => {
    tries.value += 1;
  };
  useAnswer(
    (abort) => get("/conversations/{id}/details", { id, signal: abort }),
    (result) => {
      failure.value = result.ok ? null : result;
      if (result.ok) details.value = result.value;
    },
    [id, tries.value],
  );
  useAnswer(
    (abort) => (isKnown ? null : get("/conversations/{id}", { id, signal: abort })),
    (result) => {
      if (result.ok) row.value = result.value;
    },
    [id, tries.value],
  );
  useEffect(() => onKeys({ Escape: leave }), []);
  useEffect(() => {
    document.title = row.value === null ? "Call" : titleOf(row.value);
  }, [row.value]);

  if (failure.value !== null) return <NoCall failure={failure.value} tryAgain={reload} />;
  return (
    <article class="wrap call">
      <Crumbs newer={details.value?.newer ?? null} older={details.value?.older ?? null} />
      {row.value === null ? <Skeleton rows={2} /> : <Head row={row.value} />}
      {row.value === null || details.value === null ? (
        <Skeleton rows={6} />
      ) : (
        <Content row={row.value} details={details.value} reload={reload} />
      )}
    </article>
  );
}

/** Back to the list: it is at its place. */
function leave(): void {
  go(listAddress.value);
}

function Crumbs({ newer, older }: { newer: string | null; older: string | null }) {
  useEffect(
    () =>
      onKeys({
        "[": () => newer !== null && replaceAddress(callAddress(newer)),
        "]": () => older !== null && replaceAddress(callAddress(older)),
      }),
    [newer, older],
  );
  const neighbour = (id: string | null, label: string, key: string, icon: "back" | "next") =>
    id !== null && (
      <a
        href={callAddress(id)}
        aria-label={label}
        title={`${label} (${key})`}
        onClick={(event) => {
          if (event.ctrlKey || event.metaKey || event.shiftKey) return;
          event.preventDefault();
          replaceAddress(callAddress(id));
        }}
      >
        <Icon name={icon} size={18} />
      </a>
    );
  return (
    <nav class="crumbs" aria-label="Calls">
      <a class="to-calls" href={listAddress}>
        <Icon name="back" /> Calls
      </a>
      <span class="grow" />
      {neighbour(newer, "Newer call", "[", "back")}
      {neighbour(older, "Older call", "]", "next")}
    </nav>
  );
}

function Head({ row }: { row: CallRow }) {
  const title = titleOf(row);
  return (
    <header class="head">
      <h1
        dir="auto"
        class={title.length > LONG_CHARS ? "long" : ""}
        title={title.length > LONG_CHARS ? title : undefined}
      >
        {title}
      </h1>
      <div class="meta">
        <Verdict value={row.call_successful} />
        {row.agent_name !== null && <span dir="auto">{row.agent_name}</span>}
        {(row.external_number !== null || row.direction !== null) && <Caller call={row} />}
        {row.started_at !== null && (
          <time class="num" dateTime={row.started_at}>
            <Icon name="calendar" size={15} /> {momentText(row.started_at)}
          </time>
        )}
        {row.duration_secs !== null && (
          <span class="num">
            <Icon name="clock" size={15} />
            <span aria-hidden="true">{lengthText(row.duration_secs)}</span>
            <span class="sr">{spokenLength(row.duration_secs)}</span>
          </span>
        )}
        {row.cost_usd !== null && <span class="num">{usdText(row.cost_usd, 3)}</span>}
      </div>
    </header>
  );
}

function Content(props: { row: CallRow; details: Details; reload: () => void }) {
  const { row, details, reload } = props;
  const id = row.conversation_id;
  const start = Number(route.peek().query.get("t"));
  const player = useMemo(
    () =>
      row.has_recording
        ? createPlayer(row.duration_secs ?? 0, Number.isFinite(start) ? Math.max(0, start) : 0)
        : null,
    [id, row.has_recording],
  );
  const drawn = useMemo(() => {
    const tools = details.turns.flatMap(({ tools: used, time_in_call_secs: at }) =>
      at === null ? [] : used.map((tool) => ({ at, isBad: hasFailed(tool) })),
    );
    return { spans: spansOf(details.turns), tools };
  }, [details]);
  useEffect(() => {
    if (player === null) return undefined;
    return onKeys({
      " ": player.toggle,
      ArrowLeft: () => player.seek(player.time.peek() - SKIP_SECONDS),
      ArrowRight: () => player.seek(player.time.peek() + SKIP_SECONDS),
    });
  }, [player]);

  return (
    <>
      {player === null ? (
        <NoRecording row={row} onFetched={reload} />
      ) : (
        <PlayerBar id={id} player={player} drawn={drawn} />
      )}
      <div class="columns">
        <Boundary of={id} isSmall>
          {details.turns.length > 0 ? (
            <Transcript
              key={player === null ? "read" : "heard"}
              turns={details.turns}
              spans={drawn.spans}
              player={player}
            />
          ) : (
            <NoTranscript hasRecording={row.has_recording} />
          )}
        </Boundary>
        <Boundary of={id} isSmall>
          <Facts row={row} details={details} play={player?.playFrom ?? null} />
        </Boundary>
      </div>
    </>
  );
}

function NoTranscript({ hasRecording }: { hasRecording: boolean }) {
  return (
    <Empty icon="inbox" title="No transcript">
      <p>
        {hasRecording
          ? "Only the recording of this call has arrived. ElevenLabs sends the transcript in an event of its own."
          : "The event of this call holds no turns, or it was stored while ENABLE_TRANSCRIPT_STORAGE was off."}
      </p>
    </Empty>
  );
}

function NoCall({ failure, tryAgain }: { failure: Failure; tryAgain: () => void }) {
  const isGone = failure.status === 404;
  return (
    <div class="wrap">
      <Empty
        icon={isGone ? "trash" : "alert"}
        title={isGone ? "This call is not here" : "The call can't be shown"}
      >
        <p>{isGone ? "It was erased, or it has not arrived yet." : `${failure.error}.`}</p>
        {isGone ? (
          <a class="button" href="#/calls">
            Show all calls
          </a>
        ) : (
          <button class="button" onClick={tryAgain}>
            Try again
          </button>
        )}
      </Empty>
    </div>
  );
}
