import { useSignal, useSignalEffect } from "@preact/signals";
import { useEffect, useMemo, useRef } from "preact/hooks";
import { memo } from "../parts/memo.ts";
import { lengthText } from "../lib/format.ts";
import { onKeys } from "../lib/keys.ts";
import { Icon } from "../parts/icon.tsx";
import { spanAt, speakerOf, toneOf } from "./model.ts";
import type { SpokenSpan, Turn } from "./model.ts";
import type { Player } from "./player.ts";
import { Tool } from "./tool.tsx";
import { TurnNotes } from "./turn-notes.tsx";

/** A scroll of ours is over by then. */
const SCROLL_MS = 900;

type Props = { turns: readonly Turn[]; spans: readonly SpokenSpan[]; player: Player | null };

/** What was said, running along with the recording until somebody scrolls. */
export function Transcript({ turns, spans, player }: Props) {
  const list = useRef<HTMLOListElement>(null);
  const isFollowing = useSignal(true);
  const ownScrollUntilMs = useRef(0);
  /** Of turns of one second: the one that was chosen, until the time has gone on. */
  const chosen = useRef<number | null>(null);

  const playTurn = useMemo(
    () => (index: number) => {
      const from = turns[index]?.time_in_call_secs ?? null;
      if (player === null || from === null) return;
      chosen.current = index;
      isFollowing.value = true;
      player.playFrom(from);
    },
    [turns, player],
  );
  const show = (index: number) => {
    const element = list.current?.querySelector<HTMLElement>(`[data-turn="${index}"]`);
    if (element === null || element === undefined || isInView(element)) return;
    ownScrollUntilMs.current = performance.now() + SCROLL_MS;
    const isCalm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    element.scrollIntoView({ block: "center", behavior: isCalm ? "auto" : "smooth" });
  };

  const current = useRef<number | null>(null);
  useSignalEffect(() => {
    if (player === null) return;
    const time = player.time.value;
    const isStarted = time > 0 || player.isPlaying.value;
    const index = isStarted ? currentTurn(spans, time, turns, chosen) : null;
    if (index !== current.current) {
      mark(list.current, current.current, index);
      current.current = index;
    } else return;
    if (index !== null && isFollowing.peek()) show(index);
  });
  // Turns drawn again have lost the mark.
  useEffect(() => mark(list.current, null, current.current));

  useEffect(() => {
    const stop = () => {
      if (performance.now() > ownScrollUntilMs.current && player?.isPlaying.peek() === true)
        isFollowing.value = false;
    };
    const stopNow = () => {
      if (player?.isPlaying.peek() === true) isFollowing.value = false;
    };
    addEventListener("scroll", stop, { passive: true });
    addEventListener("wheel", stopNow, { passive: true });
    addEventListener("touchmove", stopNow, { passive: true });
    return () => {
      removeEventListener("scroll", stop);
      removeEventListener("wheel", stopNow);
      removeEventListener("touchmove", stopNow);
    };
  }, [player]);
  useEffect(() => onKeys({ j: () => step(list.current, 1), k: () => step(list.current, -1) }), []);

  const isBehind = player !== null && !isFollowing.value && player.isPlaying.value;
  return (
    <section class="transcript" aria-label="Transcript">
      <ol ref={list}>
        {turns.map((turn, index) => (
          <TurnItem
            key={index}
            turn={turn}
            index={index}
            isSame={isSameSpeaker(turns, index)}
            agentBefore={agentBefore(turns, index)}
            play={player === null ? null : playTurn}
          />
        ))}
      </ol>
      {isBehind && (
        <button
          class="button follow"
          onClick={() => {
            isFollowing.value = true;
            if (current.current !== null) show(current.current);
          }}
        >
          <Icon name="wave" /> Follow along
        </button>
      )}
    </section>
  );
}

function currentTurn(
  spans: readonly SpokenSpan[],
  time: number,
  turns: readonly Turn[],
  chosen: { current: number | null },
): number | null {
  const span = spanAt(spans, time);
  if (span === null) return null;
  const from = chosen.current === null ? null : (turns[chosen.current]?.time_in_call_secs ?? null);
  if (chosen.current !== null && from === span.from) return chosen.current;
  chosen.current = null;
  return span.index;
}

/** Moves the mark from one turn to another, without drawing the rest again. */
function mark(list: HTMLElement | null, before: number | null, now: number | null): void {
  if (before !== null) list?.querySelector(`[data-turn="${before}"]`)?.removeAttribute("aria-current");
  if (now !== null) list?.querySelector(`[data-turn="${now}"]`)?.setAttribute("aria-current", "true");
}

/** Whether it can be read: below the player, and not at the very end of the window. */
function isInView(element: HTMLElement): boolean {
  const { top, bottom } = element.getBoundingClientRect();
  const player = document.querySelector(".player")?.getBoundingClientRect().bottom ?? 0;
  return top >= player && bottom <= innerHeight * 0.85;
}

function step(list: HTMLElement | null, by: 1 | -1): void {
  const stops = [...(list?.querySelectorAll<HTMLElement>(".turn") ?? [])];
  const at = stops.findIndex(
    (stop) => stop.contains(document.activeElement) || stop === document.activeElement,
  );
  const current =
    at === -1 ? stops.findIndex((stop) => stop.querySelector('[aria-current="true"]') !== null) : at;
  const next = stops[Math.max(0, Math.min(stops.length - 1, current === -1 ? 0 : current + by))];
  next?.focus({ preventScroll: true });
  next?.scrollIntoView({ block: "nearest" });
}

function isSameSpeaker(turns: readonly Turn[], index: number): boolean {
  const [before, turn] = [turns[index - 1], turns[index]];
  return (
    before !== undefined && before.role === turn?.role && before.tools.length === 0 && before.message !== null
  );
}

/** The agent of the turn before, to tell a transfer; null if it is not known. */
function agentBefore(turns: readonly Turn[], index: number): string | null {
  return turns[index - 1]?.agent_id ?? null;
}

type ItemProps = {
  turn: Turn;
  index: number;
  isSame: boolean;
  agentBefore: string | null;
  play: ((index: number) => void) | null;
};

/** One turn. Drawn again only if it changes: calls may have thousands. */
const TurnItem = memo(({ turn, index, isSame, agentBefore: before, play }: ItemProps) => {
  const {
    role,
    message,
    time_in_call_secs: at,
    tools,
    is_interrupted: isInterrupted,
    agent_id: agent,
  } = turn;
  const canPlay = play !== null && at !== null;
  const isTransferred = agent !== null && before !== null && agent !== before;
  return (
    <li
      class="turn"
      tabIndex={-1}
      hidden={!hasSpeech(turn) && tools.length === 0}
      onKeyDown={(event) => playOnEnter(event, () => play?.(index))}
    >
      {isTransferred && <p class="transfer">Handed over to another agent</p>}
      {hasSpeech(turn) && (
        <div
          class={`speech ${toneOf(role)} ${isSame ? "same" : ""} ${canPlay ? "can-play" : ""}`}
          data-turn={index}
          onClick={(event) => {
            if (canPlay && !isForItself(event)) play(index);
          }}
        >
          <When at={at} play={canPlay ? () => play(index) : null} />
          <div class="said">
            <h3 class="role">{speakerOf(role)}</h3>
            <p dir="auto">
              {message ?? <span class="none">nothing was said</span>}
              {isInterrupted && <span class="cut"> — interrupted</span>}
            </p>
            {isInterrupted && turn.original_message !== null && turn.original_message !== message && (
              <details class="original">
                <summary>What the agent meant to say</summary>
                <p dir="auto">{turn.original_message}</p>
              </details>
            )}
            <TurnNotes turn={turn} />
          </div>
        </div>
      )}
      {tools.map((tool, place) => (
        <Tool key={place} tool={tool} play={canPlay ? () => play(index) : null} />
      ))}
    </li>
  );
});

/** A turn that only uses a tool, or holds nothing but its answer, has no line of its own. */
function hasSpeech({ message, feedback, retrieval, files }: Turn): boolean {
  return message !== null || feedback !== null || retrieval !== null || files.length > 0;
}

function When({ at, play }: { at: number | null; play: (() => void) | null }) {
  if (at === null) return <span class="when" />;
  const text = lengthText(at);
  return (
    <span class="when num">
      {play === null ? (
        text
      ) : (
        <button aria-label={`Play from ${text}`} onClick={play}>
          {text}
        </button>
      )}
    </span>
  );
}

/** Whether a click was meant for something inside, or selected text. */
function isForItself(event: MouseEvent): boolean {
  const target = event.target instanceof Element ? event.target : null;
  const isInside = target !== null && target.closest("button, a, summary, details") !== null;
  return isInside || getSelection()?.isCollapsed === false;
}

function playOnEnter(event: KeyboardEvent, play: () => void): void {
  if (event.key !== "Enter" || event.target !== event.currentTarget) return;
  event.preventDefault();
  play();
}
