/** Something that a person should know of, and what to do about it. */
export type Problem = {
  /** For programs; does not change with the figures. */
  problem: ProblemName;
  /** What is wrong, in one sentence. */
  what: string;
  /** What to do about it. */
  remedy: string;
};

export const problemNames = [
  "storage_failed",
  "disk_low",
  "shutting_down",
  "deliveries_failed",
  "deliveries_refused",
  "events_quarantined",
  "recordings_missing",
  "recordings_not_kept",
  "clock_unconfirmed",
  "recovery_failing",
  "calls_only_recovered",
  "webhook_disabled",
  "webhook_failing",
  "not_connected",
  "destination_stopped",
  "destination_behind",
] as const;

export type ProblemName = (typeof problemNames)[number];
