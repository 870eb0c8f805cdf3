import { expect, test } from "bun:test";
import { releaseProblems } from "../../scripts/release-check.ts";

const sound: Parameters<typeof releaseProblems>[0] = {
  tag: "v1.2.3",
  version: "1.2.3",
  changes: "",
  missing: [],
  bun: { actual: "1.4.5", ofHashes: "1.4.5" },
};

test("lets a clean checkout under its own tag, or under none, be released", () => {
  expect(releaseProblems(sound)).toEqual([]);
  expect(releaseProblems({ ...sound, tag: "" })).toEqual([]);
});

test("names the package that has a missing program", () => {
  expect(releaseProblems({ ...sound, missing: ["dpkg-deb"] })).toEqual([
    expect.stringMatching(/^dpkg-deb .*apt-get install dpkg,/),
  ]);
});

test.each([
  ["a tag of another version", { tag: "v1.2.4" }, "v1.2.4"],
  ["a tag without its v", { tag: "1.2.3" }, "v1.2.3"],
  ["uncommitted changes", { changes: " M src/main.ts\n?? notes" }, "M src/main.ts"],
  ["a Bun whose runtimes are not known", { bun: { actual: "1.5.0", ofHashes: "1.4.5" } }, "1.5.0"],
])("refuses %s", (_, found, named) => {
  expect(releaseProblems({ ...sound, ...found })).toEqual([expect.stringContaining(named)]);
});

test("says everything at once", () => {
  const found = { ...sound, tag: "v9", changes: "M a", missing: ["git" as const, "tar" as const] };
  expect(releaseProblems(found)).toHaveLength(4);
});
