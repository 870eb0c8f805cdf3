import { lchown, readdir, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { exists } from "../platform/files.ts";
import type { DataPlace } from "./place.ts";

/**
 * Gives what root has restored to the user whose folder it lies in: the receiver's own. systemd does so only where the
 * folder itself belongs to somebody else.
 */
export async function giveToReceiver({ databasePath, audioFolder }: DataPlace): Promise<void> {
  if (process.getuid?.() !== 0) return;
  const folder = dirname(databasePath);
  const { uid, gid } = await stat(folder);
  if (uid === 0) return;
  const beside = (await readdir(folder)).filter((name) => name.startsWith(basename(databasePath)));
  for (const name of beside) await lchown(join(folder, name), uid, gid);
  for (const tree of [audioFolder, join(folder, "quarantine")]) {
    if (!(await exists(tree))) continue;
    await lchown(tree, uid, gid);
    for (const name of await readdir(tree, { recursive: true })) await lchown(join(tree, name), uid, gid);
  }
}
