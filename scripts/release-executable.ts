import { createReadStream, existsSync } from "node:fs";
import { join } from "node:path";
import { run } from "./release-run.ts";
import type { Release } from "./release-sbom.ts";
import type { Target } from "./release-targets.ts";

/** Where Bun keeps the runtimes of other systems that it has fetched. */
const RUNTIMES = join(import.meta.dir, "../node_modules/.runtimes");

/** Builds one system's executable in a folder and returns its path. @throws if its runtime is not the known one */
export async function buildExecutable(target: Target, folder: string): Promise<string> {
  run(["scripts/build", target.name, folder], { BUN_INSTALL_CACHE_DIR: RUNTIMES });
  // For its own system Bun takes itself.
  const fetched = join(RUNTIMES, `${target.runtime}-v${Bun.version}`);
  const runtime = existsSync(fetched) ? fetched : process.execPath;
  if ((await sha256(runtime)) !== target.runtimeSha256) {
    throw new Error(
      `${runtime} is not Bun ${Bun.version} for ${target.name} as it was released: find out where it came from, then remove it`,
    );
  }
  return join(folder, "elevenlabs-webhook");
}

/** Runs an executable, emulated if it has to be, and returns what is to be said of it. @throws if it fails */
export function smokeTest(target: Target, executable: string, { version, commit }: Release): string {
  if (target.run === null) return "built, NOT RUN HERE: needs a system with musl's own libstdc++";
  const [emulator] = target.run.command;
  if (!target.run.needs.every(isThere)) {
    return `built, NOT RUN HERE: apt-get install ${target.run.packages}`;
  }
  const text = run([...target.run.command, executable, "--version"]);
  if (!text.startsWith(`elevenlabs-webhook ${version} (commit ${commit})`)) {
    throw new Error(`the executable for ${target.name} is "${text}", not ${version} of ${commit}`);
  }
  return `built and run${emulator === undefined ? "" : `, by ${emulator}`}`;
}

function isThere(programOrFile: string): boolean {
  return programOrFile.startsWith("/") ? existsSync(programOrFile) : Bun.which(programOrFile) !== null;
}

/** The SHA-256 of a file, in hexadecimal. */
export async function sha256(path: string): Promise<string> {
  const hasher = new Bun.CryptoHasher("sha256");
  for await (const chunk of createReadStream(path)) hasher.update(chunk);
  return hasher.digest("hex");
}
