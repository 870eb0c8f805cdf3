import { statSync } from "node:fs";

/** Touched by systemd-timesyncd each time that it has set the clock; not there before the first time since the boot. */
export const TIMESYNCD_MARK = "/run/systemd/timesync/synchronized";

/** When systemd-timesyncd last set the clock, in unix milliseconds by that clock; null if it is not there. */
export function syncedAtMs(path: string = TIMESYNCD_MARK): number | null {
  try {
    return statSync(path).mtimeMs;
  } catch {
    // Not there, or hidden from us: then it says nothing.
    return null;
  }
}
