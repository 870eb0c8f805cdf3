import { useEffect } from "preact/hooks";
import type { Result } from "./api.ts";

/**
 * Asks for something each time one of the dependencies changes, and takes the answer. One that comes when it is not wanted
 * any more is dropped.
 */
export function useAnswer<Value>(
  ask: (abort: AbortSignal) => Promise<Result<Value>> | null,
  take: (result: Result<Value>) => void,
  dependencies: readonly unknown[],
): void {
  useEffect(() => {
    const abort = new AbortController();
    const run = async () => {
      const result = await ask(abort.signal);
      if (result !== null && !abort.signal.aborted) take(result);
    };
    void run();
    return () => abort.abort();
  }, dependencies as unknown[]);
}
