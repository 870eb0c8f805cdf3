import { lchown, mkdir, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { hasCode } from "../platform/errors.ts";
import { exists, makeFolder, syncFolder } from "../platform/files.ts";
import { linkOfOthers } from "../platform/real-files.ts";
import { asUser, isRoot } from "../platform/user.ts";
import type { User } from "../platform/user.ts";
import type { DataPaths } from "./folder.ts";
import { BackupError } from "./problem.ts";

const WRITABLE_BY_OTHERS = 0o022;
const STICKY = 0o1000;
const FOLDER_MODE = 0o700;

/**
 * The user that root restores data as: the owner of the folder that the database will be in, who is the receiver. null if
 * this process is not root, or the data is root's.
 *
 * @throws BackupError if another user's symlink says where the data is
 */
export async function restoringUser({ databasePath, audioFolder }: DataPaths): Promise<User | null> {
  if (!isRoot()) return null;
  for (const path of [dirname(databasePath), audioFolder]) await refuseLinksOfOthers(path);
  for (const path of [dirname(databasePath), audioFolder]) {
    const { uid, gid } = await stat(await nearestFolder(path));
    if (uid !== 0) return { uid, gid };
  }
  return null;
}

/** The maker of such a symlink could have root write anywhere. */
async function refuseLinksOfOthers(path: string): Promise<void> {
  const link = await linkOfOthers(path);
  if (link === null) return;
  throw new BackupError(
    `${link} is a symlink that is not root's: name the folder itself, or run this as the user that the receiver runs as`,
  );
}

async function nearestFolder(path: string): Promise<string> {
  return (await exists(path)) || dirname(path) === path ? path : nearestFolder(dirname(path));
}

/**
 * Makes a folder that the settings name, and those above it that are missing, for a user. If only root may make
 * folders, root does, and gives away what it has made and nothing else.
 */
export async function makeFolderFor(user: User | null, path: string): Promise<void> {
  if (user === null) return makeFolder(path);
  if (await exists(path)) return;
  await makeFolderFor(user, dirname(path));
  try {
    await asUser(user, () => makeFolder(path));
  } catch (error) {
    if (!hasCode(error, "EACCES") || !(await isRootsAlone(dirname(path)))) throw error;
    await mkdir(path, { mode: FOLDER_MODE });
    await lchown(path, user.uid, user.gid);
    await syncFolder(dirname(path));
  }
}

/** Whether nobody else can put anything in the place of a folder of root's in a folder, or of the folder itself. */
async function isRootsAlone(path: string): Promise<boolean> {
  const { uid, mode } = await stat(path);
  const isOpen = (mode & WRITABLE_BY_OTHERS) !== 0 && (mode & STICKY) === 0;
  if (uid !== 0 || isOpen) return false;
  return dirname(path) === path || isRootsAlone(dirname(path));
}
