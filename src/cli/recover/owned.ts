import { existsSync, lstatSync, statSync } from "node:fs";
import { dirname } from "node:path";
import type { EmbeddedData } from "../../config/data.ts";
import { options } from "../../config/options.ts";
import type { Log } from "../../platform/log.ts";
import { linkOfOthers } from "../../platform/real-files.ts";
import { isRoot } from "../../platform/user.ts";
import { DataLockedError } from "../../store/sqlite/data-lock.ts";
import { openStore } from "../../store/store.ts";
import { recordOfLeftBody } from "../../webhook/record.ts";
import type { OpenedStore } from "./opened.ts";

/** Opens the data of this machine, as their owner. */
export async function openOwned(
  { databasePath, recordingsFolder }: EmbeddedData,
  { storeAudio, log }: { storeAudio: boolean; log: Log },
): Promise<OpenedStore> {
  if (!existsSync(databasePath)) {
    const problem = `there is no database at ${databasePath}: set ${options.databasePath.name} as the receiver has it`;
    return { kind: "failed", problem, isOfConfig: true };
  }
  const obstacle = await becomeOwner(databasePath);
  if (obstacle !== null) return { kind: "failed", problem: obstacle };
  process.umask(0o077);
  try {
    const audioFolder = storeAudio ? recordingsFolder : null;
    const store = await openStore({ databasePath, recordingsFolder, audioFolder, recordOfLeftBody, log });
    return { kind: "open", store };
  } catch (error) {
    if (!(error instanceof DataLockedError)) throw error;
    const problem =
      "a receiver is at work on the data, and can't be asked: run this as its user, with its settings";
    return { kind: "failed", problem };
  }
}

/**
 * Has root become the owner of the database's folder, for good: files of root's among the receiver's would keep it from
 * starting. Returns why that can't be, or null.
 */
async function becomeOwner(databasePath: string): Promise<string | null> {
  if (!isRoot()) return null;
  const folder = dirname(databasePath);
  const link = (await linkOfOthers(folder)) ?? (lstatSync(databasePath).isFile() ? null : databasePath);
  if (link !== null)
    return `${link} is a symlink that is not root's: name the folder itself, or run this as the user that the receiver runs as`;
  const { uid, gid } = statSync(folder);
  if (uid === 0) return null;
  process.setgroups?.([gid]);
  process.setgid?.(gid);
  process.setuid?.(uid);
  return process.geteuid?.() === uid
    ? null
    : `this process can't become user ${uid}, to whom ${folder} belongs`;
}
