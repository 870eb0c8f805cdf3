import { resolve } from "node:path";
import { makeBackup } from "../../backup/backup.ts";
import type { BackupReport } from "../../backup/backup.ts";
import { verifyBackup } from "../../backup/verify.ts";
import type { VerifyReport } from "../../backup/verify.ts";
import { count, findDataPaths, pathFlags, refuseFault } from "./terms.ts";
import { sizeText, oneLine } from "../../platform/text.ts";
import { exitStatus, refuse } from "../command.ts";
import type { Command, Given } from "../command.ts";
import type { CommandContext } from "../../platform/process.ts";

const SCHEMA_FAULTS_SHOWN_MAX = 10;

/** Backs up the data of a receiver, running or not, and verifies backups. */
export const backup: Command = {
  name: "backup",
  summary: "copy all data into a folder while the receiver runs; verify a backup",
  examples: [
    { line: "backup /mnt/backup/webhook", does: "make a backup; the next time it copies only what is new" },
    { line: "backup verify /mnt/backup/webhook", does: "read everything: is it complete and intact?" },
  ],
  arguments: [
    { argument: "[verify]", key: "first", description: "verify a backup instead of making one" },
    { argument: "[folder]", key: "second", description: "of the backup, outside the data folders" },
  ],
  flags: pathFlags,
  notes: `Run it as the receiver's user. An interrupted backup leaves the previous one in the folder.
It holds everything that arrived, including personal data: guard it like the data. restore puts it back.
Exit status: 0 made, or intact; 1 not, or the data lack files that a row names; 64 wrong usage; 78 a faulty setting.
`,
  run,
};

async function run(given: Given, context: CommandContext): Promise<number> {
  const isVerify = given.first === "verify";
  const [named, surplus] = isVerify ? [given.second] : [given.first, given.second];
  if (named === undefined || surplus !== undefined)
    return refuse(context, "name one folder: backup FOLDER, or backup verify FOLDER", "usage");
  const folder = resolve(context.folder, named);
  process.umask(0o077);
  try {
    return isVerify ? await verify(folder, context) : await make(folder, given, context);
  } catch (error) {
    return refuseFault(error, context);
  }
}

async function make(folder: string, given: Given, context: CommandContext): Promise<number> {
  const paths = findDataPaths(given, context);
  if (!paths.ok) return refuse(context, paths.problem, "config");
  const startedMs = context.clock.monotonicMs();
  const report = await makeBackup({ paths: paths.value, folder, clock: context.clock });
  const seconds = ((context.clock.monotonicMs() - startedMs) / 1000).toFixed(1);
  context.writeOut(madeText(folder, report, seconds));
  if (report.absent.count > 0) context.writeError(absentText(report));
  if (report.schemaFaults.length > 0) context.writeError(schemaText(report));
  const isGood = report.absent.count === 0 && report.schemaFaults.length === 0;
  return isGood ? exitStatus.ok : exitStatus.failure;
}

function madeText(folder: string, report: BackupReport, seconds: string): string {
  const { header, recordings, quarantined, copied, deletedMeanwhile } = report;
  const parts = [count(header.events, "event"), count(recordings, "recording")];
  if (quarantined > 0) parts.push(count(quarantined, "large body", "large bodies"));
  const lines = [
    `Backed up to ${folder}: ${parts.join(", ")}`,
    `Copied in ${seconds} s: the database (${sizeText(header.database.bytes)}) and ${count(copied.files, "new file")} (${sizeText(copied.bytes)})`,
  ];
  if (deletedMeanwhile > 0)
    lines.push(`Left out: ${count(deletedMeanwhile, "file")} deleted while the backup was made`);
  return lines.map((line) => `${line}\n`).join("");
}

function absentText({ absent }: BackupReport): string {
  const lines = absent.first.map(
    ({ path, isInBackup }) => `  ${oneLine(path)}${isInBackup ? " (an earlier backup here has it)" : ""}\n`,
  );
  return [
    `${count(absent.count, "file")} of the data ${absent.count === 1 ? "is" : "are"} missing, damaged or unreadable:\n`,
    ...lines,
    absent.count > lines.length ? "  …\n" : "",
    "See whether the disk of the recordings is mounted; put back what a backup has; the rest is in no backup.\n",
  ].join("");
}

function schemaText({ schemaFaults }: BackupReport): string {
  return [
    "The database is not as this program has made it, and restore will refuse this backup:\n",
    ...schemaFaults.slice(0, SCHEMA_FAULTS_SHOWN_MAX).map((fault) => `  ${oneLine(fault)}\n`),
    schemaFaults.length > SCHEMA_FAULTS_SHOWN_MAX ? "  …\n" : "",
    "Take out with sqlite3 what somebody has added (DROP TRIGGER, DROP VIEW, DROP INDEX), and back up again.\n",
  ].join("");
}

async function verify(folder: string, context: CommandContext): Promise<number> {
  const report = await verifyBackup(folder);
  const { faults } = report;
  if (faults.count === 0) {
    context.writeOut(intactText(folder, report));
    return exitStatus.ok;
  }
  context.writeError(
    [
      `${folder} has ${count(faults.count, "fault")}:\n`,
      ...faults.first.map((fault) => `  ${oneLine(fault)}\n`),
      faults.count > faults.first.length ? "  …\n" : "",
      "Remove the stored files that are named and back up again, which copies them again; or use another backup.\n",
    ].join(""),
  );
  return exitStatus.failure;
}

function intactText(folder: string, { header, files, bytes, leftOut }: VerifyReport): string {
  const made = `made ${header.created_at} by version ${header.program}, schema ${header.schema}`;
  const content = `${count(header.events, "event")}, ${count(files, "file")} (${sizeText(bytes)})`;
  const lacking =
    leftOut === 0
      ? ""
      : `It lacks ${count(leftOut, "file")} that ${leftOut === 1 ? "was" : "were"} missing when it was made.\n`;
  return `${folder} is intact: ${content}, ${oneLine(made)}\n${lacking}`;
}
