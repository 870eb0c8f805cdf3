import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Machine } from "../platform/process.ts";
import { NAME } from "./paths.ts";

/** LoadCredential= came with 247, NoExecPaths= with 248: an older systemd leaves out what it does not know. */
const SYSTEMD_VERSION_MIN = 248;
const JOURNAL_LINES_MAX = 20;

export type Systemd = ReturnType<typeof systemdOf>;

/** The service manager of a machine, by its commands. @param path where they are searched */
export function systemdOf({ root }: Machine, path: string | undefined) {
  function run(...command: [string, ...string[]]): { isGood: boolean; text: string } {
    try {
      const env = { PATH: path, LC_ALL: "C" };
      const { exitCode, stdout, stderr } = Bun.spawnSync(command, { env, stdin: "ignore" });
      return { isGood: exitCode === 0, text: `${stdout.toString()}${stderr.toString()}`.trim() };
    } catch {
      return { isGood: false, text: `${command[0]} can't be run` };
    }
  }

  return {
    /** What keeps a service from being installed here, and what to do; null if nothing does. */
    problem(): string | null {
      const [, version] = /^systemd (\d+)/.exec(run("systemctl", "--version").text) ?? [];
      if (version === undefined || !existsSync(join(root, "run/systemd/system"))) {
        return `systemd does not run on this machine: run ${NAME} with "serve" under the service manager that does, or in a container`;
      }
      if (Number(version) >= SYSTEMD_VERSION_MIN) return null;
      return `systemd ${SYSTEMD_VERSION_MIN} or newer is needed, this machine has ${version}`;
    },

    isActive: () => run("systemctl", "is-active", NAME).isGood,
    isEnabled: () => run("systemctl", "is-enabled", NAME).isGood,
    systemctl: (...args: string[]) => run("systemctl", ...args),

    /** The number of its main process. */
    mainProcess: () => run("systemctl", "show", "--property=MainPID", "--value", NAME).text,
    waitSeconds: (seconds: number) => void run("sleep", String(seconds)),

    /** What the service says of itself. */
    statusText: () => run("systemctl", "show", "--property=StatusText", "--value", NAME).text,

    /** What the service complained of since then; at most 20 lines. */
    complaints(sinceMs: number): string[] {
      // What it said last may be on its way.
      run("journalctl", "--sync");
      const since = `@${Math.floor(sinceMs / 1000)}`;
      const which = [`--unit=${NAME}`, `--since=${since}`, "--priority=warning"];
      const how = ["--output=cat", "--no-pager", "--quiet", `--lines=${JOURNAL_LINES_MAX}`];
      const { text } = run("journalctl", ...which, ...how);
      return text === "" ? [] : text.split("\n");
    },
  };
}
