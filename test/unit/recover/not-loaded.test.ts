import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";

const SRC = join(import.meta.dir, "../../../src");

/** Every file of ours that starting the program loads, types aside: what is imported where it is used is not among them. */
function loadedFrom(entry: string): Set<string> {
  const transpiler = new Bun.Transpiler({ loader: "ts" });
  const loaded = new Set<string>();
  const waiting = [entry];
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    if (loaded.has(path)) continue;
    loaded.add(path);
    const imports = transpiler.scanImports(readFileSync(path, "utf8"));
    const own = imports.filter(({ kind, path: to }) => kind === "import-statement" && /^\..*\.ts$/.test(to));
    waiting.push(...own.map(({ path: to }) => join(dirname(path ?? ""), to)));
  }
  return new Set([...loaded].map((path) => relative(SRC, path)));
}

test("a start loads nothing that recovers, nor the client of the API", () => {
  const loaded = loadedFrom(join(SRC, "main.ts"));
  expect(loaded).toContain("daemon/recovery.ts");
  expect(loaded).toContain("cli/recover/recover.ts");
  const recovering = [...loaded].filter((path) =>
    /^(recover\/|vendor\/rest\/(client|load|send)|cli\/recover\/(?!recover))/.test(path),
  );
  expect(recovering).toEqual([]);
});
