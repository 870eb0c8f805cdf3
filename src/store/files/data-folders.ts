import { dirname, join } from "node:path";
import { makeRealFolders } from "../../platform/real-files.ts";
import type { Leftovers } from "./leftovers.ts";
import { openRecordings } from "./recordings.ts";
import { openSpool } from "./spool.ts";

/** Opens the folders that deliveries are written to; to be called by the holder of the data lock only. */
export async function openDataFolders(options: {
  databasePath: string;
  /** null: recordings are not stored */
  audioFolder: string | null;
  leftovers: Leftovers;
  /** Throws where no further file may get its final name. */
  requireRoom: () => void;
  /** A predecessor is still at work: nothing of its is touched. */
  isShared: boolean;
}) {
  const { databasePath, audioFolder, leftovers, isShared } = options;
  const databaseFolder = dirname(databasePath);
  await makeRealFolders(databaseFolder, "spool");
  const spool = { discard: leftovers.discard, isShared, isRemade: true };
  const bodies = await openSpool(join(databaseFolder, "spool"), databasePath, spool);
  const recordings = audioFolder === null ? null : await openRecordings(audioFolder, databasePath, options);
  let isSuspect = false;
  const disks = {
    /** A delivery could not be stored: until a file can be written again, the next one can't be either. */
    suspect(): void {
      isSuspect = true;
    },
    areWritable(): boolean {
      if (isSuspect) isSuspect = !bodies.isWritable() || !(recordings?.isWritable() ?? true);
      return !isSuspect;
    },
  };
  return { bodies, recordings, disks };
}
