import { findPlace } from "../model/lineage.ts";
import type { Clock } from "../platform/clock.ts";
import { errorCode } from "../platform/errors.ts";
import { createLimit } from "../platform/limit.ts";
import type { Courier } from "./attempt.ts";
import { createByteLimit } from "./byte-limit.ts";
import { messageOf, wants } from "./content.ts";
import type { Destination } from "./destination.ts";
import type {
  ForwardCursor,
  ForwardEvent,
  ForwardPosition,
  ForwardSource,
  ForwardState,
  Parked,
  Progress,
  StopReason,
} from "./port.ts";
import { nextAttemptMs } from "./schedule.ts";
import type { DestinationFigures } from "./thread-messages.ts";

const AT_ONCE_MAX = 8;
/** Of these: a destination that is slow to refuse what was parked still gets what is new. */
const REPEATS_AT_ONCE_MAX = 4;
/** Both pages together are what a kill may have sent once more. */
const PAGE_EVENTS_MAX = 64;
const PAGE_REPEATS_MAX = 32;
/** With more than that waiting to be repeated the cursor waits too: the events are in the database anyway. */
const PARKED_MAX = 10_000;
/** Of payloads in memory for one destination: with one for all, a slow destination would hold up the others. */
const PAYLOAD_BYTES_MAX = 2 * 1024 * 1024;
const FAILING_MS_MAX = 5 * 86_400_000;
const WARNED_EVERY_MS = 60_000;

/** What the thread tells its process, to be logged. */
export type TellForward = (
  level: "info" | "warning",
  message: string,
  fields: Record<string, string | number>,
) => void;

export type LineOptions = {
  destination: Destination;
  state: Pick<ForwardState, "cursor" | "stop" | "commitProgress" | "dueEvents" | "countParked">;
  source: ForwardSource;
  courier: Courier;
  /** Whether an error is of the moment. */
  isPassing: (error: unknown) => boolean;
  publicUrl: string | null;
  clock: Clock;
  /** From 0 to 1. */
  random: () => number;
  tell: TellForward;
  /** Bytes of memory are of no use any more. */
  letGo: (bytes: number) => void;
  /** Aborted when the thread is to end: nothing more is begun. */
  ending: AbortSignal;
  /** Aborted soon after: what was not answered by then was not sent. */
  calledOff: AbortSignal;
};

/** What has become of one event: "over" if there is nothing to be sent, "unsent" if nobody knows. */
type Result = { kind: "taken" } | { kind: "over" } | { kind: "failed"; problem: string } | { kind: "unsent" };

const stopTexts: Record<StopReason, string> = {
  gone: "It has answered 410 and gets nothing more until forward replay is used",
  failing: "It has taken nothing for five days and gets nothing more until forward replay is used",
  data_replaced:
    "The database was restored and its ids are others: say where to go on, as in forward replay NAME --since 2d",
  ahead_of_data:
    "The database is older than what was sent: say where to go on, as in forward replay NAME --since 2d",
};

/**
 * Sends one destination its events, a page at a time. Its two steps run beside each other: one takes what is new, in the
 * order of ids, the other what was parked.
 */
export function createLine(options: LineOptions) {
  const { destination, state, source, courier, isPassing, publicUrl, clock, random, tell } = options;
  const { letGo, ending, calledOff } = options;
  const { name, host } = destination;
  const atOnce = createLimit(AT_ONCE_MAX);
  const repeatsAtOnce = createLimit(REPEATS_AT_ONCE_MAX);
  const withBytes = createByteLimit(PAYLOAD_BYTES_MAX);
  /** The generation of the cursor at which it answered 410: nothing more is sent until a command sets the cursor. */
  let goneAt: number | null = null;
  let counts = { delivered: 0, failed: 0 };
  /** Of the events that are being sent, once for each. */
  const sending: string[] = [];
  let warnedAtMs = Number.NEGATIVE_INFINITY;

  async function stop(reason: StopReason): Promise<void> {
    if (await state.stop(name, reason)) tell("warning", stopTexts[reason], { destination: name, host });
  }

  /** The cursor, if there is something to be sent; it stops a destination whose cursor is of other data. */
  async function usableCursor(): Promise<ForwardCursor | null> {
    const cursor = await state.cursor(name);
    if (cursor === null || cursor.stopped !== null) return null;
    const { kind } = findPlace(await source.lineage(), cursor);
    if (kind === "here") return cursor;
    await stop(kind === "ahead" ? "ahead_of_data" : "data_replaced");
    return null;
  }

  async function sendOne(event: ForwardEvent, { generation }: ForwardCursor): Promise<Result> {
    if (goneAt === generation || ending.aborted) return { kind: "unsent" };
    const conversationId = event.conversationId ?? "";
    sending.push(conversationId);
    try {
      return await withBytes(event.payloadBytes ?? 0, async () => {
        // It may have been erased while it waited for its turn.
        const isThere = (await source.find(event.id)) !== null;
        const message = isThere ? await messageOf(source, event, { destination, publicUrl }) : null;
        if (message === null) return { kind: "over" };
        const outcome = await courier.send(message, calledOff);
        letGo(event.payloadBytes ?? 0);
        if (outcome.kind === "called off") return { kind: "unsent" };
        if (outcome.kind === "taken") counts.delivered += 1;
        else counts.failed += 1;
        if (outcome.kind !== "gone") return outcome;
        goneAt = generation;
        return { kind: "unsent" };
      });
    } catch (error) {
      if (isPassing(error)) return { kind: "unsent" };
      // Of this event: the others go on.
      return { kind: "failed", problem: errorCode(error) };
    } finally {
      sending.splice(sending.indexOf(conversationId), 1);
    }
  }

  function parkedAgain(eventId: number, attempts: number, problem: string): Parked {
    warn(problem);
    return { eventId, attempts, dueAtMs: nextAttemptMs(attempts, clock.nowMs(), random()), problem };
  }

  function warn(problem: string): void {
    if (clock.monotonicMs() - warnedAtMs < WARNED_EVERY_MS) return;
    warnedAtMs = clock.monotonicMs();
    tell("warning", "An event was not taken and is sent again later", { destination: name, host, problem });
  }

  /** Writes what has come of some events, and stops a destination that wants nothing more. */
  async function commit(
    cursor: ForwardCursor,
    results: readonly Result[],
    moved: Pick<Progress, "position" | "failed" | "done">,
  ): Promise<void> {
    const nowMs = clock.nowMs();
    const hasSuccess = results.some(({ kind }) => kind === "taken");
    const hasFailure = results.some(({ kind }) => kind === "failed");
    const progress: Progress = {
      generation: cursor.generation,
      ...moved,
      succeededAtMs: hasSuccess ? nowMs : null,
      failedAtMs: hasFailure && !hasSuccess ? nowMs : null,
    };
    if (!(await state.commitProgress(name, progress, nowMs))) return;
    const deadCount = moved.failed.filter(({ dueAtMs }) => dueAtMs === null).length;
    if (deadCount > 0) {
      const message = "Events were refused too often and are not sent again until forward replay is used";
      tell("warning", message, { destination: name, host, events: deadCount });
    }
    if (goneAt === cursor.generation) await stop("gone");
    else if (hasFailure && !hasSuccess && (cursor.failingSinceMs ?? nowMs) <= nowMs - FAILING_MS_MAX)
      await stop("failing");
  }

  /** Sends what is new. @returns whether there may be more */
  async function sendNew(): Promise<boolean> {
    const cursor = await usableCursor();
    if (cursor === null || (await state.countParked(name)).waiting >= PARKED_MAX) return false;
    if (await takeUpReprocessed(cursor)) return true;
    const events = await source.after(cursor.eventId, PAGE_EVENTS_MAX);
    if (events.length === 0) return false;
    const results = await Promise.all(
      events.map((event) =>
        wants(destination, event)
          ? atOnce(() => sendOne(event, cursor))
          : Promise.resolve({ kind: "over" } as const),
      ),
    );
    // What comes after the first one that was not sent is sent again: the cursor knows one place only.
    const firstUnsent = results.findIndex(({ kind }) => kind === "unsent");
    const known = firstUnsent === -1 ? results : results.slice(0, firstUnsent);
    const last = events[known.length - 1];
    const failed = known.flatMap((result, index) => {
      const event = events[index];
      return result.kind === "failed" && event !== undefined
        ? [parkedAgain(event.id, 1, result.problem)]
        : [];
    });
    const position =
      last === undefined ? null : { eventId: last.id, reprocessedCount: cursor.reprocessedCount };
    await commit(cursor, known, { position, failed, done: [] });
    return known.length === PAGE_EVENTS_MAX;
  }

  /** An event that is reprocessed keeps its id, which the cursor may have passed: it is parked, to be sent at once. */
  async function takeUpReprocessed(cursor: ForwardCursor): Promise<boolean> {
    const { count, eventIds } = await source.reprocessed();
    const newCount = count - cursor.reprocessedCount;
    if (newCount === 0) return false;
    if (newCount > eventIds.length)
      tell("warning", "More events were reprocessed than are remembered: send them by forward replay", {
        destination: name,
      });
    const passed = (newCount > 0 ? eventIds.slice(-newCount) : []).filter((id) => id <= cursor.eventId);
    const nowMs = clock.nowMs();
    const failed = passed.map((eventId) => ({ eventId, attempts: 0, dueAtMs: nowMs, problem: null }));
    const position: Omit<ForwardPosition, "dataId"> = { eventId: cursor.eventId, reprocessedCount: count };
    await commit(cursor, [], { position, failed, done: [] });
    return true;
  }

  /** Sends again what was parked and is due. @returns whether there may be more */
  async function repeat(): Promise<boolean> {
    const cursor = await usableCursor();
    if (cursor === null) return false;
    const due = await state.dueEvents(name, clock.nowMs(), PAGE_REPEATS_MAX);
    if (due.length === 0) return false;
    const results = await Promise.all(
      due.map(({ eventId }) => repeatsAtOnce(() => atOnce(() => repeatOne(eventId, cursor)))),
    );
    const failed = results.flatMap((result, index) => {
      const parked = due[index];
      if (result.kind !== "failed" || parked === undefined) return [];
      return [parkedAgain(parked.eventId, parked.attempts + 1, result.problem)];
    });
    const isDone = (index: number) => ["taken", "over"].includes(results[index]?.kind ?? "");
    const done = due.filter((_, index) => isDone(index)).map(({ eventId }) => eventId);
    await commit(cursor, results, { position: null, failed, done });
    return due.length === PAGE_REPEATS_MAX && results.every(({ kind }) => kind !== "unsent");
  }

  async function repeatOne(eventId: number, cursor: ForwardCursor): Promise<Result> {
    const event = await source.find(eventId);
    // One that was erased is done; one that the configuration no longer wants too.
    return event !== null && wants(destination, event) ? sendOne(event, cursor) : { kind: "over" };
  }

  return {
    sendNew,
    repeat,

    /** Stops it, and says so. */
    stop,

    /** All that is sent to it counts, not events alone. */
    atOnce,

    /** Whether an event of a conversation is on its way: what is said of the conversation must not come before it. */
    isSending: (conversationId: string): boolean => sending.includes(conversationId),

    /** What has happened since the last call, and how it stands. */
    async figures(): Promise<DestinationFigures> {
      const cursor = await state.cursor(name);
      const { waiting: parked, dead } = await state.countParked(name);
      const { lastEventId } = await source.lineage();
      const { delivered, failed } = counts;
      counts = { delivered: 0, failed: 0 };
      const { eventId = lastEventId, stopped = null } = cursor ?? {};
      return { name, host, delivered, failed, eventId, lastEventId, parked, dead, stopped };
    },
  };
}
