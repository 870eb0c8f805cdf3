import type { Dirent } from "node:fs";
import { lstat, readdir, rm } from "node:fs/promises";
import { basename, extname, join } from "node:path";
import { exists } from "../platform/files.ts";

/**
 * A backup folder. Files have their content's hash as name, so that none is ever replaced by another, and the manifest
 * alone says which belong together: until a new one has its name, the old one and all of its files are there.
 *
 *     manifest.jsonl              what the backup consists of, and where each file belongs
 *     database/ab/abcd….sqlite
 *     recordings/ab/abcd….mp3
 *     quarantine/ab/abcd….body
 *     unfinished/                 what is being written
 *     backup.lock                 one backup at a time
 */
export const layout = {
  manifest: (folder: string) => join(folder, "manifest.jsonl"),
  lock: (folder: string) => join(folder, "backup.lock"),
  unfinished: (folder: string) => join(folder, "unfinished"),
};

const KINDS: Record<string, string> = {
  ".sqlite": "database",
  ".mp3": "recordings",
  ".body": "quarantine",
};
const STORED = /^([0-9a-f]{2})[0-9a-f]{62}$/;

/** Where a file is stored in its backup, relative to the folder. @param path that it has in the data */
export function storedPath({ path, sha256 }: { path: string; sha256: string }): string {
  const ending = extname(path);
  const kind = KINDS[ending];
  if (kind === undefined || !STORED.test(sha256))
    throw new Error(`no place for ${ending} files named ${sha256}`);
  return `${kind}/${sha256.slice(0, 2)}/${sha256}${ending}`;
}

export function storedDatabase(sha256: string): string {
  return storedPath({ path: "database.sqlite", sha256 });
}

/** Removes stored files that no manifest needs any more; whatever has another name is not ours and stays. */
export async function prune(folder: string, isNeeded: (stored: string) => boolean): Promise<void> {
  for (const [ending, kind] of Object.entries(KINDS)) {
    const prefixes = (await entriesIn(join(folder, kind))).filter((entry) => entry.isDirectory());
    for (const { name: prefix } of prefixes) {
      const entries = await entriesIn(join(folder, kind, prefix));
      const surplus = entries
        .filter(({ name }) => extname(name) === ending && STORED.exec(basename(name, ending))?.[1] === prefix)
        .map(({ name }) => `${kind}/${prefix}/${name}`)
        .filter((stored) => !isNeeded(stored));
      for (const stored of surplus) await rm(join(folder, stored), { force: true });
    }
  }
}

async function entriesIn(path: string): Promise<Dirent[]> {
  const isFolder = (await exists(path)) && (await lstat(path)).isDirectory();
  return isFolder ? readdir(path, { withFileTypes: true }) : [];
}
