import { resolve } from "node:path";
import { restoreBackup } from "../../backup/restore.ts";
import { count, findDataPaths, pathFlags, refuseFault } from "./terms.ts";
import { sizeText, oneLine } from "../../platform/text.ts";
import { exitStatus, refuse } from "../command.ts";
import type { Command, Given } from "../command.ts";
import type { CommandContext } from "../../platform/process.ts";

/** Puts the data of a backup where a receiver will look for it. */
export const restore: Command = {
  name: "restore",
  summary: "verify a backup and restore its data",
  examples: [
    { line: "restore /mnt/backup/webhook", does: "to the paths of the settings" },
    { line: "restore ./webhook --transcript-storage-path /srv/t.sqlite", does: "to another place" },
  ],
  arguments: [{ argument: "<folder>", key: "folder", description: "of the backup" }],
  flags: pathFlags,
  notes: `The receiver must not run, and there must be no data yet: nothing is ever overwritten. Run it as the receiver's user,
or as root: then it writes with the rights of the owner of the database's folder. If it is interrupted, run it again;
until it is complete the receiver refuses to start.
Exit status: 0 restored; 1 not restored; 64 wrong usage; 78 a faulty setting.
`,
  run,
};

async function run(given: Given, context: CommandContext): Promise<number> {
  const paths = findDataPaths(given, context);
  if (!paths.ok) return refuse(context, paths.problem, "config");
  const { databasePath, audioFolder } = paths.value;
  const folder = resolve(context.folder, given.folder ?? "");
  process.umask(0o077);
  try {
    const { header, files, bytes } = await restoreBackup({ folder, paths: paths.value });
    const content = `${count(header.events, "event")}, ${count(files, "file")} (${sizeText(bytes)})`;
    context.writeOut(
      `Restored the backup of ${oneLine(header.created_at)}: ${content}\nThe database is ${databasePath}, the recordings are in ${audioFolder}. Start the receiver.\n`,
    );
    return exitStatus.ok;
  } catch (error) {
    return refuseFault(error, context);
  }
}
