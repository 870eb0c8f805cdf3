/** The programs that a release is made with, and the Debian packages that have them. */
const TOOLS = { git: "git", tar: "tar", "dpkg-deb": "dpkg" } as const;

type Tool = keyof typeof TOOLS;

/** Which of the programs that a release needs are not there. */
export function missingTools(): Tool[] {
  return (["git", "tar", "dpkg-deb"] as const).filter((tool) => Bun.which(tool) === null);
}

/**
 * Everything that speaks against a release from here, each with what to do; none if nothing does.
 *
 * @param found.tag the tag to release under, empty if there is none
 * @param found.changes what `git status --porcelain` says
 */
export function releaseProblems(found: {
  tag: string;
  version: string;
  changes: string;
  missing: Tool[];
  bun: { actual: string; ofHashes: string };
}): string[] {
  const { tag, version, changes, missing, bun } = found;
  const problems = missing.map(
    (tool) => `${tool} is missing: apt-get install ${TOOLS[tool]}, or your system's package of it`,
  );
  const [change] = changes.split("\n");
  if (change !== undefined && change !== "") {
    problems.push(`there are uncommitted changes ("${change.trim()}"): commit or stash them`);
  }
  if (tag !== "" && tag !== `v${version}`) {
    problems.push(`the tag is ${tag} and package.json says ${version}: tag v${version}, or fix package.json`);
  }
  if (bun.actual !== bun.ofHashes) {
    problems.push(
      `this is Bun ${bun.actual} and the hashes in scripts/release-targets.ts are of ${bun.ofHashes}: renew them`,
    );
  }
  return problems;
}
