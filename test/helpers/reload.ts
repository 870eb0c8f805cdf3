import type { Receiver } from "./receiver.ts";

/** The processes that have received, in turn: the first one, and its successors as far as they have taken over. */
export function processIds(receiver: Receiver): number[] {
  const ids = [...receiver.output().matchAll(/Handing over to process (\d+)/g)].map(([, id]) => Number(id));
  return [receiver.child.pid, ...ids];
}

export async function untilOutput(receiver: Receiver, text: string, times = 1): Promise<void> {
  while (receiver.output().split(text).length <= times) await Bun.sleep(10);
}

/** Hands over by a signal and waits until the successor receives. */
export async function handOver(receiver: Receiver): Promise<number> {
  const before = processIds(receiver);
  process.kill(before.at(-1) ?? 0, "SIGHUP");
  while (processIds(receiver).length === before.length) await Bun.sleep(10);
  return processIds(receiver).at(-1) ?? 0;
}

export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** Ends the process that receives, with all that is in flight, and waits for the end of every one before it. */
export async function stopAll(receiver: Receiver, options: { keepFolder?: boolean } = {}): Promise<void> {
  const ids = processIds(receiver);
  const last = ids.at(-1) ?? 0;
  if (isRunning(last)) process.kill(last, "SIGTERM");
  while (ids.some((id) => id !== receiver.child.pid && isRunning(id))) await Bun.sleep(10);
  await receiver.stop(options);
}
