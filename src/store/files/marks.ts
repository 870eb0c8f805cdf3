import { dirname } from "node:path";
import { faultText } from "../../platform/faults.ts";
import { exists, removeFile, syncFolder, TemporaryFile } from "../../platform/files.ts";
import type { Log } from "../../platform/log.ts";

/** There while the program runs: only an orderly stop removes it. */
export function runningMark(databasePath: string): string {
  return `${databasePath}.running`;
}

/** There from the first file of a restore to the last. */
export function restoringMark(databasePath: string): string {
  return `${databasePath}.restoring`;
}

/** Leaves a mark, unless it is there; it is on disk when this returns. */
export async function setMark(path: string, text = ""): Promise<void> {
  if (await exists(path)) return;
  const file = await TemporaryFile.create(path);
  file.write(Buffer.from(text));
  await file.sync();
  await syncFolder(dirname(path));
}

/** Tells the next start that this one has ended in good order; one that can't be told looks at all files. */
export async function removeRunningMark(databasePath: string, log: Log): Promise<void> {
  try {
    await removeFile(runningMark(databasePath));
  } catch (error) {
    log.warning(`The next start looks at all files as after a kill: ${faultText(error)}`);
  }
}

/** A start would make an empty database in the place of the one that is still to be restored. @throws if it would */
export async function refuseHalfRestored(databasePath: string): Promise<void> {
  const mark = restoringMark(databasePath);
  if (!(await exists(mark))) return;
  throw new Error(
    `a restore of ${databasePath} has not been finished: run it again, or remove what it has copied and then ${mark}`,
  );
}
