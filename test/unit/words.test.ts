import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { documents, ROOT } from "../helpers/documents.ts";

/** What has a plainer word: again or from scratch, fix, anyone who, everywhere, check, make sure, twice as large, whether. */
const BANNED = new RegExp(
  String.raw`\b(?:anew|mend(?:s|ed|ing)?|whoever|wherever|look(?:s|ed|ing)? whether|sees? to|seen to|as large again|be it)\b`,
  "i",
);

/** Migrations are frozen; the order of the executable's functions is written by a program. */
const EXEMPT = /^src\/store\/sqlite\/migrations\/|\.order$/;

const sources = [...new Bun.Glob("{src,scripts}/**").scanSync({ cwd: ROOT, onlyFiles: true })]
  .filter((path) => !EXEMPT.test(path) && !path.endsWith(".mp3"))
  .toSorted();

test("sources and documents use plain words", () => {
  const found = [...sources, ...documents, "CHANGELOG.md", "SECURITY.md", ".env.example"].flatMap((path) => {
    const lines = readFileSync(join(ROOT, path), "utf8").split("\n");
    return lines.flatMap((line, index) =>
      BANNED.test(line) ? [`${path}:${index + 1}: ${line.trim()}`] : [],
    );
  });
  expect(sources.length).toBeGreaterThan(200);
  expect(found).toEqual([]);
});

test("a name of a type means one thing: no two files export it", () => {
  const code = sources.filter((path) => path.startsWith("src/") && path.endsWith(".ts"));
  const text = code.map((path) => readFileSync(join(ROOT, path), "utf8")).join("\n");
  const names = [...text.matchAll(/^export type (\w+)/gm)].map(([, name = ""]) => name);
  expect(names).toContain("StoredTurn");
  expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
});
