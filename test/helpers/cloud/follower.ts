import type { Instance } from "./instance.ts";

const POLL_MS = 2;
const PAGE = 200;
const UNANSWERED_MAX = 1_000;

/** Follows the events through the API, as a program of a user would: always those after the last that it has seen. */
export function startFollower(instances: readonly Instance[]) {
  const seen = new Set<number>();
  const problems: string[] = [];
  let after = 0;
  let turn = 0;
  let isOver = false;
  let unansweredCount = 0;

  async function follow(): Promise<void> {
    for (;;) {
      const wasOver = isOver;
      const count = await readPage();
      if (count === 0 && wasOver) return;
      if (count === 0) await Bun.sleep(POLL_MS);
    }
  }

  /** null and on to the next instance if this one does not answer. */
  async function readPage(): Promise<number | null> {
    const instance = instances[turn % instances.length];
    try {
      const response = await instance?.ask(`/events?after=${after}&limit=${PAGE}`);
      if (response?.ok !== true) throw new Error(String(response?.status));
      unansweredCount = 0;
      const page = (await response.json()) as { events: { id: number }[] };
      for (const { id } of page.events) {
        if (seen.has(id)) problems.push(`event ${id} came twice`);
        seen.add(id);
        after = Math.max(after, id);
      }
      return page.events.length;
    } catch (error) {
      unansweredCount += 1;
      // While one is down, the other answers.
      if (unansweredCount > UNANSWERED_MAX) throw error;
      turn += 1;
      await Bun.sleep(POLL_MS);
      return null;
    }
  }

  const done = follow();
  return {
    seen,
    problems,
    /** Resolves when it has seen all that was stored before. */
    async stop(): Promise<void> {
      isOver = true;
      await done;
    },
  };
}
