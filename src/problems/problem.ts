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
  "webhook_disabled",
  "not_connected",
  "calls_only_recovered",
  "deliveries_failed",
  "webhook_failing",
  "deliveries_refused",
  "events_quarantined",
  "recordings_missing",
  "recovery_failing",
  "destination_stopped",
  "destination_gave_up",
  "destination_behind",
  "certificate_expiring",
  "bucket_access_ending",
  "clock_unconfirmed",
  "recordings_not_kept",
] as const;

export type ProblemName = (typeof problemNames)[number];

/** What was found to be wrong, and what to do about it. */
export type Fault = { what: string; remedy: string };
