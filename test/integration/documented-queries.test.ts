import { expect, test } from "bun:test";
import { openTestApp } from "../helpers/app.ts";
import { eventFixtures, fixture } from "../helpers/deliveries.ts";
import { blocksOf, documents } from "../helpers/documents.ts";

const queries = documents
  .flatMap(blocksOf)
  .filter(({ language }) => language === "sql")
  .flatMap(({ text }) => text.split(";").filter((query) => query.trim() !== ""));

test("each query of the documents finds something among the documented events", async () => {
  const app = await openTestApp();
  for (const name of eventFixtures()) await app.post(fixture(name));

  expect(queries.length).toBeGreaterThanOrEqual(4);
  for (const query of queries) {
    const asked = query
      .replace("unixepoch() - 86400", "0")
      .replace("'conv_...'", "'conv_2601kfx0demo0synthetic0002'");
    expect(app.rows(asked).length).toBeGreaterThan(0);
  }
  await app.close();
});
