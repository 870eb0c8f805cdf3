import { NAME, paths } from "../../service/paths.ts";
import { unitText } from "../../service/unit.ts";
import { exitStatus, refuse } from "../command.ts";
import type { Command, Given } from "../command.ts";
import type { CommandContext } from "../../platform/process.ts";
import { plainOptionFlags } from "../settings.ts";
import { tlsFilesOf } from "./input.ts";
import { install } from "./install.ts";
import { uninstallService } from "../../service/install.ts";
import { systemdOf } from "../../service/machine.ts";

const ownFlags = [
  {
    key: "secretFile",
    flag: "--secret-file <file>",
    description: "file with the webhook's secret; - for standard input (default: asked for)",
  },
  {
    key: "apiTokenFile",
    flag: "--api-token-file <file>",
    description: "turn on the API, with the token in this file",
  },
  {
    key: "makeApiToken",
    flag: "--make-api-token",
    description: "turn on the API; makes a token unless there is one, and prints where it is",
  },
  {
    key: "apiKeyFile",
    flag: "--api-key-file <file>",
    description: "the service's own key of ElevenLabs' API, which may only read (convai_read), in this file",
  },
  {
    key: "connect",
    flag: "--connect <url>",
    description: "connect ElevenLabs, too: the webhook's HTTPS address, which has to lead here already",
  },
  {
    key: "public",
    flag: "--public",
    description: "allow ports below 1024, for a receiver without a proxy in front",
  },
  { key: "dryRun", flag: "--dry-run", description: "only print what it would do" },
];

/** Makes this executable a service of systemd. */
export const service: Command = {
  name: "service",
  summary: "install, print or uninstall the systemd service",
  examples: [
    { line: "service install", does: `as root: installs or upgrades ${NAME}.service, and starts it` },
    {
      line: "service install --connect https://hooks.example.com/webhook",
      does: "creates the webhook at ElevenLabs, too",
    },
    { line: "service install --secret-file secret.txt --port 8080", does: "without asking" },
    {
      line: "service install --public --tls-cert-file chain.pem --tls-key-file key.pem",
      does: "on port 443",
    },
    { line: "service install --make-api-token", does: "turns on the API that reads what arrived" },
    { line: "service install --dry-run", does: "only prints what it would do" },
    { line: "service print", does: "the unit, with every line explained" },
    { line: "service uninstall", does: "keeps settings, secret and data" },
  ],
  arguments: [{ argument: "<action>", key: "action", description: "install, print or uninstall" }],
  flags: [...ownFlags, ...plainOptionFlags],
  notes: `Installing again upgrades. Settings and secret stay, unless you give new ones. If the new version does not start,
the old one is brought back. Settings are in ${paths.environment}, the data in ${paths.state}.
Exit status: 0 done, 1 not done, 64 wrong usage, 78 faulty configuration.
`,
  run,
};

async function run(given: Given, context: CommandContext): Promise<number> {
  if (given.action === "install") return install(given, context);
  if (given.action === "uninstall") return uninstall(given, context);
  if (given.action === "print") return print(given, context);
  return refuse(
    context,
    `service ${given.action}: there is no such action: install, print or uninstall`,
    "usage",
  );
}

function print(given: Given, context: CommandContext): number {
  const tls = tlsFilesOf(given, context);
  if (!tls.ok) return refuse(context, tls.problem, "usage");
  context.writeOut(unitText({ isPublic: given.public !== undefined, tls: tls.value }));
  return exitStatus.ok;
}

/** Removes the service, and says what stays. */
export function uninstall(given: Given, context: CommandContext): number {
  const { machine, environment } = context;
  const systemd = systemdOf(machine, environment.PATH);
  const problem = (machine.isRoot ? null : "This needs root: run it with sudo") ?? systemd.problem();
  if (problem !== null) return refuse(context, problem, "failure");

  const isDry = given.dryRun !== undefined;
  const result = uninstallService({ machine, systemd, isDry });
  if (result.kind === "failed") {
    return refuse(context, `The service can't be stopped, nothing was removed: ${result.problem}`, "failure");
  }
  const { removed, kept } = result;
  for (const path of removed) context.writeOut(`  ${isDry ? "remove" : "removed"}  ${path}\n`);
  for (const path of kept) context.writeOut(`  ${isDry ? "keep  " : "kept   "}  ${path}\n`);
  if (removed.length === 0) context.writeOut(`${NAME} is not installed.\n`);
  if (kept.length > 0 && !isDry) {
    context.writeOut(`To remove settings, secret and data for good: sudo rm -r ${kept.join(" ")}\n`);
  }
  return exitStatus.ok;
}
