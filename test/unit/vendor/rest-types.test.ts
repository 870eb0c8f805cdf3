import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { restTypes } from "../../../scripts/rest-types.ts";

/** Without what the formatter changes. */
const plain = (text: string) => text.replaceAll(/[\s;,|()"]/g, "");

test("the types of ElevenLabs' REST API are those of the vendor's document", async () => {
  const path = join(import.meta.dir, "../../../src/vendor/rest/api.generated.d.ts");
  expect(plain(readFileSync(path, "utf8"))).toBe(plain(await restTypes()));
});
