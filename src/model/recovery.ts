/** What a recovery brings. */
export const recoveredKinds = ["transcript", "recording"] as const;

export type RecoveredKind = (typeof recoveredKinds)[number];

/** Why one conversation could not be fetched, for metrics and for the table of pending ones. */
export const failureReasons = ["gone", "refused", "unavailable", "unusable"] as const;

export type FailureReason = (typeof failureReasons)[number];

/** All that metrics count: a conversation's, or why a run ended; `storage`: what was fetched could not be stored. */
export const recoveryFailures = [...failureReasons, "key", "api", "disk", "storage"] as const;

export type RecoveryFailure = (typeof recoveryFailures)[number];

/** What this receiver has of a conversation that ElevenLabs has too. */
export type KnownConversation = {
  conversationId: string;
  isErased: boolean;
  /** When the first of its transcriptions that are processed was received, in Unix ms; null if there is none. */
  transcribedAtMs: number | null;
  /** Whether a recovery has brought one: then its receipt says nothing of when the recording was sent. */
  isTranscriptRecovered: boolean;
  /** Whether there is a processed event with its recording, kept or not. */
  hasAudioEvent: boolean;
  /** Whether ElevenLabs says that there is a recording; null if it is not known. */
  hasAudio: boolean | null;
  audioPath: string | null;
  pending: PendingRecovery | null;
};

/** The reason of a row that is no waiting: ElevenLabs was asked whether there is a recording, and there is none. */
export const NO_RECORDING = "no recording";

/** A conversation that could not be fetched yet. */
export type PendingRecovery = {
  conversationId: string;
  reason: string;
  tries: number;
  /** Unix ms; null: it is not tried again by itself. */
  nextTryAtMs: number | null;
  /** When it was noted for the first time. */
  notedAtMs: number;
};

/** What became of a recovered event. `present`: a delivery, or another recovery, was faster. */
export type RecoveredOutcome = "stored" | "present" | "erased" | "unstorable";
