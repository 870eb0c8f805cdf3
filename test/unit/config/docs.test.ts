import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { documents, envExample, withColumns, withSettings } from "../../../scripts/config-docs.ts";
import { serve } from "../../../src/cli/serve.ts";
import { flagOf, options } from "../../../src/config/options.ts";

const root = join(import.meta.dir, "../../..");
const read = (name: string) => readFileSync(join(root, name), "utf8");
/** The formatter aligns tables: their cells count. */
const cells = (text: string) => text.replaceAll(/ +/g, " ").replaceAll(/-{3,}/g, "---");

test(".env.example is what the table of settings says", () => {
  expect(read(".env.example")).toBe(envExample());
});

test.each(Object.entries(documents))("the settings in %s are those of the table", (path, settings) => {
  expect(cells(read(path))).toBe(cells(withSettings(read(path), settings)));
});

test("the columns in docs/data.md are those of the table", () => {
  expect(cells(read("docs/data.md"))).toBe(cells(withColumns(read("docs/data.md"))));
});

test("serve has a line of help for every setting, and a flag if it may have one", () => {
  for (const option of Object.values(options)) {
    if (option.hasNoFlag !== true)
      expect(serve.flags.map(({ flag }) => flag)).toContain(`${flagOf(option)} <value>`);
    expect(serve.notes).toContain(option.name);
    expect(serve.notes).toContain(option.description);
  }
});
