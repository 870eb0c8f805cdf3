import type { Log } from "../../platform/log.ts";

const SUMMARY_MS = 60_000;

/** Logs wrong tokens: one line, then one a minute with their count, so that nobody can fill the log from outside. */
export function createAttemptLog(log: Log): (address: string | null) => void {
  let repeats = 0;
  let summary: ReturnType<typeof setTimeout> | null = null;

  function summarise(): void {
    summary = null;
    if (repeats > 0) log.warning("Wrong API tokens in the last minute", { count: repeats });
    repeats = 0;
  }

  return (address) => {
    if (summary !== null) {
      repeats += 1;
      return;
    }
    summary = setTimeout(summarise, SUMMARY_MS).unref();
    log.warning("Wrong API token: if it is not from you, limit who may ask by API_SOURCES", { address });
  };
}
