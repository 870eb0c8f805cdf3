import type {
  EventKey,
  EventOutcome,
  EventRecord,
  QuarantinedBody,
  Replacement,
  StoreOutcome,
} from "../model/event.ts";
import type { KnownConversation, PendingRecovery, RecoveredOutcome } from "../model/recovery.ts";
import type { TemporaryFile } from "../platform/files.ts";

// What the program asks of what stores. SQLite and files do it today (sqlite/, files/, put together in store.ts); whatever
// does it passes test/store-conformance.

/** All that stores what is delivered. */
export type Store = {
  events: EventStore;
  /** Bodies that are not in their events' rows, and temporary files for those on their way in. */
  bodies: Blobs & BlobIntake;
  recordings: Blobs;
  /** Takes new recordings; null: they are not stored. */
  newRecordings: BlobIntake | null;
  recoveries: Recoveries;

  /** A delivery could not be stored: until a file can be written again, the next one can't be either. */
  suspectDisk: () => void;
  /** Whether the next delivery can be stored: what was last known, at once. Asking tries again what failed. */
  isHealthy: () => boolean;
  /** Why it can't be, and what to do, if a service says so that data are in; null otherwise. */
  fault: () => { what: string; remedy: string } | null;
  /** Free bytes of the fullest disk that is written to. */
  freeDiskBytes: () => number;
  /** null: there is no such file. */
  size: () => Promise<{ databaseBytes: number | null; logBytes: number | null }>;

  /**
   * To be called once, when nothing is in flight any more.
   *
   * @param isShared another instance is still at work on the data: it is not told that the stop was an orderly one
   * @returns whether this instance leaves everything in order; if not, the next start that finds nobody at work has to look
   */
  close: (options?: { isShared?: boolean }) => Promise<{ isClean: boolean }>;
};

/**
 * Events, and all that follows from them. What resolves is on disk. What throws FileFault here and below throws RemoteFault
 * if a server or a bucket is what failed.
 */
export type EventStore = {
  /**
   * Stores an event. A body that is stored already is stored once, and nothing of an erased conversation is.
   *
   * @throws FileFault: it could not be stored, and must not be acknowledged
   */
  add: (record: EventRecord) => Promise<StoreOutcome>;
  /** The first delivery of the same body, if there was one. */
  firstOf: (key: EventKey) => Promise<EventOutcome | null>;
  isErased: (conversationId: string | null) => Promise<boolean>;

  /** The body of a quarantined event; null if there is no quarantined event of that id. */
  quarantined: (id: number) => Promise<QuarantinedBody | null>;
  /** Makes a quarantined event a processed one, then removes its file unless it stays one. @throws FileFault */
  replace: (id: number, record: EventRecord) => Promise<Replacement>;

  /** Keeps a conversation from being erased by age until the returned function is called. */
  hold: (conversationId: string | null) => () => void;
  eraser: Eraser;
  retentionState: RetentionState;
  /** Whether recordings are kept for the first time, though earlier ones were acknowledged. To be called once. */
  beginKeepingRecordings: () => Promise<boolean>;
  /** Events that wait, groups that were tried and events that were stored, the last two since the start. */
  progress: () => { waitingCount: number; groupCount: number; storedCount: number };
};

/** Events that were fetched from ElevenLabs, and what is still to be fetched. What resolves is on disk. @throws FileFault */
export type Recoveries = {
  /** What is here of some conversations, in their order. */
  known: (conversationIds: readonly string[]) => Promise<KnownConversation[]>;
  /** Whether a row names a recording whose file is gone, though the folder is there. */
  isGone: (audioPath: string) => Promise<boolean>;
  /**
   * Stores a recovered event, unless it is not missing any more.
   *
   * @param gonePath the recording that its row names and whose file is gone; null if it names none
   */
  add: (record: RecoveredRecord, gonePath: string | null) => Promise<RecoveredOutcome>;
  /** Those whose next try is due, the most overdue first. */
  duePending: (nowMs: number, rowsMax: number) => Promise<PendingRecovery[]>;
  /** How many are tried again, and how many are not. */
  countPending: () => { pendingCount: number; failedCount: number };
  /** Nothing is noted of an erased conversation. */
  putPending: (pending: PendingRecovery) => Promise<void>;
  removePending: (conversationId: string) => Promise<void>;
  /** Removes those that were noted before a moment, in Unix ms, and those of erased conversations. */
  tidyPending: (notedBeforeMs: number) => Promise<void>;
  /** How many of the last calls, by their start and since a moment in Unix ms, no delivery has told of; 10 at most. */
  onlyRecoveredInARow: (sinceMs: number) => Promise<number>;
  get: (name: RecoveryFact) => Promise<string | null>;
  set: (name: RecoveryFact, value: string) => Promise<void>;
  /** When the first event was received, in Unix ms; null before that. */
  firstReceivedAtMs: () => Promise<number | null>;
  /** Does a run after the one that is under way, here or in another instance. Its signal is aborted too if the turn is lost. */
  inTurn: <T>(signal: AbortSignal, run: (signal: AbortSignal) => Promise<T>) => Promise<T>;
  /**
   * Begins what recovers by itself as soon as this is the one instance that does, and ends it if it no longer is.
   *
   * @param begin returns what ends it
   * @returns ends it for good; resolves when it has ended
   */
  keepAlone: (begin: () => () => Promise<void>) => () => Promise<void>;
};

/** What recovery remembers beyond one run. */
export type RecoveryFact =
  /** Unix ms: what ended before has been looked through. */
  | "recover_watermark"
  /** Unix ms: when recovery was first on. What ended before is not recovered by itself, unless an event is older. */
  | "recover_since"
  /** Unix ms: when the last seven days were last looked through. */
  | "recover_week";

/** An event that is ready to be written, of a conversation. */
export type RecoveredRecord = EventRecord & { conversationId: string; source: "recovered" };

/** Erases: rows, recordings and bodies, and their traces. What was begun is in `unfinished` until it is done. */
export type Eraser = {
  /** The conversations whose erasure was begun and of which something is left. */
  unfinished: () => Promise<string[]>;
  /**
   * Begins to erase a conversation: from here on its deliveries are dropped. `erase` has to follow.
   *
   * @returns false if there is nothing of it that could be erased
   */
  begin: (conversationId: string, nowMs: number) => Promise<boolean>;
  /** Begins to erase those conversations that are still too old when it is their turn, and returns them. */
  beginOld: (conversationIds: readonly string[], beforeMs: number, nowMs: number) => Promise<string[]>;
  /**
   * Erases conversations that were begun. `forget` has to follow if nothing else holds anything of those that were erased,
   * then `finish`.
   *
   * @throws FileFault of all of them; to be called again then
   */
  erase: (conversationIds: readonly string[]) => Promise<Erased>;
  /** Says that nothing but traces is left of conversations. */
  forget: (conversationIds: readonly string[]) => Promise<void>;
  /** Whether there is anything for `finish` to do, which may be a lot of work. */
  areTracesLeft: () => Promise<boolean>;
  /** Clears what is left of what was forgotten: when this resolves, it is gone. */
  finish: () => Promise<void>;
  /** Erases recordings that are still too old when it is their turn, and nothing else of their conversations. */
  eraseRecordings: (conversationIds: readonly string[], beforeMs: number) => Promise<Erased>;
  /** Erases events that belong to no conversation, by their ids. */
  eraseEvents: (eventIds: readonly number[]) => Promise<Erased<number>>;
  /** What is too old among the conversations after a row. */
  dueConversations: (afterRow: number, limits: Limits) => Promise<DueConversations>;
  /** What is too old among the events after a place, in the order of their receipt. */
  dueEvents: (after: EventPlace, beforeMs: number) => Promise<DueEvents>;
};

/** Somebody keeps reading what is erased, so that its traces can't be cleared. */
export class ScrubError extends Error {
  override readonly name = "ScrubError";
}

/** What became of many: one that fails does not stop the others. */
export type Erased<Key = string> = { erased: Key[]; failures: unknown[] };

/** Before when is too old, in unix milliseconds by our clock: that of the sender may be absurd. -Infinity: nothing is. */
export type Limits = {
  conversationsBeforeMs: number;
  recordingsBeforeMs: number;
  /** What is stamped later was stamped by a clock that was ahead. */
  nowMs: number;
};

/** What is too old among some rows; null for `lastRow` at the end. */
export type DueConversations = { conversations: string[]; recordings: string[]; lastRow: number | null };

/** A place in the order of receipt. */
export type EventPlace = { receivedAtMs: number; row: number };

/** Too old and without a row in `conversations`: by conversation, and the ids of events that belong to none. */
export type DueEvents = { conversations: string[]; events: number[]; last: EventPlace | null };

/** What retention remembers beyond one run. */
export type RetentionState = {
  get: (name: RetentionFact) => Promise<string | null>;
  set: (name: RetentionFact, value: string) => Promise<void>;
  /** When the newest event was received of those until a moment, in unix milliseconds; null before the first. */
  newestReceivedAtMs: (untilMs: number) => Promise<number | null>;
  /** Does what erases by age, unless another instance does it at this moment: null then. */
  alone: <T>(work: () => Promise<T>) => Promise<T | null>;
};

export type RetentionFact =
  /** Unix milliseconds of the trusted clock, stored every hour: see erase/trusted-clock.ts. */
  | "trusted_now"
  /** The settings by which things were last erased, as JSON: see erase/retention-settings.ts. */
  | "retention_days"
  | "audio_retention_days"
  /** Unix milliseconds: what is older is being erased, or was, and its files may be gone already. */
  | "bodies_erased_before"
  | "recordings_erased_before";

/**
 * What a file holds: its size is known, nothing is read before it is asked for, and a part of it is a `slice`. A Blob of the
 * runtime's is one, and an object in a bucket.
 */
export type BlobContent = {
  readonly size: number;
  slice: (start: number, end: number) => BlobContent;
  stream: () => ReadableStream<Uint8Array<ArrayBuffer>>;
  bytes: () => Promise<Uint8Array<ArrayBuffer>>;
  text: () => Promise<string>;
};

/** Files, or objects in a bucket, that rows name. A name that the program does not give leads to nothing: a row's may come from anybody. */
export type Blobs = {
  /** null if there is none. */
  open: (name: string) => Promise<BlobContent | null>;
  /** null if there is none. */
  stat: (name: string) => Promise<BlobFacts | null>;
  /** One that is gone is removed. @throws FileFault, RemoteFault; UnsafePathError if it is not clear what would be removed */
  remove: (name: string) => Promise<void>;
  /** All names. */
  list: () => Promise<string[]>;
};

export type BlobFacts = { byteCount: number; modifiedAtMs: number };

/** Takes new files. */
export type BlobIntake = {
  /** A temporary file to write to; its holder discards it in the end, put or not. */
  create: () => Promise<TemporaryFile>;
  /**
   * Gives a complete file the first of some names that is free, or that has the same content; what stores may put the hash
   * into the first one instead, so that it always is. It is stored when this resolves. Of bodies, which are named by their
   * content, one with another content is damaged and is replaced; a recording never is.
   *
   * @returns the name
   * @throws FileFault, and then no name is left; RemoteFault, and then nobody knows
   */
  put: (file: TemporaryFile, names: readonly string[], sha256: string) => Promise<string>;
};

/** A body in a file that has no row: the file, and what the row says of it. */
export type LeftBody = Pick<EventRecord, "bodySha256" | "bodyBytes" | "receivedAtMs"> & {
  blob: BlobContent;
  payloadPath: string;
};

/** Makes the record of a body that a stop has left without its row. */
export type RecordOfLeftBody = (body: LeftBody) => Promise<EventRecord>;
