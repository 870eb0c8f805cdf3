import type { CommandContext } from "../platform/process.ts";

const WIDTH = 30;
const REDRAW_MS = 100;

/** A bar on standard error that shows how much is done; nothing if no person looks. */
export function createProgress(total: number, context: CommandContext) {
  if (!context.isTerminal.error) return { show: () => {}, clear: () => {} };
  let drawnMs = Number.NEGATIVE_INFINITY;
  return {
    show(done: number): void {
      const nowMs = context.clock.monotonicMs();
      if (nowMs - drawnMs < REDRAW_MS) return;
      drawnMs = nowMs;
      const filled = Math.floor((done / total) * WIDTH);
      const bar = "#".repeat(filled).padEnd(WIDTH, ".");
      context.writeError(`\r${bar} ${done}/${total} `);
    },
    clear: () => context.writeError("\r\u001b[K"),
  };
}
