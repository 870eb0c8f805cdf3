import type { Clock } from "../platform/clock.ts";
import { createLimit } from "../platform/limit.ts";
import type { Eraser } from "../store/erase.ts";
import type { IndexEraser } from "./search/erase-from-index.ts";

export type Erase = ReturnType<typeof createErase>;

/** Erases conversations from everything that holds something of them: one request at a time. */
export function createErase(options: { eraser: Eraser; index: IndexEraser; clock: Clock }) {
  const { eraser, index, clock } = options;
  const oneAtATime = createLimit(1);

  /** Erases from the tables, the folders and the index of the search; `finish` has to follow. */
  async function erase(conversationIds: readonly string[]): Promise<void> {
    await eraser.erase(conversationIds, clock.nowMs());
    await index.erase(conversationIds);
  }

  /** Clears what is left in the files. The index comes first: when the database's file is clean, the erasure is over. */
  async function finish(): Promise<void> {
    await index.finish();
    await eraser.finish();
  }

  return {
    /**
     * Erases a conversation. When this returns, nothing of it is left in any file; its later deliveries are dropped.
     *
     * @returns false where nothing is known of it
     * @throws what SQLite or the system says; what was begun goes on within the hour, or when it is asked for again
     */
    eraseOne: (conversationId: string): Promise<boolean> =>
      oneAtATime(async () => {
        if (!(await eraser.isKnown(conversationId))) return false;
        await erase([conversationId]);
        await finish();
        return true;
      }),

    /**
     * Erases some of many. What they leave in the database's file goes with `finish`, once for all: it reads the whole
     * file.
     */
    eraseSome: (conversationIds: readonly string[]): Promise<void> =>
      oneAtATime(() => erase(conversationIds)),
    finish: (): Promise<void> => oneAtATime(finish),

    /** Goes on with what a stop or a failure interrupted. */
    resume: (): Promise<void> =>
      oneAtATime(async () => {
        const conversationIds = await eraser.unfinished();
        if (conversationIds === null) return;
        if (conversationIds.length > 0) await erase(conversationIds);
        await finish();
      }),
  };
}
