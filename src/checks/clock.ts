import { existsSync } from "node:fs";
import { TIMESYNCD_MARK } from "../platform/time-sync.ts";
import { error, ok, warning } from "./result.ts";
import type { CheckResult } from "./result.ts";

const SUBJECT = "clock";
const ASK_MS_MAX = 2000;
const AHEAD_MS_MAX = 60_000;
const REMEDY = "Signatures are only good for some minutes: keep the clock by NTP (timedatectl set-ntp true).";

/** Whether the system synchronises its clock with the network; null if unknown, as in a container. */
export async function isClockSynchronised(): Promise<boolean | null> {
  if (existsSync(TIMESYNCD_MARK)) return true;
  const timedatectl = Bun.which("timedatectl");
  if (timedatectl === null) return null;
  let answer: string;
  try {
    const child = Bun.spawn([timedatectl, "show", "--property=NTPSynchronized", "--value"], {
      // Without our environment, which holds the secret, and NOTIFY_SOCKET, through which it would report to systemd.
      env: {},
      stdin: "ignore",
      stdout: "pipe",
      stderr: "ignore",
      timeout: ASK_MS_MAX,
    });
    answer = (await child.stdout.text()).trim();
  } catch {
    // A sandbox may let nothing be started: unknown too.
    return null;
  }
  return (
    new Map([
      ["yes", true],
      ["no", false],
    ]).get(answer) ?? null
  );
}

export function checkClock(options: {
  nowMs: number;
  isSynchronised: boolean | null;
  /** null if nothing was received yet */
  newestReceivedAtMs: number | null;
}): CheckResult {
  const { nowMs, isSynchronised, newestReceivedAtMs } = options;
  const shown = new Date(nowMs).toISOString().replace(/\.\d+Z$/, "Z");
  if (newestReceivedAtMs !== null && newestReceivedAtMs > nowMs + AHEAD_MS_MAX) {
    return error(SUBJECT, `${shown} is before the newest event: it was ahead then, or is behind now`, REMEDY);
  }
  if (isSynchronised === true) return ok(SUBJECT, `${shown}, synchronised`);
  if (isSynchronised === false) return warning(SUBJECT, `${shown}, not synchronised`, REMEDY);
  return warning(
    SUBJECT,
    `${shown}; whether it is synchronised can't be told here`,
    "Make sure that the host sets its clock by NTP.",
  );
}
