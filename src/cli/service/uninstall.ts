import { uninstallService } from "../../service/install.ts";
import { systemdOf } from "../../service/machine.ts";
import { NAME } from "../../service/places.ts";
import { exitStatus, refuse } from "../command.ts";
import type { Given } from "../command.ts";
import type { CommandContext } from "../../platform/process.ts";

/** Removes the service, and says what stays. */
export function uninstall(given: Given, context: CommandContext): number {
  const { machine, environment } = context;
  const systemd = systemdOf(machine, environment.PATH);
  const problem = (machine.isRoot ? null : "This needs root: run it with sudo") ?? systemd.problem();
  if (problem !== null) return refuse(context, problem, "failure");

  const isDry = given.dryRun !== undefined;
  const result = uninstallService({ machine, systemd, isDry });
  if ("problem" in result) {
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
