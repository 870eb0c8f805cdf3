import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/**
 * Packages that only `scripts/test --cloud` needs: installed from the npm registry when they first run, beside those of
 * package.json.
 *
 * @returns the folder in whose node_modules a package is; null if it is not there and can't be installed, which is said loudly
 */
export function installBeside(what: string, name: string, version: string): string | null {
  const folder = join(
    import.meta.dir,
    "../../node_modules/.cache/beside",
    `${name.replace("/", "+")}-${version}`,
  );
  const installed = join(folder, "node_modules", name);
  if (!existsSync(join(installed, "package.json"))) {
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, "package.json"), "{}");
    const options = { cwd: folder, stdin: "ignore", stdout: "ignore", stderr: "ignore" } as const;
    Bun.spawnSync([process.execPath, "add", "--exact", `${name}@${version}`], options);
  }
  if (existsSync(join(installed, "package.json"))) return folder;
  console.warn(`SKIPPED: ${what}: ${name} ${version} could not be installed`);
  return null;
}
