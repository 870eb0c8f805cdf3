/** Runs work that holds bytes in memory, as long as all of it together holds at most so many; what is larger runs alone. */
export function createByteLimit(bytesMax: number): <T>(bytes: number, work: () => Promise<T>) => Promise<T> {
  const waiting: (() => void)[] = [];
  let heldBytes = 0;

  return async (bytes, work) => {
    const share = Math.min(bytes, bytesMax);
    while (heldBytes + share > bytesMax) await new Promise<void>((resolve) => waiting.push(resolve));
    heldBytes += share;
    try {
      return await work();
    } finally {
      heldBytes -= share;
      // Who of them fits is for them to find out.
      for (const next of waiting.splice(0)) next();
    }
  };
}
