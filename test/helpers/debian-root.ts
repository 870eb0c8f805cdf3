import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { shell } from "./release.ts";

const SUITE = "bookworm";
const cache = join(import.meta.dir, "../../node_modules/.cache");
const archive = join(cache, `debian-${SUITE}.tar`);

/**
 * Unpacks a small Debian into a new folder and returns that; it is fetched from Debian's mirror once and kept beside the
 * packages. @returns null, having said so loudly, where the mirror can't be reached
 */
export function debianRoot(what: string): string | null {
  const folder = mkdtempSync(join(tmpdir(), "debian-"));
  if (existsSync(archive)) {
    shell(["tar", "-xf", archive, "-C", folder]);
    return folder;
  }
  const { success } = Bun.spawnSync(["debootstrap", "--variant=minbase", SUITE, folder]);
  if (!success) {
    console.warn(`SKIPPED: ${what}: debootstrap does not reach Debian's mirror`);
    rmSync(folder, { recursive: true, force: true });
    return null;
  }
  mkdirSync(cache, { recursive: true });
  // Under its own name only once it is whole.
  shell(["tar", "--one-file-system", "-cf", `${archive}.part`, "-C", folder, "."]);
  renameSync(`${archive}.part`, archive);
  return folder;
}
