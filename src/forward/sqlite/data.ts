import type { Database } from "bun:sqlite";
import { errorCode } from "../../platform/errors.ts";
import type { ForwardData, ForwardState } from "../port.ts";
import { clearTraces, commitAnnounced, dropAnnouncements, dueAnnouncements } from "./announcements.ts";
import {
  configureCursors,
  readCursor,
  readCursors,
  replayFrom,
  resumeDestination,
  stopDestination,
} from "./cursors.ts";
import { openEventSource } from "./events.ts";
import { openForwardFile } from "./file.ts";
import { commitProgress, countParked, dueEvents, forgetGone, reviveDead } from "./parked.ts";

/** Opens a database, which is only read, and the file of what is forwarded. @throws ForwardFileError; SQLiteError */
export function openForwardData(databasePath: string): ForwardData {
  const sqlite = openForwardFile(databasePath);
  const source = openEventSource(databasePath);
  const isThere = (eventId: number): boolean => source.find(eventId) !== null;
  return {
    source,
    state: { ...stateOf(sqlite, databasePath), forgetGone: (name) => forgetGone(sqlite, name, isThere) },
    // Another process may hold the file, or the database, for a moment.
    isPassing: (error) => errorCode(error).startsWith("SQLITE_BUSY") || errorCode(error) === "ScrubError",
    close() {
      source.close();
      sqlite.close();
    },
  };
}

/** What the file says, which may be open in several processes. */
export function stateOf(sqlite: Database, databasePath: string): Omit<ForwardState, "forgetGone"> {
  return {
    cursors: () => readCursors(sqlite),
    cursor: (name) => readCursor(sqlite, name),
    configure: (configuration) => configureCursors(sqlite, configuration),
    stop: (name, reason) => stopDestination(sqlite, name, reason),
    replayFrom: (name, position) => replayFrom(sqlite, name, position),
    resume: (name) => resumeDestination(sqlite, name),
    commitProgress: (name, progress, nowMs) => commitProgress(sqlite, name, progress, nowMs),
    dueEvents: (name, nowMs, rowsMax) => dueEvents(sqlite, name, nowMs, rowsMax),
    countParked: (name) => countParked(sqlite, name),
    reviveDead: (name, nowMs) => reviveDead(sqlite, name, nowMs),
    dueAnnouncements: (name, nowMs, rowsMax) => dueAnnouncements(sqlite, name, nowMs, rowsMax),
    commitAnnounced: (name, announced) => commitAnnounced(sqlite, name, announced),
    dropAnnouncements: (names, nowMs) => void dropAnnouncements(sqlite, names, nowMs),
    clearTraces: () => clearTraces(sqlite, databasePath),
  };
}
