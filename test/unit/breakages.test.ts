import { expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { breakages } from "../../scripts/breakages.ts";

const root = join(import.meta.dir, "../..");

test("the text that each breakage replaces is there exactly once", () => {
  const wrong = breakages
    .map(({ name, file, find }) => {
      const path = join(root, file);
      const count = existsSync(path) ? readFileSync(path, "utf8").split(find).length - 1 : 0;
      return { name, file, count };
    })
    .filter(({ count }) => count !== 1);
  expect(wrong).toEqual([]);
});

test("the tests that should notice a breakage are there", () => {
  const missing = breakages.flatMap(({ tests }) => tests).filter((path) => !existsSync(join(root, path)));
  expect(missing).toEqual([]);
});
