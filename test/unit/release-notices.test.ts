import { expect, test } from "bun:test";
import packageJson from "../../package.json" with { type: "json" };
import { noticesText } from "../../scripts/release-notices.ts";
import { bundledPackages } from "../helpers/bundled-packages.ts";

const packages = bundledPackages();
const notices = noticesText(packages);

test("the notices name every package that is in the executable", () => {
  const direct = Object.keys(packageJson.dependencies);
  // Bun links them in, and the documentation page's script is made of them.
  const inside = ["bun", "@preact/signals-core", "@scalar/api-reference", "vue", "@codemirror/state", "zod"];
  const missing = [...direct, ...inside].filter((name) => !notices.includes(`\n${name} `));
  expect(missing).toBeEmpty();
  expect(notices).not.toMatch(/^(?:oxlint|playwright-core|fast-check) /m);
});

test("every licence is there with its text and its holder", () => {
  const bare = packages.filter(({ licenceText }) => !/copyright/i.test(licenceText));
  expect(packages.length).toBeGreaterThan(100);
  expect(bare.map(({ name }) => name)).toBeEmpty();
  const texts = new Set(packages.map(({ licenceText }) => licenceText.replaceAll("\r\n", "\n")));
  expect([...texts].filter((text) => !notices.includes(text))).toBeEmpty();
  expect(notices).toContain("JavaScriptCore (and WebKit), which is LGPL-2 licensed");
});
