import { constants, statSync, writeSync } from "node:fs";
import { lstat, mkdir, open, rename, unlink } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { dirname } from "node:path";
import { hasCode } from "./errors.ts";
import { onFile, onFileNow } from "./faults.ts";

/** A file that is flushed early is flushed in steps of about this size: anyone else who flushes waits for at most one of them. */
const FLUSH_BYTES = 4 * 1024 * 1024;
const READ_BYTES = 128 * 1024;
const FOLDER_MODE = 0o700;
const FILE_MODE = 0o600;

type TemporaryFileOptions = {
  /** Whether it goes to disk while it is being written, which a file that is to stay has to in the end. */
  isFlushedEarly?: boolean;
  /** Removes a file that is discarded. */
  remove?: (path: string) => void | Promise<void>;
};

/**
 * A file being written under a temporary name, on the file system of its final place. Nobody takes it for finished
 * before it is moved to its final name, which is only done after `sync`.
 */
export class TemporaryFile {
  byteCount = 0;
  #isOpen = true;
  #unflushedBytes = 0;
  #isFlushing = false;
  #flushed: Promise<void> = Promise.resolve();

  private constructor(
    readonly path: string,
    private readonly handle: FileHandle,
    private readonly options: TemporaryFileOptions,
  ) {}

  /**
   * @throws if the folder is missing or not writable, or the name is taken (a symlink counts as taken)
   */
  static async create(path: string, options: TemporaryFileOptions = {}): Promise<TemporaryFile> {
    const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
    const handle = await onFile(path, () => open(path, flags, FILE_MODE));
    return new TemporaryFile(path, handle, options);
  }

  /**
   * Appends, and has handed everything to the kernel when it returns. Not asynchronous, on purpose: while a write were
   * under way the runtime would go on buffering what a sender sends (measured: eight recordings at once took 90 MB
   * instead of 62 MB).
   */
  write(bytes: Uint8Array): void {
    onFileNow(this.path, () => {
      // A write may take less than it was given (a full disk, a signal): go on until all is out.
      for (let from = 0; from < bytes.byteLength;) from += writeSync(this.handle.fd, bytes, from);
    });
    this.byteCount += bytes.byteLength;
    this.#unflushedBytes += bytes.byteLength;
    if (this.options.isFlushedEarly === true && this.#unflushedBytes >= FLUSH_BYTES && !this.#isFlushing)
      this.#flush();
  }

  /** Flushes to disk and closes. @throws if the file is shorter than what was written, or a flush has failed */
  sync(): Promise<void> {
    return onFile(this.path, () => this.#syncAll());
  }

  /** Removes the file, whatever state it is in. */
  async discard(): Promise<void> {
    // What is thrown away need not be whole.
    await this.#close().catch(() => {});
    await (this.options.remove ?? removeFile)(this.path);
  }

  /**
   * Reads a part in pieces of at most 128 KiB. A piece is valid until the next one is asked for: they share a buffer.
   */
  async *pieces(start = 0, end = this.byteCount): AsyncGenerator<Uint8Array> {
    const handle = await open(this.path);
    try {
      const buffer = Buffer.allocUnsafe(READ_BYTES);
      for (let position = start; position < end;) {
        const { bytesRead } = await handle.read(buffer, 0, Math.min(READ_BYTES, end - position), position);
        if (bytesRead === 0) throw new Error(`${this.path} ends at ${position} instead of ${end}`);
        yield buffer.subarray(0, bytesRead);
        position += bytesRead;
      }
    } finally {
      await handle.close();
    }
  }

  /** All of it: for one that is known to be small. */
  bytes(): Promise<Uint8Array> {
    return Bun.file(this.path).bytes();
  }

  async #syncAll(): Promise<void> {
    // The kernel tells of a failed flush once: the next flush reports nothing.
    await this.#flushed;
    const { size } = await this.handle.stat();
    if (size !== this.byteCount)
      throw new Error(`${this.path} has ${size} bytes instead of ${this.byteCount}`);
    await this.handle.sync();
    await this.#close();
  }

  #flush(): void {
    this.#isFlushing = true;
    this.#unflushedBytes = 0;
    this.#flushed = this.#flushNow();
    // `sync` awaits it and reports a failure; with a file that is discarded nobody has to.
    this.#flushed.catch(() => {});
  }

  /** After a failure there is no further flush: `sync` finds the first one. */
  async #flushNow(): Promise<void> {
    await this.handle.datasync();
    this.#isFlushing = false;
  }

  async #close(): Promise<void> {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    // The descriptor is another file's as soon as it is closed.
    await this.#flushed.catch(() => {});
    await this.handle.close();
  }
}

const FOLDERS_ON_DISK_MAX = 4096;

const foldersBeingMade = new Map<string, Promise<void>>();
/** Folders whose names this process has seen flushed, or need not be. */
const foldersOnDisk = new Set<string>();

/** Makes a folder and those above it that are missing; it is on disk when this returns, even if another call made it. */
export function makeFolder(path: string): Promise<void> {
  // A folder is there before it is on disk: a call that finds it meanwhile waits for the one that makes it.
  const making =
    foldersBeingMade.get(path) ?? makeFolderNow(path).finally(() => foldersBeingMade.delete(path));
  foldersBeingMade.set(path, making);
  return making;
}

async function makeFolderNow(path: string): Promise<void> {
  const parent = dirname(path);
  try {
    await mkdir(path, { mode: FOLDER_MODE });
  } catch (error) {
    // A parent that is there cannot be made: a dangling symlink, or /proc.
    if (hasCode(error, "ENOENT") && !(await exists(parent))) {
      await makeFolder(parent);
      return makeFolderNow(path);
    }
    if (!hasCode(error, "EEXIST")) throw error;
    if (foldersOnDisk.has(path)) return;
    // Its maker may have been stopped, or have failed, before the name was on disk.
    await syncParentOfOthers(parent);
    rememberOnDisk(path);
    return;
  }
  foldersOnDisk.delete(path);
  await syncFolder(parent);
  rememberOnDisk(path);
}

function rememberOnDisk(path: string): void {
  if (foldersOnDisk.size >= FOLDERS_ON_DISK_MAX) foldersOnDisk.clear();
  foldersOnDisk.add(path);
}

/** Like `syncFolder`; a parent that we can't read, or that can't be flushed, such as /proc, holds no folder of ours. */
async function syncParentOfOthers(path: string): Promise<void> {
  try {
    await syncFolder(path);
  } catch (error) {
    if (!["EACCES", "EPERM", "EINVAL", "EROFS"].some((code) => hasCode(error, code))) throw error;
  }
}

/** Makes the names in a folder durable. */
export function syncFolder(path: string): Promise<void> {
  return onFile(path, async () => {
    const handle = await open(path, constants.O_RDONLY | constants.O_DIRECTORY);
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  });
}

/**
 * Removes a file, if it is there. Not by `rm`, which the runtime has report EIO and ENOSPC as EFAULT.
 *
 * @throws FileFault
 */
export async function removeFile(path: string): Promise<void> {
  try {
    await onFile(path, () => unlink(path));
  } catch (error) {
    if (!hasCode(error, "ENOENT")) throw error;
  }
}

/** Renames within one file system; the new name is on disk when this returns. */
export async function moveDurably(from: string, to: string): Promise<void> {
  await onFile(to, () => rename(from, to));
  await syncFolder(dirname(to));
}

/** True if the path names anything at all, even a dangling symlink. */
export async function exists(path: string): Promise<boolean> {
  try {
    await lstat(path);
    return true;
  } catch (error) {
    if (hasCode(error, "ENOENT")) return false;
    throw error;
  }
}

/** null if there is no such file. */
export function fileBytes(path: string): number | null {
  return statSync(path, { throwIfNoEntry: false })?.size ?? null;
}

/** Lower-case hex of a file's content, read piece by piece. */
export function fileSha256(path: string): Promise<string> {
  return onFile(path, async () => {
    const hasher = new Bun.CryptoHasher("sha256");
    for await (const piece of Bun.file(path).stream()) hasher.update(piece);
    return hasher.digest("hex");
  });
}
