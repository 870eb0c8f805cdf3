import { expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { packArchive } from "../../scripts/release-archive.ts";
import { releaseDocuments } from "../../scripts/release-documents.ts";
import { documents } from "../helpers/documents.ts";

const MORE = [
  "CHANGELOG.md",
  "LICENSE",
  "SECURITY.md",
  "docs/page.webp",
  "scripts/deploy/Caddyfile",
  "scripts/deploy/compose.yaml",
  "scripts/deploy/nginx.conf",
];

test("a release has README, every guide, and what they link to", () => {
  expect(Object.keys(releaseDocuments())).toEqual(expect.arrayContaining([...documents, ...MORE]));
});

test("an archive holds them at their paths", () => {
  const folder = mkdtempSync(join(tmpdir(), "release-documents-"));
  const executable = join(folder, "executable");
  writeFileSync(executable, "a program");
  const files = releaseDocuments();
  const archive = packArchive(join(folder, "name"), { executable, documents: files, epochSeconds: 0 });
  const { exitCode } = Bun.spawnSync(["tar", "-xzf", archive, "-C", folder]);
  expect(exitCode).toBe(0);
  for (const [path, content] of Object.entries(files)) {
    expect(readFileSync(join(folder, "name", path)).equals(content)).toBe(true);
  }
  rmSync(folder, { recursive: true });
});
