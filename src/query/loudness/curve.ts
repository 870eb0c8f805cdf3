import { createFrameReader } from "./frames.ts";
import type { Frame } from "./frames.ts";

/** How loud a recording is, step by step. */
export type Loudness = {
  seconds: number;
  stepSeconds: number;
  /** From 0 to 255, on a scale of decibels. Empty if nothing in the recording can be read. */
  levels: Uint8Array;
};

/** Changes if the same recording gives another curve. */
export const LOUDNESS_VERSION = 1;

/** At most this many steps, and at least half as many of a long recording. */
const STEPS_MAX = 32_768;
/** Of a short one: about a twentieth of a second. */
const FRAMES_A_STEP_MIN = 2;
/** What is softer than the loudest by this much is shown as silence. */
const RANGE_DB = 40;
/** The loudest: a click is louder than all that is said. */
const LOUD_QUANTILE = 0.99;

/** Makes the curve of a recording that comes piece by piece. Its memory does not grow with the recording. */
export function createCurve() {
  let framesAStep = FRAMES_A_STEP_MIN;
  let steps: number[] = [];
  let seconds = 0;
  let frameCount = 0;
  let sum = 0;
  const reader = createFrameReader(take);

  function take(frame: Frame): void {
    seconds += frame.seconds;
    frameCount += 1;
    sum += Math.sqrt(frame.amplitude);
    if (frameCount % framesAStep === 0) endStep(framesAStep);
  }

  function endStep(frames: number): void {
    steps.push(sum / frames);
    sum = 0;
    if (steps.length < STEPS_MAX) return;
    framesAStep *= 2;
    steps = Array.from({ length: steps.length / 2 }, (_, index) => {
      const [first = 0, second = 0] = steps.slice(2 * index, 2 * index + 2);
      return (first + second) / 2;
    });
  }

  return {
    push: reader.push,

    end(): Loudness {
      reader.end();
      const left = frameCount % framesAStep;
      if (left > 0) endStep(left);
      const stepSeconds = frameCount === 0 ? 0 : (seconds / frameCount) * framesAStep;
      return { seconds, stepSeconds, levels: levelsOf(steps.map((step) => step * step)) };
    },
  };
}

function levelsOf(amplitudes: readonly number[]): Uint8Array {
  const sorted = amplitudes.toSorted((a, b) => a - b);
  const loud = sorted[Math.floor(sorted.length * LOUD_QUANTILE)] ?? 0;
  return Uint8Array.from(amplitudes, (amplitude) => levelOf(amplitude, loud === 0 ? 1 : loud));
}

function levelOf(amplitude: number, loud: number): number {
  const decibels = 20 * Math.log10(Math.max(amplitude, Number.MIN_VALUE) / loud);
  return Math.round(255 * Math.max(0, Math.min(1, 1 + decibels / RANGE_DB)));
}
