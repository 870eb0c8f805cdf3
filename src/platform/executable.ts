import { resolve } from "node:path";

/**
 * The path by which this program was started, links unresolved: what stands there later may be a newer version. Not
 * /proc/self/exe, which follows a file that is renamed and ends in " (deleted)" once another one has its name.
 *
 * @param name as it was given: argv[0]
 */
export function executablePath(name = process.argv0, folder = process.cwd()): string {
  if (name.includes("/")) return resolve(folder, name);
  return Bun.which(name) ?? process.execPath;
}
