import { constants } from "node:fs";
import { lstat, open, readFile } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { isPlaceholder } from "../config/config.ts";
import { listed } from "../config/values.ts";
import { hasCode } from "../platform/errors.ts";
import { moveDurably, removeFile } from "../platform/files.ts";
import { onFile } from "../platform/faults.ts";
import type { ConnectionFiles } from "./carry-out.ts";
import { connectionText } from "./connection.ts";

const BYTES_MAX = 64 * 1024;
const SECRET_MODE = 0o600;
const CONNECTION_MODE = 0o644;

/** Where the secret and what is remembered of the connection are. */
export type ConnectionPaths = { secret: string; connection: string };

/** A file that `connect` does not touch, and why. */
export class UnusableFileError extends Error {
  override readonly name = "UnusableFileError";
}

/** The files of a connection, on this machine. */
export function filesAt({ secret, connection }: ConnectionPaths): ConnectionFiles {
  const write = (secrets: readonly string[]) => replaceFile(secret, `${secrets.join(",")}\n`, SECRET_MODE);
  return {
    /** By what will be done: a folder may be writable and the file, such as a mount, not replaceable. */
    async proveWritable() {
      const text = await readSmall(secret);
      if (text !== null) return replaceFile(secret, text, SECRET_MODE);
      await writeBeside(secret, "", { mode: SECRET_MODE, owner: null });
      await removeFile(besides(secret));
    },
    readSecrets: () => readSecrets(secret),
    writeSecrets: write,
    writeConnection: (value) => replaceFile(connection, connectionText(value), CONNECTION_MODE),
  };
}

/** The secrets in a file, without a placeholder; none if it is not there. @throws UnusableFileError */
export async function readSecrets(path: string): Promise<string[]> {
  return listed((await readSmall(path)) ?? "").filter((secret) => !isPlaceholder(secret));
}

/** A small file's text; null if it is not there. @throws UnusableFileError; what the system says */
export async function readSmall(path: string): Promise<string | null> {
  const stat = await statOf(path);
  if (stat === null) return null;
  if (stat.size > BYTES_MAX) throw new UnusableFileError(`${path} is larger than 64 KiB`);
  return onFile(path, () => readFile(path, "utf8"));
}

/** A symlink could be led elsewhere by somebody else, and would be replaced by a file. */
async function statOf(path: string) {
  try {
    const stat = await onFile(path, () => lstat(path));
    if (stat.isFile()) return stat;
    throw new UnusableFileError(`${path} is not a file: name the file itself, no symlink`);
  } catch (error) {
    if (hasCode(error, "ENOENT")) return null;
    throw error;
  }
}

/** Gives a file a new content, as a whole or not at all, on disk when it returns; rights and owner stay. */
export async function replaceFile(path: string, text: string, mode: number): Promise<void> {
  const before = await statOf(path);
  const owner = before === null ? null : { uid: before.uid, gid: before.gid };
  await writeBeside(path, text, { mode: before === null ? mode : before.mode & 0o777, owner });
  await moveDurably(besides(path), path);
}

/** The same name every time: what a run that was killed has left is removed by the next. */
function besides(path: string): string {
  return `${path}.new`;
}

async function writeBeside(
  path: string,
  text: string,
  { mode, owner }: { mode: number; owner: { uid: number; gid: number } | null },
): Promise<void> {
  const beside = besides(path);
  await removeFile(beside);
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
  await onFile(beside, async () => {
    const file = await open(beside, flags, SECRET_MODE);
    try {
      await fill(file, text, { mode, owner });
    } finally {
      await file.close();
    }
  });
}

async function fill(
  file: FileHandle,
  text: string,
  { mode, owner }: { mode: number; owner: { uid: number; gid: number } | null },
): Promise<void> {
  await file.writeFile(text);
  const { uid, gid } = await file.stat();
  if (owner !== null && (owner.uid !== uid || owner.gid !== gid)) await file.chown(owner.uid, owner.gid);
  await file.chmod(mode);
  await file.sync();
}
