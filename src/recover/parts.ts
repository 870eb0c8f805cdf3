import type { Clock } from "../platform/clock.ts";
import type { Log } from "../platform/log.ts";
import type { EventStore, Store } from "../store/port.ts";
import type { RestClient } from "../vendor/rest/port.ts";
import type { RecoveryFailure } from "../model/recovery.ts";
import type { Window } from "./list.ts";

/** What recovery asks of the store. */
export type RecoveryStore = Pick<Store, "recoveries" | "newRecordings" | "freeDiskBytes"> & {
  events: Pick<EventStore, "hold">;
};

/** What recovery works with. */
export type RecoveryParts = {
  client: Pick<RestClient, "listConversations" | "getConversation" | "fetchRecording" | "getSettings">;
  store: RecoveryStore;
  config: RecoveryConfig;
  /** Is told of what is recovered, for the metrics. */
  observer: RecoveryObserver;
  clock: Clock;
  log: Log;
};

/** Those of the settings that recovery goes by. */
export type RecoveryConfig = {
  storeTranscripts: boolean;
  retentionDays: number | null;
  audioRetentionDays: number | null;
  bodyBytesMax: number;
  freeDiskBytesMin: number;
};

export type RecoveryObserver = {
  recovered: (kind: "transcript" | "recording") => void;
  failed: (reason: RecoveryFailure) => void;
};

/** What one run looks at. */
export type RunOptions = {
  /** null: those of all agents */
  agentIds: readonly string[] | null;
  /** By the start of the calls; null: only what is pending, or `conversationId`. */
  window: Window | null;
  /** Calls that ended before, in Unix ms, are left alone. */
  endedAfterMs: number;
  /** Unfinished calls that started before, in Unix seconds, are noted: later runs don't list them. */
  listedAgainAfter: number;
  /** The only conversation that is looked at; null: all. */
  conversationId: string | null;
  withRecordings: boolean;
  isByHand: boolean;
  isDryRun: boolean;
  signal: AbortSignal;
  onProgress: (progress: { done: number; total: number }) => void;
};
