const FIRST_PAUSE_MS = 250;
/** A disk that has failed for long is not asked more often. */
const PAUSE_MS_MAX = 10_000;

/**
 * Tries again what a failing disk has kept from being done, until it is.
 *
 * @param attempt returns whether anything is left to do
 */
export function createRetry(attempt: () => Promise<boolean>) {
  let timer: ReturnType<typeof setTimeout> | null = null;
  let pauseMs = FIRST_PAUSE_MS;

  function schedule(): void {
    timer = setTimeout(() => void run(), pauseMs);
    timer.unref();
  }

  async function run(): Promise<void> {
    const isLeft = await attempt();
    if (timer === null) return;
    pauseMs = isLeft ? Math.min(2 * pauseMs, PAUSE_MS_MAX) : FIRST_PAUSE_MS;
    timer = null;
    if (isLeft) schedule();
  }

  return {
    /** There is something to be tried again. */
    begin(): void {
      if (timer === null) schedule();
    },
    end(): void {
      if (timer !== null) clearTimeout(timer);
      timer = null;
    },
  };
}
