import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const root = join(import.meta.dir, "../..");

/** A clone of this repository's last commit in a folder of its own, with the packages that are installed here. */
export function cloneCheckout() {
  const parent = mkdtempSync(join(tmpdir(), "release-"));
  const folder = join(parent, "checkout");
  shell(["git", "clone", "--quiet", root, folder]);
  // As links where the disks are the same: they are many.
  if (!Bun.spawnSync(["cp", "-al", join(root, "node_modules"), folder]).success) {
    cpSync(join(root, "node_modules"), join(folder, "node_modules"), { recursive: true });
  }
  const output = join(folder, "dist/release");
  return {
    folder,
    output,

    /** Runs scripts/release, after `prepare` in the same shell. */
    release(tag = "", prepare = "true") {
      const { exitCode, stdout, stderr } = Bun.spawnSync(
        ["bash", "-c", `${prepare}; exec scripts/release "$0"`, tag],
        { cwd: folder, stdin: "ignore" },
      );
      return { status: exitCode, stdout: stdout.toString(), stderr: stderr.toString() };
    },

    /** The lines of SHA256SUMS: hash, then file. */
    sums: () => readFileSync(join(output, "SHA256SUMS"), "utf8").trimEnd().split("\n"),

    /** Unpacks one system's archive into a new folder and returns it. */
    unpack(system: string): string {
      const target = join(parent, system);
      mkdirSync(target);
      const archive = new Bun.Glob(`elevenlabs-webhook-*-${system}.tar.gz`).scanSync(output).next().value;
      shell(["tar", "-xzf", join(output, String(archive)), "-C", target, "--strip-components=1"]);
      return target;
    },

    remove: () => rmSync(parent, { recursive: true, force: true }),
  };
}

/** Runs a program to its end and returns what it wrote. @throws with its errors where it fails */
export function shell(
  command: string[],
  options: { cwd?: string; env?: Record<string, string> } = {},
): string {
  const { exitCode, stdout, stderr } = Bun.spawnSync(command, {
    ...options,
    env: { ...process.env, ...options.env },
    stdin: "ignore",
  });
  if (exitCode !== 0) throw new Error(`${command.join(" ")}: ${exitCode}\n${stdout}${stderr}`);
  return stdout.toString();
}
