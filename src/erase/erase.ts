import type { Clock } from "../platform/clock.ts";
import { errorCode, errorPath } from "../platform/errors.ts";
import { RemoteFault } from "../platform/faults.ts";
import { createLimit } from "../platform/limit.ts";
import type { Log } from "../platform/log.ts";
import { QueryError } from "../query/asking.ts";
import { ScrubError } from "../store/port.ts";
import type { Eraser } from "../store/port.ts";
import type { IndexEraser } from "./erase-index.ts";

export type Erase = ReturnType<typeof createErase>;

export type EraseOutcome =
  { kind: "erased"; announcing: number } | { kind: "unknown" } | { kind: "unfinished" };

const RESUMED_AT_ONCE_MAX = 200;

/** Erases conversations from everything that holds something of them: one request at a time. */
export function createErase(options: {
  eraser: Eraser;
  index: IndexEraser;
  /** Has destinations told that conversations were erased, and returns how many. It is on disk then. */
  announce: (conversationIds: readonly string[]) => number | Promise<number>;
  clock: Clock;
  log: Log;
}) {
  const { eraser, index, announce, clock, log } = options;
  const oneAtATime = createLimit(1);

  /**
   * Erases from the tables, the folders and the index of the search what was begun; `finish` has to follow.
   *
   * @returns why it failed for some, and how many destinations are told of the others
   */
  async function erase(
    conversationIds: readonly string[],
  ): Promise<{ failures: unknown[]; announcing: number }> {
    if (conversationIds.length === 0) return { failures: [], announcing: 0 };
    const { erased, failures } = await eraser.erase(conversationIds);
    await index.erase(conversationIds);
    // Nothing of them is sent any more by now; and what interrupts this repeats it, as long as the ids are known.
    const announcing = await announce(erased);
    await eraser.forget(erased);
    logFailures(failures);
    return { failures, announcing };
  }

  /** Clears what is left in the files. The index comes first: when the database's file is clean, the erasure is over. */
  async function finish(): Promise<void> {
    if (!(await eraser.areTracesLeft())) return;
    await index.finish();
    await eraser.finish();
  }

  /** One line: what keeps one file from being removed keeps many, and they are tried again every hour. */
  function logFailures([error, ...others]: readonly unknown[]): void {
    if (error === undefined) return;
    const what = error instanceof RemoteFault ? error.message : "let this user remove the file";
    log.error(`Not erased yet, tried again every hour: ${what}`, {
      path: errorPath(error),
      error: errorCode(error),
      others: others.length,
    });
  }

  return {
    /**
     * Erases a conversation. From the call on its deliveries are dropped; when this returns, nothing of it is left in any
     * file.
     *
     * @returns how many destinations are told; "unfinished" if another program keeps reading: like what fails, it goes on
     *   within the hour
     * @throws what SQLite or the system says; what was begun goes on within the hour, or when it is asked for again
     */
    async eraseOne(conversationId: string): Promise<EraseOutcome> {
      // At once, whatever else is being erased: deliveries that come meanwhile are dropped.
      if (!(await eraser.begin(conversationId, clock.nowMs()))) return { kind: "unknown" };
      try {
        return await oneAtATime(async () => {
          const { failures, announcing } = await erase([conversationId]);
          if (failures.length > 0) throw failures[0];
          await finish();
          return { kind: "erased", announcing };
        });
      } catch (error) {
        // The one comes from the database, the other from the search index, which the thread that reads works on.
        if (error instanceof ScrubError || error instanceof QueryError) return { kind: "unfinished" };
        throw error;
      }
    },

    /**
     * Erases those of some conversations of which nothing was received since a moment. What they leave in the database's
     * file goes with `finish`, once for all: it reads the whole file.
     *
     * @returns how many were begun
     */
    eraseOld: (conversationIds: readonly string[], beforeMs: number): Promise<number> =>
      oneAtATime(async () => {
        const old = await eraser.beginOld(conversationIds, beforeMs, clock.nowMs());
        await erase(old);
        return old.length;
      }),

    /** Erases recordings that arrived before a moment, and returns how many. */
    eraseRecordings: (conversationIds: readonly string[], beforeMs: number): Promise<number> =>
      oneAtATime(async () => {
        const { erased, failures } = await eraser.eraseRecordings(conversationIds, beforeMs);
        logFailures(failures);
        return erased.length;
      }),

    /** Erases events that belong to no conversation, and returns how many; `finish` has to follow. */
    eraseEvents: (eventIds: readonly number[]): Promise<number> =>
      oneAtATime(async () => {
        const { erased, failures } = await eraser.eraseEvents(eventIds);
        logFailures(failures);
        return erased.length;
      }),

    finish: (): Promise<void> => oneAtATime(finish),

    /** Goes on with what a stop or a failure interrupted. */
    async resume(): Promise<void> {
      const conversationIds = await eraser.unfinished();
      for (let from = 0; from < conversationIds.length; from += RESUMED_AT_ONCE_MAX) {
        const some = conversationIds.slice(from, from + RESUMED_AT_ONCE_MAX);
        await oneAtATime(() => erase(some));
      }
      await oneAtATime(finish);
    },
  };
}
