import { unlinkSync } from "node:fs";
import { dirname, join } from "node:path";
import { hasCode } from "../../platform/errors.ts";
import { FileFault, faultText, onFile } from "../../platform/faults.ts";
import { syncFolder } from "../../platform/files.ts";
import type { Log } from "../../platform/log.ts";
import { realFile } from "../../platform/real-files.ts";

/** More are left to the next start. */
const LEFT_MAX = 4096;

type Left = { folder: string; path: string };

export type Leftovers = ReturnType<typeof createLeftovers>;

/**
 * Removes files that are not to stay. One that a failing disk does not let go of is remembered and tried again, so that
 * it does not change the outcome of a delivery that is over.
 *
 * @param onLeft called when something has to be tried again
 */
export function createLeftovers(log: Log, onLeft: () => void) {
  /** By their full paths. */
  const left = new Map<string, Left>();
  let hasMore = false;

  function remember(file: Left, error: unknown): void {
    hasMore ||= left.size >= LEFT_MAX;
    if (left.size < LEFT_MAX) left.set(fullPath(file), file);
    log.error(`A file can't be removed yet, and is tried again: ${faultText(error)}`);
    onLeft();
  }

  async function attempt(file: Left, isWanted = (): boolean => true): Promise<void> {
    const full = fullPath(file);
    await onFile(full, async () => {
      // No symlink on the way is followed.
      const found = await realFile(file.folder, file.path);
      // From here on without a pause: nobody takes a name for its own that is being removed.
      if (!isWanted()) return;
      if (found !== null) unlink(full);
      await syncFolder(dirname(full)).catch(passOverMissing);
    });
  }

  async function attemptLeft(full: string, file: Left): Promise<void> {
    await attempt(file, () => left.has(full));
    left.delete(full);
  }

  return {
    /** Removes a temporary file. Never throws; a start removes it in any case. */
    discard(path: string): void {
      try {
        unlink(path);
      } catch (error) {
        remember({ folder: dirname(path), path: path.slice(dirname(path).length + 1) }, error);
      }
    },

    /** Removes a file below a folder; it is gone from the disk when this returns, or remembered. Never throws. */
    async remove(folder: string, path: string): Promise<void> {
      try {
        await attempt({ folder, path });
      } catch (error) {
        remember({ folder, path }, error);
      }
    },

    /** Makes sure that a name is not one that is still to be removed. @throws FileFault if it can't be removed yet */
    async clear(folder: string, path: string): Promise<void> {
      const file = left.get(fullPath({ folder, path }));
      if (file !== undefined) await attemptLeft(fullPath(file), file);
    },

    /** Tries once more what could not be removed. Never throws. */
    async retry(): Promise<void> {
      for (const [full, file] of left) {
        try {
          await attemptLeft(full, file);
          log.info("Removed a file that could not be removed before", { path: full });
        } catch (error) {
          if (!(error instanceof FileFault)) throw error;
        }
      }
    },

    /** Whether there is nothing that the next start has to look for. */
    isEmpty: (): boolean => left.size === 0 && !hasMore,
    hasToRetry: (): boolean => left.size > 0,
  };
}

function fullPath({ folder, path }: Left): string {
  return join(folder, path);
}

function unlink(path: string): void {
  try {
    unlinkSync(path);
  } catch (error) {
    passOverMissing(error);
  }
}

/** A file or folder that is gone needs no removal. */
function passOverMissing(error: unknown): void {
  if (!hasCode(error, "ENOENT")) throw error;
}
