import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { faultText, onFile } from "../../platform/faults.ts";
import { makeFolder, removeFile } from "../../platform/files.ts";
import type { Log } from "../../platform/log.ts";
import { openSpool } from "../files/spool.ts";
import type { Spool } from "../files/spool.ts";
import { takeLock } from "../sqlite/data-lock.ts";

const LOCK = /^([0-9a-f]{16})\.lock$/;

/** The temporary files of this instance. */
export type InstanceSpool = Spool & { isWritable: () => boolean; close: () => Promise<void> };

/**
 * Opens a folder of its own for the temporary files of this instance, and clears away those of instances that have ended:
 * nobody holds the lock beside their folders any more, while another instance that is at work holds its own.
 */
export async function openInstanceSpool(spoolFolder: string, log: Log): Promise<InstanceSpool> {
  await makeFolder(spoolFolder);
  for (const name of await readdir(spoolFolder)) {
    const [, instance] = LOCK.exec(name) ?? [];
    if (instance !== undefined) await clear(join(spoolFolder, instance));
  }
  const { folder, unlock } = takeFolder(spoolFolder);
  const spool = await openSpool(folder, folder, {
    // What can't be removed now is cleared away by a later start.
    discard: (path) =>
      removeFile(path).catch((error) => log.warning(`A temporary file stays: ${faultText(error)}`)),
    isRemade: true,
  });
  return {
    ...spool,
    async close() {
      unlock();
      await clear(folder);
    },
  };
}

/** Takes a name that nobody has. Another start that clears away may hold its new lock for a moment, or have removed it. */
function takeFolder(spoolFolder: string): { folder: string; unlock: () => void } {
  for (;;) {
    const folder = join(spoolFolder, randomBytes(8).toString("hex"));
    const unlock = takeLock(`${folder}.lock`);
    if (unlock !== null && existsSync(`${folder}.lock`)) return { folder, unlock };
    unlock?.();
  }
}

/** Removes the folder of an instance, unless that is at work. The lock goes last: what has none is never looked at. */
async function clear(folder: string): Promise<void> {
  const lock = `${folder}.lock`;
  const unlock = takeLock(lock);
  if (unlock === null) return;
  try {
    await onFile(folder, () => rm(folder, { recursive: true, force: true }));
    await removeFile(lock);
  } finally {
    unlock();
  }
}
