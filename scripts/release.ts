// The work behind scripts/release.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import packageJson from "../package.json" with { type: "json" };
import { packArchive } from "./release-archive.ts";
import { missingTools, releaseProblems } from "./release-check.ts";
import { buildDebianPackage } from "./release-debian.ts";
import { releaseDocuments } from "./release-documents.ts";
import { buildExecutable, sha256, smokeTest } from "./release-executable.ts";
import { noticesText } from "./release-notices.ts";
import { bundledPackages } from "./release-packages.ts";
import { run } from "./release-run.ts";
import { sbomText } from "./release-sbom.ts";
import type { Release } from "./release-sbom.ts";
import { RUNTIME_VERSION, targets } from "./release-targets.ts";
import { archiveUnit } from "./release-unit.ts";

const root = join(import.meta.dir, "..");
const folder = join(root, "dist/release");
const work = join(folder, "work");
const { version } = packageJson;

try {
  const problems = findProblems(process.argv[2] ?? "");
  for (const problem of problems) console.error(`scripts/release: ${problem}`);
  if (problems.length > 0) process.exit(1);
  await release({
    version,
    commit: run(["git", "rev-parse", "--short=12", "HEAD"]),
    epochSeconds: Number(run(["git", "log", "-1", "--format=%ct"])),
  });
} catch (error) {
  console.error(`scripts/release: ${error instanceof Error ? error.message : String(error)}`);
  process.exit(1);
}

function findProblems(tag: string): string[] {
  const missing = missingTools();
  const changes = missing.includes("git") ? "" : run(["git", "status", "--porcelain"]);
  const bun = { actual: Bun.version, ofHashes: RUNTIME_VERSION };
  return releaseProblems({ tag, version, changes, missing, bun });
}

async function release(of: Release): Promise<void> {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(work, { recursive: true });
  const packages = await bundledPackages();
  const documents = { ...releaseDocuments(), "THIRD-PARTY-NOTICES.txt": noticesText(packages) };

  const sbom = join(folder, `elevenlabs-webhook-${version}.cdx.json`);
  writeFileSync(sbom, sbomText(packages, of));
  const files = [sbom];
  let native = "";
  for (const target of targets) {
    const executable = await buildExecutable(target, join(work, target.name));
    console.log(`${target.name}: ${smokeTest(target, executable, of)}`);
    if (target.name === "linux-x64") native = executable;
    const more = { ...documents, "elevenlabs-webhook.service": archiveUnit() };
    const archive = join(folder, `elevenlabs-webhook-${version}-${target.name}`);
    files.push(packArchive(archive, { executable, documents: more, epochSeconds: of.epochSeconds }));
  }

  const debian = join(folder, `elevenlabs-webhook_${version}_amd64.deb`);
  // Debian's name for it.
  const copyright = readFileSync(join(root, "LICENSE"), "utf8");
  const content = { ...of, executable: native, documents: { copyright, ...documents } };
  buildDebianPackage(content, join(work, "debian"), debian);
  files.push(debian);

  const sums = await Promise.all(
    files.toSorted().map(async (file) => `${await sha256(file)}  ${basename(file)}\n`),
  );
  writeFileSync(join(folder, "SHA256SUMS"), sums.join(""));
  rmSync(work, { recursive: true });
  console.log(`\nelevenlabs-webhook ${version} (commit ${of.commit}), in dist/release:\n${sums.join("")}`);
}
