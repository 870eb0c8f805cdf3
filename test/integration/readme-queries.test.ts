import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { openTestApp } from "../helpers/app.ts";
import { eventFixtures, fixture } from "../helpers/deliveries.ts";

const readme = readFileSync(join(import.meta.dir, "../../README.md"), "utf8");
const [, block = ""] = /```sql\n([\s\S]*?)```/.exec(readme) ?? [];
const queries = block.split(";").filter((query) => query.trim() !== "");

test("each query of the README finds something among the documented events", async () => {
  const app = await openTestApp();
  for (const name of eventFixtures()) await app.post(fixture(name));

  expect(queries).toHaveLength(3);
  for (const query of queries) {
    const asked = query
      .replace("unixepoch() - 86400", "0")
      .replace("'conv_...'", "'conv_2601kfx0demo0synthetic0002'");
    expect(app.rows(asked).length).toBeGreaterThan(0);
  }
  await app.close();
});
