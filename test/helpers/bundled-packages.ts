import type { BundledPackage } from "../../scripts/release-packages.ts";

const PROGRAM = `
  import { bundledPackages } from "${import.meta.dir}/../../scripts/release-packages.ts";
  console.log(JSON.stringify(await bundledPackages()));
`;

/** What is in the executable, found in a process of its own: it takes memory, and other tests measure that of ours. */
export function bundledPackages(): BundledPackage[] {
  const { stdout, stderr } = Bun.spawnSync([process.execPath, "--eval", PROGRAM]);
  if (stdout.length === 0) throw new Error(stderr.toString());
  return JSON.parse(stdout.toString());
}
