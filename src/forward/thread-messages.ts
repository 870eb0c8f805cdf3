import type { EmbeddedData } from "../config/data.ts";
import type { ObjectsConfig } from "../config/objects.ts";
import type { Destination } from "./destination.ts";
import type { StopReason } from "./port.ts";

/** Where the events are. */
export type ForwardPlace =
  | Pick<EmbeddedData, "kind" | "databasePath">
  | { kind: "shared"; databaseUrl: string; objects: ObjectsConfig };

/** What the thread is started with. */
export type ForwardThreadOptions = {
  place: ForwardPlace;
  destinations: readonly Destination[];
  publicUrl: string | null;
};

/** How a destination stands. */
export type DestinationFigures = {
  name: string;
  /** Of the URL, with its port. */
  host: string;
  /** Attempts since the last figures. */
  delivered: number;
  failed: number;
  /** The cursor, and the last event of the database. */
  eventId: number;
  lastEventId: number;
  /** Events that wait to be repeated, and those that were given up. */
  parked: number;
  dead: number;
  stopped: StopReason | null;
};

/** What the thread tells its process. */
export type ForwardNote =
  | {
      kind: "line";
      level: "info" | "warning";
      message: string;
      fields: Record<string, string | number>;
    }
  | { kind: "figures"; destinations: readonly DestinationFigures[] }
  /** It can't go on. */
  | { kind: "failed"; problem: string }
  | { kind: "stopped" };

/** Ends the thread once what is being sent has been answered, or soon. */
export type ForwardRequest = "stop";
