import { expect, test } from "bun:test";
import { join } from "node:path";

test("databases are opened in one place, which knows what each use needs", async () => {
  const src = join(import.meta.dir, "../../../src");
  const opening: string[] = [];
  for (const file of new Bun.Glob("**/*.ts").scanSync(src)) {
    if ((await Bun.file(join(src, file)).text()).includes("new Database(")) opening.push(file);
  }
  expect(opening).toEqual(["store/sqlite/open.ts"]);
});
