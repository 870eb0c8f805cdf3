import { styleText } from "node:util";
import type { CommandContext } from "../platform/process.ts";

export type Paint = Record<"good" | "bad" | "warning" | "faint" | "strong", (text: string) => string>;

/** Colours for what a person reads on a terminal; none for files and pipes, or if NO_COLOR is set. */
export function createPaint({ isTerminal, environment }: CommandContext): Paint {
  const isPlain = !isTerminal.output || (environment.NO_COLOR ?? "") !== "";
  const paint = (format: "green" | "red" | "yellow" | "gray" | "bold") => (text: string) =>
    isPlain ? text : styleText(format, text, { validateStream: false });
  return {
    good: paint("green"),
    bad: paint("red"),
    warning: paint("yellow"),
    faint: paint("gray"),
    strong: paint("bold"),
  };
}

const TEXT_WIDTH = 100;

/** Breaks a text into lines that begin below each other, behind what stands before them. */
export function indented(text: string, indent: number): string {
  const lines = [""];
  for (const word of text.split(" ")) {
    const line = lines[lines.length - 1] ?? "";
    if (line === "") lines[lines.length - 1] = word;
    else if (indent + line.length + 1 + word.length <= TEXT_WIDTH)
      lines[lines.length - 1] = `${line} ${word}`;
    else lines.push(word);
  }
  return lines.join(`\n${" ".repeat(indent)}`);
}

const WIDTH = 30;
const REDRAW_MS = 100;

/** A bar on standard error that shows how much is done; nothing if no person looks. */
export function createProgress(total: number, context: CommandContext) {
  if (!context.isTerminal.error) return { show: () => {}, clear: () => {} };
  let drawnMs = Number.NEGATIVE_INFINITY;
  return {
    show(done: number): void {
      const nowMs = context.clock.monotonicMs();
      if (nowMs - drawnMs < REDRAW_MS) return;
      drawnMs = nowMs;
      const filled = Math.floor((done / total) * WIDTH);
      const bar = "#".repeat(filled).padEnd(WIDTH, ".");
      context.writeError(`\r${bar} ${done}/${total} `);
    },
    clear: () => context.writeError("\r\u001b[K"),
  };
}
