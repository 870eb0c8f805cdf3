import type { Problem } from "./problem.ts";
import type { ConnectionStatus, ForwardStatus, RecoveryStatus } from "./statuses.ts";

/** What is known of the receiver: plain facts, so that what follows from them can be tested without one. */
export type Facts = {
  nowMs: number;
  healthProblem: "storage_failed" | "disk_low" | "shutting_down" | null;
  keepsRecordings: boolean;
  /** null: not known */
  conversationsWithoutRecording: number | null;
  isClockConfirmed: boolean;
  deliveries: { failed: number; refusals: ReadonlyMap<string, number> };
  quarantine: readonly { error: string | null; count: number }[];
  recovery: RecoveryStatus | null;
  connection: ConnectionStatus | null;
  forward: ForwardStatus | null;
};

/** What needs a person, the most urgent first. */
export function problemsOf(_facts: Facts): Problem[] {
  return [];
}
