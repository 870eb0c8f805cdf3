import { faultText } from "../../platform/faults.ts";
import type { Log } from "../../platform/log.ts";

/**
 * Puts files in order at a start, one after the other. One that can't be read does not keep the others from it, nor the
 * receiver from receiving.
 *
 * @returns whether all are in order
 */
export async function putEachInOrder(options: {
  list: () => Promise<readonly string[]>;
  work: (name: string) => Promise<void>;
  log: Log;
}): Promise<boolean> {
  const { list, work, log } = options;
  let isComplete = true;

  async function attempt<T>(one: () => Promise<T>): Promise<T | null> {
    try {
      return await one();
    } catch (error) {
      isComplete = false;
      log.error(`A file could not be put in order, the next start tries again: ${faultText(error)}`);
      return null;
    }
  }

  for (const name of (await attempt(list)) ?? []) await attempt(() => work(name));
  return isComplete;
}
