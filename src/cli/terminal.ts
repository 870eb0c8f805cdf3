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
