// The scenario "install" of scripts/sweep: an upgrade by `service install` into a folder that stands for the machine.
// Started as a program by itself, it is that install: the sources run, with commands on PATH that stand for systemd's.
import { chmodSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { everyFile } from "../test/helpers/backups.ts";
import { runCommand } from "../test/helpers/command.ts";
import { SECRET } from "../test/helpers/deliveries.ts";
import { traceProgram } from "./sweep-program.ts";
import type { Complain, Scenario } from "./sweep-program.ts";

const systemctl = `#!/bin/sh
case $1 in
  --version) echo "systemd 252 (252-1)" ;;
  show) echo "Receiving" ;;
esac
`;

/** Installs a version into the folder `machine` of the run. */
async function install(folder: string): Promise<number> {
  const { status, stdout, stderr } = await runCommand(["service", "install", "--port", "39999"], {
    environment: { PATH: `${join(folder, "tools")}:/usr/bin:/bin` },
    machine: { root: join(folder, "machine"), isRoot: true, executable: join(folder, "program") },
    input: SECRET,
  });
  process.stdout.write(stdout);
  process.stderr.write(stderr);
  return status;
}

/** The files of the machine, each with its bytes and rights. */
const contentOf = (folder: string): Map<string, string> =>
  new Map(
    everyFile(join(folder, "machine")).map((path) => [
      path,
      `${(statSync(path).mode & 0o777).toString(8)} ${readFileSync(path, "latin1")}`,
    ]),
  );

export const installing: Scenario = {
  name: "install",
  classes: "wsont",
  sampleMax: 30,
  async prepare(folder) {
    mkdirSync(join(folder, "machine/run/systemd/system"), { recursive: true });
    mkdirSync(join(folder, "tools"));
    for (const [name, text] of [
      ["systemctl", systemctl],
      ["journalctl", "#!/bin/sh\n"],
      // An install waits before it looks again.
      ["sleep", "#!/bin/sh\n"],
    ] as const) {
      writeFileSync(join(folder, "tools", name), text);
      chmodSync(join(folder, "tools", name), 0o755);
    }
    writeFileSync(join(folder, "program"), "version 1");
    const status = await runInstall(folder, null);
    if (status.status !== 0) throw new Error(`the first install: ${status.output}`);
    writeFileSync(join(folder, "program"), "version 2");
    return { sent: [], erasures: new Map() };
  },
  async run(folder, _ledger, tracing, complain) {
    const before = contentOf(folder);
    const { status, output } = await runInstall(folder, tracing);
    const after = contentOf(folder);
    if (status === 0) return expectInstalled(folder, complain);
    const isKilled = tracing.fault?.what.startsWith("kill") === true;
    // A fault that goes on may keep it from putting back what it moved: the next install does.
    if (!isKilled && tracing.fault?.times === "once") expectSame(before, after, complain);
    if (!isKilled && !/[a-z]/.test(output)) complain("it failed without a word");
    const again = await runInstall(folder, null);
    if (again.status !== 0) return complain(`install again: ${again.output}`);
    expectInstalled(folder, complain);
  },
};

const runInstall = (folder: string, tracing: Parameters<typeof traceProgram>[2] | null) =>
  traceProgram([process.execPath, import.meta.path, folder], folder, tracing, join(folder, "machine"));

function expectInstalled(folder: string, complain: Complain): void {
  const installed = join(folder, "machine/usr/local/bin/elevenlabs-webhook");
  if (!existsSync(installed) || readFileSync(installed, "utf8") !== "version 2")
    complain("it is not installed");
  for (const path of contentOf(folder).keys()) {
    if (!/elevenlabs-webhook(\.service|\.conf)?$|\/(environment|secret|allowed)$/.test(path))
      complain(`${path} was left`);
  }
}

function expectSame(before: Map<string, string>, after: Map<string, string>, complain: Complain): void {
  for (const path of new Set([...before.keys(), ...after.keys()])) {
    if (before.get(path) !== after.get(path)) complain(`${path} is not as it was`);
  }
}

if (import.meta.main) process.exit(await install(process.argv[2] ?? ""));
