import type { DataPaths } from "../../backup/folder.ts";
import { BackupError } from "../../backup/problem.ts";
import { readSettings } from "../../config/config.ts";
import { notOfOneMachine } from "../../config/data.ts";
import { readData, textOf } from "../../config/read-data.ts";
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
  const data = readData(read.value.settings);
  if (!data.ok) return { ok: false, problem: data.problem.map(textOf).join("\n") };
  if (data.value.kind === "shared") {
    const problem = `${options.databaseUrl.name}: ${notOfOneMachine("backup and restore are for")}`;
    return { ok: false, problem };
  }
  const { databasePath, recordingsFolder } = data.value;
  return { ok: true, value: { databasePath, audioFolder: recordingsFolder } };
}

/** Says why nothing was done. @throws what is not about a backup */
export function refuseFault(error: unknown, context: CommandContext): number {
  if (!(error instanceof BackupError)) throw error;
  return refuse(context, oneLine(error.message), error.isOfUse ? "usage" : "failure");
}

export function count(n: number, one: string, many = `${one}s`): string {
  return `${n.toLocaleString("en")} ${n === 1 ? one : many}`;
}
