import { spanAt } from "./model.ts";
import type { SpokenSpan } from "./model.ts";

/** How loud a recording is, one value from 0 to 255 a step. */
export type Levels = { stepSeconds: number; values: Uint8Array };

export type Picture = {
  levels: Levels | null;
  spans: readonly SpokenSpan[];
  tools: readonly { at: number; isBad: boolean }[];
  /** The part that is drawn, in seconds. */
  from: number;
  to: number;
  /** Where the recording is. */
  now: number;
  /** The part that another picture shows, if there is one. */
  near: { from: number; to: number } | null;
};

const BAR = { width: 2, pitch: 3.5 };
const TOOL_PIXELS = 6;
/** Of many tools, which would run into one bar. */
const THIN_TOOL_PIXELS = 2;
const QUIET = 10;
const MANY_STEPS = 20;
/** Drawn if the curve is not known: who spoke shows all the same. */
const USUAL_LEVEL = 120;

type Pen = {
  context: CanvasRenderingContext2D;
  width: number;
  height: number;
  colour: (name: string) => string;
};

/** Draws loudness by speaker, the tools below it, and a line at the current time. */
export function draw(canvas: HTMLCanvasElement, picture: Picture): void {
  const pen = penOf(canvas);
  if (pen === null) return;
  const { context, width, height } = pen;
  const seconds = Math.max(0.001, picture.to - picture.from);
  const xOf = (time: number) => ((time - picture.from) / seconds) * width;
  const waveHeight = height - (picture.tools.length > 0 ? TOOL_PIXELS * 2 : 0);

  if (picture.near !== null) {
    const [left, right] = [xOf(picture.near.from), xOf(picture.near.to)];
    context.fillStyle = pen.colour("--chosen");
    roundRect(context, { x: left, y: 0, width: Math.max(4, right - left), height: waveHeight }, 3);
  }
  const count = Math.floor(width / BAR.pitch);
  for (let bar = 0; bar < count; bar += 1) {
    const begin = picture.from + (bar / count) * seconds;
    const end = begin + seconds / count;
    drawBar(pen, picture, { begin, end, x: (bar / count) * width, waveHeight });
  }
  context.globalAlpha = 1;
  const shown = picture.tools.filter(({ at }) => at >= picture.from && at <= picture.to);
  const toolWidth = shown.length * TOOL_PIXELS * 2 > width ? THIN_TOOL_PIXELS : TOOL_PIXELS;
  // Those that failed are seen above the others.
  for (const { at, isBad } of shown.toSorted((a, b) => Number(a.isBad) - Number(b.isBad))) {
    context.fillStyle = pen.colour(isBad ? "--bad" : "--tool");
    const x = Math.min(Math.max(xOf(at) - toolWidth / 2, 0), width - toolWidth);
    roundRect(context, { x, y: height - TOOL_PIXELS, width: toolWidth, height: TOOL_PIXELS }, 1);
  }
  context.fillStyle = pen.colour("--text");
  const x = Math.min(Math.max(xOf(picture.now) - 1, 0), width - 2);
  roundRect(context, { x, y: 0, width: 2, height: waveHeight }, 1);
}

function drawBar(
  { context, colour }: Pen,
  picture: Picture,
  bar: { begin: number; end: number; x: number; waveHeight: number },
): void {
  const span = spanAt(picture.spans, (bar.begin + bar.end) / 2);
  const usual = span === null ? 0 : USUAL_LEVEL;
  const level = picture.levels === null ? usual : loudnessOf(picture.levels, bar.begin, bar.end);
  const isQuiet = level < QUIET;
  const tall = isQuiet ? 2 : Math.max(3, (level / 255) * (bar.waveHeight - 4));
  context.globalAlpha = bar.begin <= picture.now ? 1 : 0.42;
  context.fillStyle = colour(
    isQuiet ? "--line-strong" : `--${span === null ? "muted" : roleColour(span.role)}`,
  );
  if (isQuiet) context.globalAlpha *= 0.55;
  const y = bar.waveHeight / 2 - tall / 2;
  roundRect(context, { x: bar.x, y, width: BAR.width, height: tall }, 1);
}

function roleColour(role: string): string {
  return role === "agent" || role === "user" ? role : "muted";
}

function loudnessOf({ values, stepSeconds }: Levels, begin: number, end: number): number {
  const first = Math.floor(begin / stepSeconds);
  const last = Math.max(first + 1, Math.ceil(end / stepSeconds));
  let [most, sum] = [0, 0];
  for (let step = first; step < last; step += 1) {
    const value = values[step] ?? 0;
    most = Math.max(most, value);
    sum += value;
  }
  // Of many steps the loudest is loud everywhere: how much is spoken shows in the mean.
  return last - first > MANY_STEPS ? (most + sum / (last - first)) / 2 : most;
}

function roundRect(
  context: CanvasRenderingContext2D,
  { x, y, width, height }: { x: number; y: number; width: number; height: number },
  radius: number,
): void {
  context.beginPath();
  context.roundRect(x, y, width, height, radius);
  context.fill();
}

/** Fits the canvas to its place on the screen, and clears it. */
function penOf(canvas: HTMLCanvasElement): Pen | null {
  const context = canvas.getContext("2d");
  const { width, height } = canvas.getBoundingClientRect();
  if (context === null || width === 0 || height === 0) return null;
  const scale = devicePixelRatio;
  const [wide, high] = [Math.round(width * scale), Math.round(height * scale)];
  if (canvas.width !== wide || canvas.height !== high) [canvas.width, canvas.height] = [wide, high];
  context.setTransform(scale, 0, 0, scale, 0, 0);
  context.clearRect(0, 0, width, height);
  const styles = getComputedStyle(canvas);
  const known = new Map<string, string>();
  const colour = (name: string) => {
    const found = known.get(name) ?? styles.getPropertyValue(name).trim();
    known.set(name, found);
    return found;
  };
  return { context, width, height, colour };
}
