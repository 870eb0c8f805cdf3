import { expect, test } from "bun:test";
import packageJson from "../../../package.json" with { type: "json" };
import { version } from "../../../src/platform/version.ts";

test("the versions are those of the package and of the runtime it pins", () => {
  expect(version.program).toBe(packageJson.version);
  expect(`bun@${version.bun}`).toBe(packageJson.packageManager);
});
