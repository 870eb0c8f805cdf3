import type { Dirent } from "node:fs";
import { lstat, readdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { bodyPath, isBodyPath } from "../../model/body.ts";
import { isRecordingName, isRecordingPath, readPath, stemOf } from "../../model/recording.ts";
import { hasCode } from "../../platform/errors.ts";
import { onFile } from "../../platform/faults.ts";
import { fileSha256, moveDurably, syncFolder } from "../../platform/files.ts";
import type { TemporaryFile } from "../../platform/files.ts";
import {
  makeRealFolders,
  realFile,
  realNames,
  removablePath,
  removeRealFile,
} from "../../platform/real-files.ts";
import type { BlobIntake, Blobs } from "../port.ts";
import { commitFile, inTurn } from "./commit.ts";
import type { Leftovers } from "./leftovers.ts";
import { openSpool } from "./spool.ts";

/** Year, month, day. */
const DAY_PARTS = 3;

/** Files below one folder. */
export type FileBlobs = Omit<Blobs, "open"> & {
  open: (name: string) => Promise<Blob | null>;
  folder: string;
  /** Where a file is, for one who removes it himself; null if it is gone. @throws UnsafePathError */
  removablePath: (name: string) => Promise<string | null>;
};

/** The recordings, by their paths below the folder of the recordings. */
export function recordingFiles(folder: string): FileBlobs {
  return filesIn(folder, isRecordingPath, () => listRecordings(folder));
}

/** The bodies that are not in their rows, by their paths below the folder of the database. */
export function bodyFiles(databaseFolder: string): FileBlobs {
  const folder = dirname(bodyPath(""));
  return filesIn(databaseFolder, isBodyPath, async () => {
    const names = await realNames(databaseFolder, folder);
    return names.map((name) => `${folder}/${name}`).filter(isBodyPath);
  });
}

function filesIn(folder: string, isName: (name: string) => boolean, list: Blobs["list"]): FileBlobs {
  const find = async (name: string) => (isName(name) ? realFile(folder, name) : null);
  return {
    folder,
    async open(name) {
      const file = await find(name);
      return file === null ? null : Bun.file(file.path);
    },
    stat: find,
    async remove(name) {
      if (isName(name)) await removeRealFile(folder, name);
    },
    list,
    removablePath: async (name) => (isName(name) ? removablePath(folder, name) : null),
  };
}

/** What takes new files, and whether one could be written now. */
type OpenIntake = BlobIntake & { isWritable: () => boolean };

type Taking = {
  databasePath: string;
  leftovers: Leftovers;
  /** Throws if no further file may get its final name. */
  requireRoom: () => void;
  /** A predecessor is still at work: nothing of its is cleared away. */
  isShared: boolean;
};

/** Takes bodies in, and those that are on their way to somewhere else; to be called by the holder of the data lock only. */
export async function openBodyIntake(folder: string, taking: Taking): Promise<OpenIntake> {
  await makeRealFolders(folder, "spool");
  const spool = await openSpool(join(folder, "spool"), taking.databasePath, {
    discard: taking.leftovers.discard,
    isShared: taking.isShared,
    isRemade: true,
  });
  return intakeOf({ ...taking, folder, spool, isNamedByContent: true });
}

/** Takes recordings in; to be called by the holder of the data lock only. */
export async function openRecordingIntake(folder: string, taking: Taking): Promise<OpenIntake> {
  const { databasePath, leftovers, isShared } = taking;
  const spool = await openSpool(folder, databasePath, { discard: leftovers.discard, isShared });
  return intakeOf({ ...taking, folder, spool, isNamedByContent: false });
}

/** @param options `isNamedByContent`: a file under its name with another content is damaged, and is replaced */
function intakeOf(
  options: Taking & {
    folder: string;
    spool: Awaited<ReturnType<typeof openSpool>>;
    isNamedByContent: boolean;
  },
): OpenIntake {
  const { folder, spool, leftovers, requireRoom, isNamedByContent } = options;

  async function commit(file: TemporaryFile, names: readonly string[], sha256: string): Promise<string> {
    for (const path of names) {
      if (await commitFile(file.path, { folder, path }, leftovers)) return path;
      const target = join(folder, path);
      if (await hasContent(target, { byteCount: file.byteCount, sha256 })) {
        // The one that is there may have been named just before a crash, its name not yet on disk.
        await syncFolder(dirname(target));
        return path;
      }
      if (isNamedByContent) {
        await moveDurably(file.path, target);
        return path;
      }
    }
    throw new Error(`${join(folder, names[0] ?? "")} and the name with its hash are those of other files`);
  }

  return {
    // A recording is to stay, and has to be flushed in the end; most bodies are not.
    create: () => spool.create({ isFlushedEarly: !isNamedByContent }),
    isWritable: spool.isWritable,
    async put(file, names, sha256) {
      const [first = ""] = names;
      await file.sync();
      await makeRealFolders(folder, dirname(first));
      requireRoom();
      return inTurn(join(folder, first), () => commit(file, names, sha256));
    },
  };
}

function hasContent(
  path: string,
  { byteCount, sha256 }: { byteCount: number; sha256: string },
): Promise<boolean> {
  return onFile(path, async () => {
    const stat = await lstat(path);
    if (!stat.isFile() || stat.size !== byteCount) return false;
    return (await fileSha256(path)) === sha256;
  });
}

/** The recordings of some conversations, and the first error of a folder that could not be read. */
type FoundRecordings = { pathsOf: (conversationId: string) => string[]; problem: Error | null };

/**
 * Finds the recordings of conversations among those of all days, whether a row names them or not: the day of a recording
 * is that of its own event, which need not be there, nor be that of the conversation's other events.
 */
export async function findRecordings(
  folder: string,
  conversationIds: readonly string[],
): Promise<FoundRecordings> {
  const ids = new Map(conversationIds.map((id) => [stemOf(id), id]));
  const found = new Map<string, string[]>();
  let problem: Error | null = null;

  async function ownerOf(path: string): Promise<string | null> {
    const { stem, second } = readPath(path);
    const owner = ids.get(stem);
    if (owner !== undefined) return owner;
    const other = ids.get(second?.stemOfFirst ?? "");
    if (second === null || other === undefined) return null;
    if (!isRecordingPath(path) || (await realFile(folder, path)) === null) return null;
    return (await fileSha256(join(folder, path))).startsWith(second.hashStart) ? other : null;
  }

  const look = async (path: string): Promise<void> => {
    const owner = isRecordingName(path) ? await ownerOf(path) : null;
    if (owner !== null) found.set(owner, [...(found.get(owner) ?? []), path]);
  };
  await walkDays(folder, look, (error) => {
    if (!(error instanceof Error)) throw error;
    problem ??= error;
  });
  return { pathsOf: (id) => found.get(id) ?? [], problem };
}

/** The paths of all finished recordings; none if there is no folder. */
async function listRecordings(folder: string): Promise<string[]> {
  const paths: string[] = [];
  const look = async (path: string, entry: Dirent): Promise<void> => {
    if (entry.isFile() && isRecordingName(path)) paths.push(path);
  };
  await walkDays(folder, look, (error) => {
    throw error;
  });
  return paths;
}

/**
 * Looks at what is in the folders of all days, year by year. Links are not followed, and a folder that is gone meanwhile
 * has nothing in it. Not by `Bun.Glob`, whose faults do not name the folder.
 */
async function walkDays(
  folder: string,
  look: (path: string, entry: Dirent) => Promise<void>,
  onProblem: (error: unknown) => void,
): Promise<void> {
  async function walk(parts: readonly string[]): Promise<void> {
    try {
      for (const entry of await entriesIn(join(folder, ...parts))) {
        const below = [...parts, entry.name];
        if (parts.length === DAY_PARTS) await look(below.join("/"), entry);
        else if (/^\d{2,4}$/.test(entry.name) && (await isFolder(join(folder, ...below)))) await walk(below);
      }
    } catch (error) {
      onProblem(error);
    }
  }
  await walk([]);
}

/** None if the folder is gone. */
async function entriesIn(folder: string): Promise<Dirent[]> {
  try {
    return await readdir(folder, { withFileTypes: true });
  } catch (error) {
    if (isGone(error)) return [];
    throw error;
  }
}

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await lstat(path)).isDirectory();
  } catch (error) {
    if (isGone(error)) return false;
    throw error;
  }
}

function isGone(error: unknown): boolean {
  return hasCode(error, "ENOENT") || hasCode(error, "ENOTDIR");
}
