import { constants } from "node:fs";
import { open, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { exists } from "../platform/files.ts";
import { makeRealFolders } from "../platform/real-files.ts";
import { asUser } from "../platform/user.ts";
import type { User } from "../platform/user.ts";
import { fileSha256 } from "../platform/files.ts";
import { copyDurably, fileFacts } from "./files.ts";
import { BackupError } from "./problem.ts";

type Expected = { bytes: number; sha256: string };

/**
 * Puts one file of a backup in its place, unless it is there.
 *
 * @param to the folder that the settings name, and the path from there
 * @param user to write as; null: as this process
 */
export async function restoreFile(
  from: string,
  to: { base: string; path: string },
  expected: Expected,
  user: User | null,
): Promise<void> {
  const target = join(to.base, to.path);
  const isThere = await asUser(user, async () => {
    await makeRealFolders(to.base, dirname(to.path));
    return exists(target);
  });
  if (isThere) return asUser(user, () => refuseOther(target, expected));
  const unfinished = join(to.base, ".restoring.tmp");
  await copyChecked(from, unfinished, expected, user);
  await asUser(user, () => rename(unfinished, target));
}

async function refuseOther(target: string, { bytes, sha256 }: Expected): Promise<void> {
  const isOurs = (await fileFacts(target))?.byteCount === bytes && (await fileSha256(target)) === sha256;
  if (!isOurs) throw new BackupError(`${target} is there with another content: move it away`);
}

/**
 * Copies to where at most an interrupted restore has left something.
 *
 * @param user to write as; the backup is read as this process, since it may be root's alone
 */
export async function copyChecked(
  from: string,
  to: string,
  { bytes, sha256 }: Expected,
  user: User | null,
): Promise<void> {
  const source = user === null ? null : await open(from, constants.O_RDONLY | constants.O_NOFOLLOW);
  try {
    await asUser(user, async () => {
      await rm(to, { force: true });
      const copied = await copyDurably(source ?? from, to);
      if (copied?.byteCount === bytes && copied.sha256 === sha256) return;
      throw new BackupError(`${from} changed meanwhile: verify the backup and run this again`);
    });
  } catch (error) {
    await asUser(user, () => rm(to, { force: true }));
    throw error;
  } finally {
    await source?.close();
  }
}
