/** A user and its group, by their numbers. */
export type User = { uid: number; gid: number };

export function isRoot(): boolean {
  return process.geteuid?.() === 0;
}

/**
 * Does work with the rights of another user, which root alone can: what that user could lead elsewhere, by a symlink put
 * in the place of a folder at the right moment, then leads nowhere that the user could not go anyway. All that this process
 * does meanwhile has those rights, so that this is for commands, which do one thing at a time.
 *
 * @param user null: with the rights that this process has
 */
export async function asUser<T>(user: User | null, work: () => T | Promise<T>): Promise<T> {
  if (user === null) return work();
  const groups = process.getgroups?.() ?? [];
  process.setgroups?.([user.gid]);
  process.setegid?.(user.gid);
  process.seteuid?.(user.uid);
  try {
    return await work();
  } finally {
    process.seteuid?.(0);
    process.setegid?.(0);
    process.setgroups?.(groups);
  }
}
