import type { DataPaths } from "../../backup/folder.ts";
import { BackupError } from "../../backup/problem.ts";
import { readSettings } from "../../config/config.ts";
import { options } from "../../config/options.ts";
import type { Parsed } from "../../platform/parsed.ts";
import { oneLine } from "../../platform/text.ts";
import { refuse } from "../command.ts";
import type { Given } from "../command.ts";
import type { CommandContext } from "../../platform/process.ts";
import { optionFlags, settingSources } from "../settings.ts";

/** The settings that say where the data is. */
const PATH_KEYS = ["databasePath", "audioFolder"] as const;

export const pathFlags = optionFlags.filter(({ key }) => PATH_KEYS.some((known) => known === key));

/** Where the receiver keeps its data, by the same settings as its own. */
export function findDataPaths(given: Given, context: CommandContext): Parsed<DataPaths> {
  const read = readSettings(settingSources(context, given));
  if (!read.ok) return read;
  const { databasePath, audioFolder } = read.value.settings;
  if (!databasePath.parsed.ok) return named("databasePath", databasePath.parsed.problem);
  if (!audioFolder.parsed.ok) return named("audioFolder", audioFolder.parsed.problem);
  return {
    ok: true,
    value: { databasePath: databasePath.parsed.value, audioFolder: audioFolder.parsed.value },
  };
}

function named(key: (typeof PATH_KEYS)[number], problem: string): Parsed<never> {
  return { ok: false, problem: `${options[key].name}: ${problem}` };
}

/** Says why nothing was done. @throws what is not about a backup */
export function refuseFault(error: unknown, context: CommandContext): number {
  if (!(error instanceof BackupError)) throw error;
  return refuse(context, oneLine(error.message), error.isOfUse ? "usage" : "failure");
}

export function count(n: number, one: string, many = `${one}s`): string {
  return `${n.toLocaleString("en")} ${n === 1 ? one : many}`;
}
