import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

export const ROOT = join(import.meta.dir, "../..");

/** README.md and docs/*.md, as paths from the root. */
export const documents = [
  "README.md",
  ...readdirSync(join(ROOT, "docs"))
    .filter((name) => name.endsWith(".md"))
    .toSorted()
    .map((name) => `docs/${name}`),
];

export const readDocument = (path: string) => readFileSync(join(ROOT, path), "utf8");

/** A fenced block of a document. */
export type Block = {
  path: string;
  /** The number of its first line. */
  line: number;
  language: string;
  /** What a test does with it: `<!-- run: vm -->`, `<!-- run: new vm -->` or `<!-- not run: reason -->` precedes the block. */
  note: { kind: "none" } | { kind: "vm"; isNew: boolean } | { kind: "not run"; reason: string };
  text: string;
};

/** Every fenced block of a document. */
export function blocksOf(path: string): Block[] {
  const pattern = /(?:^<!-- ([^\n]*?) -->\n\n)?^```(\w*)\n([^]*?)^```$/gm;
  const text = readDocument(path);
  return [...text.matchAll(pattern)].map((match) => ({
    path,
    line: text.slice(0, match.index + match[0].indexOf("```")).split("\n").length + 1,
    language: match[2] ?? "",
    note: noteOf(match[1]),
    text: match[3] ?? "",
  }));
}

function noteOf(comment: string | undefined): Block["note"] {
  if (comment === "run: vm" || comment === "run: new vm") {
    return { kind: "vm", isNew: comment === "run: new vm" };
  }
  const [, reason] = /^not run: (.+)$/.exec(comment ?? "") ?? [];
  return reason === undefined ? { kind: "none" } : { kind: "not run", reason };
}

/** The text outside of fenced blocks. */
export function proseOf(path: string): string {
  return readDocument(path).replaceAll(/^```[^]*?^```$/gm, "");
}
