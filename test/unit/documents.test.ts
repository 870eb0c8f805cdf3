import { describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { commands } from "../../src/cli/commands.ts";
import { options } from "../../src/config/options.ts";
import { blocksOf, documents, proseOf, readDocument, ROOT } from "../helpers/documents.ts";

const README_LINES_MAX = 200;
const LINE_LENGTH_MAX = 160;
const CELL_LENGTH_MAX = 120;
const UNRUN_BLOCKS_MAX = 12;

/** What a heading is called in a link, as GitHub makes it. */
function anchorOf(heading: string): string {
  const plain = heading.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, "$1").toLowerCase();
  return plain.replaceAll(/[^\p{L}\p{N} _-]/gu, "").replaceAll(" ", "-");
}

const anchorsOf = (path: string) =>
  [...proseOf(path).matchAll(/^#+ (.+)$/gm)].map(([, heading = ""]) => anchorOf(heading));

test("the README is short", () => {
  expect(readDocument("README.md").trimEnd().split("\n").length).toBeLessThanOrEqual(README_LINES_MAX);
});

test("the README links to every guide", () => {
  const linked = [...readDocument("README.md").matchAll(/\]\((docs\/[\w-]+\.md)/g)].map(([, path]) => path);
  expect([...new Set(linked)].toSorted()).toEqual(
    documents.filter((path) => path.startsWith("docs/")) as never,
  );
});

test("few blocks of commands are run by no test, and each says why", () => {
  const unrun = documents
    .flatMap(blocksOf)
    .flatMap(({ path, line, note }) => (note.kind === "not run" ? [`${path}:${line}: ${note.reason}`] : []));
  console.log(`Blocks that no test runs:\n${unrun.map((text) => `  ${text}\n`).join("")}`);
  expect(unrun.length).toBeLessThanOrEqual(UNRUN_BLOCKS_MAX);
});

describe.each([...documents, "CHANGELOG.md", "SECURITY.md"])("%s", (path) => {
  test("has no long lines, and no long cells", () => {
    const lines = readDocument(path).split("\n");
    const isTable = (line: string) => line.startsWith("|");
    const long = lines.filter((line) => !isTable(line) && line.length > LINE_LENGTH_MAX);
    const cells = lines.filter(isTable).flatMap((line) => line.split(/(?<!\\)\|/).map((cell) => cell.trim()));
    expect(long).toEqual([]);
    expect(cells.filter((cell) => cell.length > CELL_LENGTH_MAX)).toEqual([]);
  });

  test("links to files and headings that are there", () => {
    const links = [...proseOf(path).matchAll(/\]\((?!https?:)([^)]+)\)/g)].map(([, link = ""]) => link);
    const broken = links.filter((link) => {
      const [file = "", anchor] = link.split("#");
      const target = file === "" ? path : relative(ROOT, join(ROOT, dirname(path), file));
      if (!existsSync(join(ROOT, target))) return true;
      return anchor !== undefined && !anchorsOf(target).includes(anchor);
    });
    expect(broken).toEqual([]);
  });

  test("names files of this repository that are there", () => {
    const named = proseOf(path).match(/(?<=`)(?:src|test|scripts)\/[\w./-]+/g) ?? [];
    expect(named.filter((name) => !existsSync(join(ROOT, name)))).toEqual([]);
  });
});

test("every setting that the documents name is one", () => {
  const settings = new Set(Object.values(options).flatMap(({ name }) => [name, `${name}_FILE`]));
  const named = documents.flatMap((path) => readDocument(path).match(/\b[A-Z]+(?:_[A-Z]+)+\b/g) ?? []);
  expect([...new Set(named)].filter((name) => !settings.has(name)).toSorted()).toEqual([
    "BUILD_COMMIT",
    "FORWARD_SECRET",
    "HTTPS_PROXY",
    "NO_PROXY",
    "OWN_SIGNATURE",
    "STATE_DIRECTORY",
    "XI_API_KEY",
  ]);
});

test("every flag that the documents name is one of its command, or of some command", () => {
  const spans = documents.flatMap((path) =>
    [...proseOf(path).matchAll(/`([^`\n]+)`/g)].map(([, text = ""]) =>
      text.replace(/^elevenlabs-webhook /, ""),
    ),
  );
  const flagsOf = (one: (typeof commands)[number]) => one.flags.map(({ flag }) => flag.split(" ")[0] ?? "");
  const unknown = spans.flatMap((text) => {
    const words = text.split(" ");
    const command = commands.find(({ name }) => name === words[0]);
    if (command === undefined && !text.startsWith("--")) return [];
    const known = new Set(command === undefined ? commands.flatMap(flagsOf) : flagsOf(command));
    return words.filter((word) => word.startsWith("--") && word !== "--help" && !known.has(word));
  });
  // Podman's.
  expect(unknown).toEqual(["--format"]);
});
