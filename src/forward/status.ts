import { findPlace } from "../model/lineage.ts";
import type { Lineage } from "../model/lineage.ts";
import type { Destination } from "./destination.ts";
import type { ForwardCursor, ForwardState, StopReason } from "./port.ts";

/** How far a destination has been sent the events. */
export type DestinationStanding = {
  name: string;
  /** null: it is no longer configured */
  host: string | null;
  state:
    | "ok"
    /** It has taken nothing since its last failure. */
    | "failing"
    /** It begins at the newest event as soon as the receiver knows it. */
    | "new"
    | "removed"
    | "stopped";
  /** Why it is stopped; null if it is not. */
  stopped: StopReason | null;
  /** The last event that was dealt with, of these. */
  eventId: number;
  lastEventId: number;
  /** Events that wait to be repeated, and those that were given up. */
  waiting: number;
  dead: number;
  /** Unix ms; null if there was none. */
  succeededAtMs: number | null;
  failingSinceMs: number | null;
  /** Up to this event these data are those that it was sent; null unless they are others. */
  commonEventId: number | null;
};

type StatusSource = Pick<ForwardState, "cursors" | "countParked">;

/**
 * Tells how every destination stands, those that were removed too.
 *
 * @param state null: nothing was forwarded yet
 */
export async function readStatus(
  state: StatusSource | null,
  destinations: readonly Pick<Destination, "name" | "host">[],
  lineage: Lineage,
): Promise<DestinationStanding[]> {
  if (state === null) return destinations.map(({ name, host }) => newStatus(name, host, lineage));
  const cursors = await state.cursors();
  const configured = destinations.map(({ name, host }) => {
    const cursor = cursors.find((one) => one.name === name);
    return cursor === undefined ? newStatus(name, host, lineage) : statusOf(state, cursor, { host, lineage });
  });
  const removed = cursors
    .filter(({ name }) => destinations.every((destination) => destination.name !== name))
    .map((cursor) => statusOf(state, cursor, { host: null, lineage }));
  return Promise.all([...configured, ...removed]);
}

function newStatus(name: string, host: string, { lastEventId }: Lineage): DestinationStanding {
  return {
    name,
    host,
    state: "new",
    stopped: null,
    eventId: lastEventId,
    lastEventId,
    waiting: 0,
    dead: 0,
    succeededAtMs: null,
    failingSinceMs: null,
    commonEventId: null,
  };
}

async function statusOf(
  state: StatusSource,
  cursor: ForwardCursor,
  { host, lineage }: { host: string | null; lineage: Lineage },
): Promise<DestinationStanding> {
  const { name, eventId, succeededAtMs, failingSinceMs } = cursor;
  const found = findPlace(lineage, cursor);
  const stopped = found.kind === "here" ? cursor.stopped : stopReasons[found.kind];
  return {
    name,
    host,
    state: stateOf(host, stopped, failingSinceMs),
    stopped,
    eventId,
    lastEventId: lineage.lastEventId,
    ...(await state.countParked(name)),
    succeededAtMs,
    failingSinceMs,
    commonEventId: found.kind === "replaced" ? found.commonEventId : null,
  };
}

/** The thread that forwards notes it when it looks next. */
const stopReasons = { replaced: "data_replaced", ahead: "ahead_of_data" } as const;

function stateOf(
  host: string | null,
  stopped: StopReason | null,
  failingSinceMs: number | null,
): DestinationStanding["state"] {
  if (host === null) return "removed";
  if (stopped !== null) return "stopped";
  return failingSinceMs === null ? "ok" : "failing";
}
