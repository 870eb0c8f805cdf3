import { unlinkSync } from "node:fs";
import type { Clock } from "../../platform/clock.ts";
import { atFault, faultText } from "../../platform/faults.ts";
import { fileBytes } from "../../platform/files.ts";
import type { Log } from "../../platform/log.ts";
import { clearTraces, dropAnnouncements } from "./announcements.ts";
import { configureCursors, readCursors } from "./cursors.ts";
import type { Destination } from "../destination.ts";
import { openEventSource } from "./events.ts";
import { ForwardFileError, forwardPath, hasForwardFile, openForwardFile } from "./file.ts";

/**
 * Takes up the destinations of the configuration, before the first delivery: a new one begins with it. What fails is
 * logged, and nothing else: the receiver goes on.
 */
export async function prepareForwarding(options: {
  databasePath: string;
  /** null: they are not known, since the file of them has faults */
  destinations: readonly Destination[] | null;
  clock: Clock;
  log: Log;
}): Promise<void> {
  const { databasePath, destinations, clock, log } = options;
  if ((destinations ?? []).length === 0 && !hasForwardFile(databasePath)) return;
  try {
    const nowMs = clock.nowMs();
    if (destinations === null) await clearOld(databasePath, nowMs);
    else await prepare(databasePath, destinations, nowMs);
  } catch (error) {
    const problem =
      error instanceof ForwardFileError
        ? error.message
        : faultText(atFault(forwardPath(databasePath), error));
    log.error(`What is forwarded can't be prepared: ${problem}`);
  }
}

async function prepare(
  databasePath: string,
  destinations: readonly Destination[],
  nowMs: number,
): Promise<void> {
  const sqlite = openForwardFile(databasePath);
  let isOfUse = true;
  try {
    const source = openEventSource(databasePath);
    const position = source.newest();
    source.close();
    configureCursors(sqlite, { names: destinations.map(({ name }) => name), position, nowMs });
    isOfUse = readCursors(sqlite).length > 0;
    // Without destinations no thread does it, and the ids of erased conversations must not stay.
    if (destinations.length === 0) {
      dropAnnouncements(sqlite, [], nowMs);
      await clearTraces(sqlite, databasePath);
    }
  } finally {
    sqlite.close();
  }
  if (!isOfUse) removeForwardFile(databasePath);
}

/** Whom to tell of erased conversations is kept until the file of destinations is corrected, for as long as usual. */
async function clearOld(databasePath: string, nowMs: number): Promise<void> {
  const sqlite = openForwardFile(databasePath);
  try {
    const names = readCursors(sqlite).map(({ name }) => name);
    dropAnnouncements(sqlite, names, nowMs);
    await clearTraces(sqlite, databasePath);
  } finally {
    sqlite.close();
  }
}

function removeForwardFile(databasePath: string): void {
  for (const ending of ["", "-wal", "-shm"]) {
    const path = forwardPath(databasePath) + ending;
    if (fileBytes(path) !== null) unlinkSync(path);
  }
}
