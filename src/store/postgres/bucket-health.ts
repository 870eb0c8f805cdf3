import { faultText, RemoteFault } from "../../platform/faults.ts";
import type { Log } from "../../platform/log.ts";
import type { Objects } from "../objects/objects.ts";

/** Each probe is a request that the provider counts. */
const HEALTHY_MS = 30_000;
const FAILING_MS = 2_000;

/** Whether the bucket and the spool take files: what was last known, at once. Asking asks again if that is old. */
export function watchBucket(
  { probe, isSpoolWritable }: Pick<Objects, "probe" | "isSpoolWritable">,
  log: Log,
) {
  let isFailing = false;
  let fault: RemoteFault | null = null;
  let isSuspect = false;
  let askedAtMs = performance.now();
  let isAsking = false;

  async function ask(): Promise<void> {
    isAsking = true;
    askedAtMs = performance.now();
    try {
      await probe();
      if (isFailing) log.info("The bucket answers again");
      isFailing = false;
      fault = null;
    } catch (error) {
      if (!isFailing) log.error(`The bucket can't be used: ${faultText(error)}`);
      isFailing = true;
      fault = error instanceof RemoteFault ? error : null;
    } finally {
      isAsking = false;
    }
  }

  return {
    /** Why it is not healthy, and what to do, if the bucket has told. */
    fault: (): { what: string; remedy: string } | null => fault,

    /** A delivery could not be stored. */
    suspect(): void {
      isSuspect = true;
      if (!isAsking) void ask();
    },

    isHealthy(): boolean {
      const isOld = performance.now() - askedAtMs > (isFailing ? FAILING_MS : HEALTHY_MS);
      if (isOld && !isAsking) void ask();
      if (isSuspect) isSuspect = !isSpoolWritable();
      return !isFailing && !isSuspect;
    },
  };
}
