import type { Fault } from "./problem.ts";
import type { ConnectionStatus, ForwardStatus, RecoveryStatus } from "./statuses.ts";

/** What is known of the receiver: plain facts, so that what follows from them can be tested without one. */
export type Facts = {
  nowMs: number;
  healthProblem: "storage_failed" | "disk_low" | "shutting_down" | null;
  /** Why it is `storage_failed`, if a service says so that data are in. */
  storageFault: Fault | null;
  /** Deliveries that could not be stored. */
  failures: Happened;
  /** Refused deliveries, by the code of the answer. */
  refusals: ReadonlyMap<string, Happened>;
  quarantine: readonly { error: string | null; count: number }[];
  keepsRecordings: boolean;
  /** Of the last day; null: not known, or recordings are not kept. */
  conversationsWithoutRecording: number | null;
  /** Whether things may be erased by age; true if nothing is. */
  isClockConfirmed: boolean;
  /** What is wrong with the certificate; null if nothing is. */
  certificate: Fault | null;
  /** When the access to the bucket ends, if that is soon. */
  access: Fault | null;
  recovery: RecoveryStatus | null;
  connection: ConnectionStatus | null;
  forward: ForwardStatus | null;
};

/** How often something has happened since the start, and when it last did; null if it has not. */
export type Happened = { count: number; lastAtMs: number | null };
