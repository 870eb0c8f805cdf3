import { setTimeout as sleep } from "node:timers/promises";
import type { Eraser, Limits } from "../store/port.ts";
import type { Erase } from "./erase.ts";

/** Between two steps deliveries have the disk for themselves. */
const STEP_PAUSE_MS = 100;
const COUNT_PAUSE_MS = 5;
/** The rest is left to the next pass, which follows at once. */
const ERASED_A_PASS_MAX = 10_000;

export type Found = { conversations: number; recordings: number; events: number };

/** What is done with what is too old. */
type Work = {
  conversations: (ids: readonly string[]) => Promise<void>;
  recordings: (ids: readonly string[]) => Promise<void>;
  events: (ids: readonly number[]) => Promise<void>;
  isOver: () => boolean;
  pauseMs: number;
};

/** Goes through what is stored in small steps, and erases or counts what is too old. */
export function createPasses(options: {
  eraser: Eraser;
  erase: Erase;
  onFailure: (error: unknown) => void;
  signal: AbortSignal;
}) {
  const { eraser, erase, onFailure, signal } = options;

  /** @returns what was erased, and whether there may be more */
  async function eraseOld(limits: Limits): Promise<Found & { hasMore: boolean }> {
    const found: Found = { conversations: 0, recordings: 0, events: 0 };
    const isFull = () => found.conversations >= ERASED_A_PASS_MAX;
    /** What failed as a whole is left to the next pass, and does not keep the rest from being erased. */
    const failed = new Set<keyof Found>();

    async function attempt(kind: keyof Found, work: () => Promise<number>): Promise<void> {
      if (failed.has(kind)) return;
      try {
        found[kind] += await work();
      } catch (error) {
        failed.add(kind);
        onFailure(error);
      }
    }

    const { conversationsBeforeMs, recordingsBeforeMs } = limits;
    await goThrough(limits, {
      conversations: (ids) => attempt("conversations", () => erase.eraseOld(ids, conversationsBeforeMs)),
      recordings: (ids) => attempt("recordings", () => erase.eraseRecordings(ids, recordingsBeforeMs)),
      events: (ids) => attempt("events", () => erase.eraseEvents(ids)),
      isOver: isFull,
      pauseMs: STEP_PAUSE_MS,
    });
    await erase.finish();
    return { ...found, hasMore: isFull() };
  }

  /** Counts what is too old. */
  async function count(limits: Limits): Promise<Found> {
    const conversations = new Set<string>();
    const found = { recordings: 0, events: 0 };
    await goThrough(limits, {
      conversations: async (ids) => ids.forEach((id) => conversations.add(id)),
      recordings: async (ids) => void (found.recordings += ids.length),
      events: async (ids) => void (found.events += ids.length),
      isOver: () => false,
      pauseMs: COUNT_PAUSE_MS,
    });
    return { ...found, conversations: conversations.size };
  }

  async function goThrough(limits: Limits, work: Work): Promise<void> {
    const isOver = () => signal.aborted || work.isOver();
    for (let row: number | null = 0; row !== null && !isOver();) {
      const due = await eraser.dueConversations(row, limits);
      if (due.recordings.length > 0) await work.recordings(due.recordings);
      if (due.conversations.length > 0) await work.conversations(due.conversations);
      row = due.lastRow;
      if (row !== null) await pause(work.pauseMs);
    }
    for (let place: Awaited<ReturnType<Eraser["dueEvents"]>>["last"] = FIRST; place !== null && !isOver();) {
      const due = await eraser.dueEvents(place, limits.conversationsBeforeMs);
      if (due.conversations.length > 0) await work.conversations(due.conversations);
      if (due.events.length > 0) await work.events(due.events);
      place = due.last;
      if (place !== null) await pause(work.pauseMs);
    }
  }

  async function pause(ms: number): Promise<void> {
    await sleep(ms, undefined, { signal }).catch(() => {});
  }

  return { eraseOld, count };
}

const FIRST = { receivedAtMs: -Infinity, row: 0 };
