/** Runs at most `atOnceMax` pieces of work at once; the others wait for their turn, first come, first served. */
export function createLimit(atOnceMax: number): <T>(work: () => Promise<T>) => Promise<T> {
  const waiting: (() => void)[] = [];
  let running = 0;

  return async (work) => {
    if (running === atOnceMax) await new Promise<void>((resolve) => waiting.push(resolve));
    else running += 1;
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      // The one that has waited longest gets the slot.
      if (next === undefined) running -= 1;
      else next();
    }
  };
}
