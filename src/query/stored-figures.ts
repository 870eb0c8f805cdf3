import { withinMs } from "../platform/wait.ts";
import type { Queries } from "./port.ts";
import type { StoredFigures } from "./stats.ts";

/** The thread that reads answers one question at a time: a slow search comes before this one. */
const WAIT_MS_MAX = 250;

/**
 * Makes what asks for the figures of the database, for monitoring. If the thread is busy they are those of the last time,
 * at most as old as a question may take; null if there are none.
 */
export function createStoredFigures(queries: Queries): (nowMs: number) => Promise<StoredFigures | null> {
  let last: StoredFigures | null = null;
  let asked: Promise<void> | null = null;

  async function ask(nowMs: number): Promise<void> {
    try {
      last = await queries.ask("readFigures", nowMs);
    } catch {
      // Monitoring wants the rest most when the database can't be asked.
      last = null;
    } finally {
      asked = null;
    }
  }

  return async (nowMs) => {
    asked ??= ask(nowMs);
    await withinMs(asked, WAIT_MS_MAX);
    return last;
  };
}
