import { signal } from "@preact/signals";

export type Player = ReturnType<typeof createPlayer>;

/** Drives one `audio` element and says where it is. */
export function createPlayer(usualSeconds: number, startSeconds: number) {
  const time = signal(startSeconds);
  const seconds = signal(usualSeconds);
  const isPlaying = signal(false);
  const rate = signal(1);
  const hasFailed = signal(false);
  let audio: HTMLAudioElement | null = null;
  let frame = 0;

  const tell = () => {
    if (audio !== null) time.value = audio.currentTime;
  };
  // The element tells its time four times a second: too seldom for a line that moves.
  const follow = () => {
    tell();
    if (isPlaying.value) frame = requestAnimationFrame(follow);
  };

  const player = {
    time,
    seconds,
    isPlaying,
    rate,
    hasFailed,

    attach(element: HTMLAudioElement | null): void {
      audio = element;
      if (element === null) {
        cancelAnimationFrame(frame);
        isPlaying.value = false;
        return;
      }
      // Browsers tell no fault of a recording that is not asked for yet; this one may be.
      if (startSeconds > 0) element.currentTime = startSeconds;
    },

    /** What the element tells. */
    events: {
      onPlay: () => {
        isPlaying.value = true;
        frame = requestAnimationFrame(follow);
      },
      onPause: () => {
        isPlaying.value = false;
        tell();
      },
      onTimeUpdate: tell,
      onSeeked: tell,
      onDurationChange: () => {
        if (audio !== null && Number.isFinite(audio.duration) && audio.duration > 0)
          seconds.value = audio.duration;
      },
      onError: () => {
        hasFailed.value = true;
        isPlaying.value = false;
      },
    },

    toggle(): void {
      if (audio?.paused === true) start(audio);
      else audio?.pause();
    },

    seek(to: number): void {
      if (audio === null) return;
      const within = Math.min(Math.max(0, to), seconds.value);
      audio.currentTime = within;
      time.value = within;
    },

    playFrom(from: number): void {
      player.seek(from);
      if (audio?.paused === true) start(audio);
    },

    setRate(to: number): void {
      rate.value = to;
      if (audio !== null) audio.playbackRate = to;
    },
  };
  return player;
}

function start(audio: HTMLAudioElement): void {
  // Refused if the view is left meanwhile: its error event tells what else is wrong.
  audio.play().catch(() => {});
}
