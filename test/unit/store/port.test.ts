import { expect, test } from "bun:test";
import { join } from "node:path";

const src = join(import.meta.dir, "../../../src");

/** The files of a folder that hold a text, each with what was found. */
async function find(folder: string, pattern: RegExp): Promise<string[]> {
  const found: string[] = [];
  for (const file of [...new Bun.Glob(`${folder}/**/*.ts`).scanSync(src)].toSorted()) {
    const [text] = pattern.exec(await Bun.file(join(src, file)).text()) ?? [];
    if (text !== undefined) found.push(`${file}: ${text}`);
  }
  return found;
}

test("databases are opened in one place, which knows what each use needs", async () => {
  expect(await find(".", /new Database\(/)).toEqual(["./store/sqlite/open.ts: new Database("]);
});

test.each(["webhook", "erase", "http/api", "http/lib"])(
  "%s knows the store by its interfaces, and opens no file",
  async (folder) => {
    expect((await find(folder, /^import/m)).length).toBeGreaterThan(1);
    expect(await find(folder, /from "[./]*store\/(?!port\.ts")[^"]*"/)).toBeEmpty();
    expect(await find(folder, /from "node:fs[^"]*"|Bun\.(file|write)\(/)).toBeEmpty();
  },
);
