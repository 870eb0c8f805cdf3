import type { Fault } from "./problem.ts";

/** What the recovery of missed calls says of itself. */
export type RecoveryStatus = {
  /** Known to be missing, and still to be fetched. */
  pendingCount: number;
  /** Given up for good. */
  failedCount: number;
  /** null before the first. */
  lastSuccessAtMs: number | null;
  /** Why it does not get on, and what to do; null if it does. */
  fault: Fault | null;
  /** Ended calls in a row that arrived only by recovery. */
  onlyRecoveredCount: number;
};

/** What is known of the webhook at ElevenLabs. */
export type ConnectionStatus = {
  /** `unknown`: the key may not read it. */
  webhook: "enabled" | "disabled" | "not_connected" | "unknown";
  /** Of the last delivery that failed, as ElevenLabs says; null if there is none. */
  lastFailure: { status: number | null; atMs: number | null } | null;
};

/** What is known of the systems that events are forwarded to. */
export type ForwardStatus = { destinations: DestinationStatus[] };

export type DestinationStatus = {
  name: string;
  host: string;
  /** Why it is stopped, and what to do; null if it goes on. */
  stopped: Fault | null;
  /** Events that are still to be looked at. */
  behindCount: number;
  /** Failed, and to be tried again. */
  parkedCount: number;
  /** Failed for good, until somebody replays them. */
  deadCount: number;
};

/** What the parts that may be off say of themselves: null while one is. Called for each question: it only reads what is known. */
export type StatusSources = {
  recovery: () => RecoveryStatus | null;
  connection: () => ConnectionStatus | null;
  forward: () => ForwardStatus | null;
};

/** Of a receiver that has none of them. */
export const noStatuses: StatusSources = {
  recovery: () => null,
  connection: () => null,
  forward: () => null,
};
