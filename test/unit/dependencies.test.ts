import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";

const src = join(import.meta.dir, "../../src");

/** From the bottom up: a file imports from its own layer or from one below it. */
const layers = [
  "platform",
  "store",
  "backup",
  "vendor",
  "webhook",
  "query",
  "erase",
  "http",
  "app.ts",
  "service",
  "daemon",
  "cli",
];

const layerOf = (file: string) => layers.indexOf(file.replace(/^daemon\//, "cli/").split("/")[0] ?? "");

/** The files and packages that a file imports. */
function importsOf(file: string): string[] {
  const code = readFileSync(join(src, file), "utf8");
  return [...code.matchAll(/^(?:import|export) [^;]*?from "([^"]+)"/gm)].map(([, name = ""]) =>
    name.startsWith(".") ? normalize(join(dirname(file), name)) : name,
  );
}

const files = [...new Bun.Glob("**/*.ts").scanSync(src)];

test("dependencies point one way", () => {
  const wrong = files.flatMap((file) =>
    importsOf(file)
      .filter((imported) => layerOf(file) !== -1 && layerOf(imported) > layerOf(file))
      .map((imported) => `${file} imports ${imported}`),
  );
  expect(files.length).toBeGreaterThan(40);
  expect(wrong).toBeEmpty();
});

test("the web framework stays out of what verifies and stores", () => {
  const inner = files.filter((file) =>
    ["platform", "store", "vendor", "webhook", "query", "erase"].includes(file.split("/")[0] ?? ""),
  );
  expect(inner.filter((file) => importsOf(file).some((name) => name.includes("elysia")))).toBeEmpty();
});

test("no file of the program has more than 200 lines", () => {
  const lines = (file: string) => readFileSync(join(src, file), "utf8").split("\n").length - 1;
  expect(files.filter((file) => lines(file) > 200)).toBeEmpty();
});
