import { useSignal, useSignalEffect } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { addressOf, get } from "../lib/api.ts";
import { lengthText, spokenLength } from "../lib/format.ts";
import { useAnswer } from "../lib/use-answer.ts";
import { useWidth } from "../lib/use-width.ts";
import { theme } from "../lib/theme.ts";
import { Icon } from "../parts/icon.tsx";
import type { SpokenSpan } from "./model.ts";
import type { Player } from "./player.ts";
import { draw } from "./wave.ts";
import type { Levels, Picture } from "./wave.ts";

const RATES = [0.75, 1, 1.25, 1.5, 1.75, 2];
/** Above this, a second picture shows what is near. */
const LONG_SECONDS = 600;
const NEAR_SECONDS = 120;

type Drawn = { spans: readonly SpokenSpan[]; tools: Picture["tools"] };

/** The recording: its picture, a slider over it, and the buttons. */
export function PlayerBar({ id, player, drawn }: { id: string; player: Player; drawn: Drawn }) {
  const levels = useSignal<Levels | null>(null);
  const audio = useRef<HTMLAudioElement>(null);
  useEffect(() => {
    player.attach(audio.current);
    return () => player.attach(null);
  }, [player]);
  useAnswer(
    (abort) => get("/conversations/{id}/loudness", { id, signal: abort }),
    (result) => {
      if (!result.ok) return;
      const { seconds, step_seconds: stepSeconds, levels: base64 } = result.value;
      levels.value = { stepSeconds, values: bytesOf(base64) };
      if (player.seconds.value === 0) player.seconds.value = seconds;
    },
    [id],
  );

  const source = addressOf("/conversations/{id}/audio", id);
  if (player.hasFailed.value) {
    return (
      <p class="player no-audio" role="alert">
        <Icon name="alert" /> The recording can't be played: it is not in its place on disk, or no MP3. The
        log of the receiver names it.
      </p>
    );
  }
  const seconds = player.seconds.value;
  const isLong = seconds > LONG_SECONDS;
  return (
    <section class="player" aria-label="Recording">
      <audio ref={audio} src={source} preload="metadata" {...player.events} />
      <Slider player={player}>
        <Wave class={isLong ? "overview" : ""} player={player} drawn={drawn} levels={levels.value} />
      </Slider>
      {isLong && <Wave class="near" player={player} drawn={drawn} levels={levels.value} isNear />}
      <div class="transport">
        <button
          class="play"
          aria-label={player.isPlaying.value ? "Pause" : "Play"}
          title={player.isPlaying.value ? "Pause (space)" : "Play (space)"}
          onClick={player.toggle}
        >
          <Icon name={player.isPlaying.value ? "pause" : "play"} size={20} />
        </button>
        <Clock player={player} />
        <ul class="legend">
          <li>
            <i class="agent" /> Agent
          </li>
          <li>
            <i class="user" /> Caller
          </li>
          {drawn.tools.length > 0 && (
            <li>
              <i class="tools" /> Tool
            </li>
          )}
        </ul>
        <span class="grow" />
        <select
          class="select rate"
          aria-label="Speed"
          value={player.rate}
          onChange={({ currentTarget }) => player.setRate(Number(currentTarget.value))}
        >
          {RATES.map((rate) => (
            <option key={rate} value={rate}>
              {rate}×
            </option>
          ))}
        </select>
        <a
          class="quiet icon-button"
          href={source}
          download={`${id}.mp3`}
          aria-label="Download the recording"
          title="Download"
        >
          <Icon name="download" size={18} />
        </a>
      </div>
    </section>
  );
}

/** A range input, unseen above the picture: keys, touch and screen readers work as with any other. */
function Slider({ player, children }: { player: Player; children: preact.ComponentChildren }) {
  const hint = useSignal<{ share: number; text: string } | null>(null);
  const { time, seconds } = player;
  return (
    <div
      class="slider"
      onPointerMove={(event) => {
        const { left, width } = event.currentTarget.getBoundingClientRect();
        const share = Math.min(1, Math.max(0, (event.clientX - left) / width));
        hint.value =
          event.pointerType === "mouse" ? { share, text: lengthText(share * seconds.value) } : null;
      }}
      onPointerLeave={() => (hint.value = null)}
    >
      {children}
      <input
        type="range"
        aria-label="Place in the recording"
        aria-valuetext={`${spokenLength(time.value)} of ${spokenLength(seconds.value)}`}
        min={0}
        max={Math.max(0.1, seconds.value)}
        step={0.1}
        value={time}
        onInput={({ currentTarget }) => player.seek(Number(currentTarget.value))}
      />
      {hint.value !== null && (
        <span class="hint num" style={{ left: `${hint.value.share * 100}%` }}>
          {hint.value.text}
        </span>
      )}
    </div>
  );
}

function Clock({ player }: { player: Player }) {
  return (
    <span class="clock num">
      <b>{lengthText(player.time.value)}</b> / {lengthText(player.seconds.value)}
    </span>
  );
}

type WaveProps = { class: string; player: Player; drawn: Drawn; levels: Levels | null; isNear?: boolean };

/** The picture of the whole, or of what is near the current time: a click there goes there. */
function Wave({ class: name, player, drawn, levels, isNear = false }: WaveProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const wide = useWidth(canvas);
  const known = useRef({ drawn, levels });
  known.current = { drawn, levels };

  const part = () => {
    const [now, seconds] = [player.time.value, player.seconds.value];
    const from = Math.min(Math.max(0, now - NEAR_SECONDS / 2), Math.max(0, seconds - NEAR_SECONDS));
    const around = { from, to: from + NEAR_SECONDS };
    if (isNear) return { ...around, now, near: null };
    return { from: 0, to: seconds, now, near: seconds > LONG_SECONDS ? around : null };
  };
  const paint = () => {
    if (canvas.current !== null)
      draw(canvas.current, { ...known.current.drawn, levels: known.current.levels, ...part() });
  };
  useEffect(paint, [drawn, levels, wide]);
  useSignalEffect(() => {
    // The colours are those of the page: they have changed once it is drawn again.
    void theme.value;
    requestAnimationFrame(paint);
  });
  useSignalEffect(() => {
    void player.time.value;
    void player.seconds.value;
    paint();
  });
  return (
    <canvas
      ref={canvas}
      class={`wave ${name}`}
      aria-hidden="true"
      onClick={(event) => {
        const { left, width } = event.currentTarget.getBoundingClientRect();
        const { from, to } = part();
        player.seek(from + ((event.clientX - left) / width) * (to - from));
      }}
    />
  );
}

function bytesOf(base64: string): Uint8Array {
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}
