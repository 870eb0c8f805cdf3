import type { ConversationRow } from "../model/conversation.ts";
import type { EventRecord } from "../model/event.ts";
import type { Lineage } from "../model/lineage.ts";
import type { BlobContent } from "../store/port.ts";

// What forwarding asks of what stores: the events, and how far each destination has been sent them. A database in this
// process (sqlite/) answers at once, another one later.

/** There at once, or later. */
export type Later<T> = T | Promise<T>;

/** The cursor of a destination that is no longer configured is kept for so long. */
export const REMOVED_MS_MAX = 30 * 86_400_000;
/** An announcement that no destination has confirmed by then is given up: the id must not stay for ever. */
export const ANNOUNCED_MS_MAX = 7 * 86_400_000;

/** What is known of an event before its payload is read. */
export type ForwardEvent = Pick<
  EventRecord,
  | "type"
  | "conversationId"
  | "agentId"
  | "eventTimestamp"
  | "receivedAtMs"
  | "status"
  | "source"
  | "bodySha256"
  | "payloadPath"
> & {
  id: number;
  /** Of what is in the row; null if nothing is. */
  payloadBytes: number | null;
};

/** What a conversation's row says in short. */
export type ConversationBrief = Pick<
  ConversationRow,
  "agentName" | "title" | "status" | "callSuccessful" | "startedAt" | "durationSecs" | "audioPath"
>;

/** What is to be sent. It is read when it is sent, so that what was erased is not. */
export type ForwardSource = {
  /** Some of the events after one, in the order of their ids: none gets a place before one that is seen. */
  after: (id: number, rowsMax: number) => Later<ForwardEvent[]>;
  /** null if it is gone. */
  find: (id: number) => Later<ForwardEvent | null>;
  /** null if there is none, or none any more. */
  payload: (id: number) => Later<Uint8Array<ArrayBuffer> | null>;
  /** The body that is a file, or in a bucket; null if it is gone. */
  file: (path: string) => Promise<BlobContent | null>;
  /** The traces of the OpenTelemetry form, as JSON; null if there are none. */
  traces: (id: number) => Later<Uint8Array<ArrayBuffer> | null>;
  brief: (conversationId: string) => Later<ConversationBrief | null>;
  failureReason: (eventId: number) => Later<string | null>;
  lineage: () => Later<Lineage>;
  /** How many events were reprocessed, and the last of them: they keep their ids. */
  reprocessed: () => Later<{ count: number; eventIds: readonly number[] }>;
  /** The end of what is stored: a new destination begins there. */
  newest: () => Later<ForwardPosition>;
};

/** Why nothing more is sent to a destination until `forward replay` is used. */
export type StopReason =
  /** It has answered 410. */
  | "gone"
  /** Not one success for five days. */
  | "failing"
  /** The database was restored: its ids are others. */
  | "data_replaced"
  /** The cursor lies beyond the newest event. */
  | "ahead_of_data";

/** A place in the events of one database. */
export type ForwardPosition = {
  /** Of the database; another one has other ids. */
  dataId: string;
  /** The last event that was dealt with; 0 before the first. */
  eventId: number;
  /** How many events had been reprocessed by then: they keep their ids, so that a cursor has passed them. */
  reprocessedCount: number;
};

/** How far a destination has been sent. */
export type ForwardCursor = ForwardPosition & {
  name: string;
  /** Grows when the cursor is set by a command: what was under way then does not count. */
  generation: number;
  /** null: it goes on */
  stopped: StopReason | null;
  /** Unix ms; null before the first success. */
  succeededAtMs: number | null;
  /** Unix ms of the first failure since the last success; null without one. */
  failingSinceMs: number | null;
  /** Unix ms; null while it is configured. */
  removedAtMs: number | null;
};

/** An event that a destination did not take: it is sent again later, and the others go on meanwhile. */
export type Parked = {
  eventId: number;
  /** Requests that have failed; 0: it is to be sent for the first time. */
  attempts: number;
  /** Unix ms; null: it is dead, and only sent if `forward replay` is used. */
  dueAtMs: number | null;
  /** Why the last request failed, such as "HTTP 503"; null before the first. */
  problem: string | null;
};

export type ParkedCounts = { waiting: number; dead: number };

/** What has come of some events, written in one transaction. */
export type Progress = {
  /** Of the cursor that it belongs to. */
  generation: number;
  /** Where the cursor goes, in the same data; null if it stays. */
  position: Omit<ForwardPosition, "dataId"> | null;
  /** Parked, or parked again. */
  failed: readonly Parked[];
  /** Parked events that were taken by now, or are gone. */
  done: readonly number[];
  /** Unix ms of the last success among them; null without one. */
  succeededAtMs: number | null;
  /** Unix ms of the first failure after it, or without a success of the first one; null without one. */
  failedAtMs: number | null;
};

/** The erasure of a conversation, which a destination is to be told of. */
export type Announcement = { conversationId: string; erasedAtMs: number; attempts: number };

/** What has come of an announcement: null for `dueAtMs` if it was confirmed. */
export type Announced = { conversationId: string; dueAtMs: number | null };

/** Takes up the configuration: the names of all destinations, and the place at which a new one begins. */
export type ForwardConfiguration = { names: readonly string[]; position: ForwardPosition; nowMs: number };

/** How far each destination has been sent the events. What is written is on disk when it is answered. */
export type ForwardState = {
  /** Of all destinations, also of those that were removed less than 30 days ago. */
  cursors: () => Later<ForwardCursor[]>;
  /** null for a destination that has none yet. */
  cursor: (name: string) => Later<ForwardCursor | null>;
  /** A new destination begins at a position, one that is gone keeps its cursor for 30 days. */
  configure: (configuration: ForwardConfiguration) => Later<void>;
  /** Stops a destination, with a reason: its cursor waits. Returns false if it was stopped before, or has no cursor. */
  stop: (name: string, reason: StopReason) => Later<boolean>;
  /**
   * Sends again everything after a position, whatever became of it, and goes on if the destination was stopped. Parked events
   * before the position stay, unless they are of another database.
   */
  replayFrom: (name: string, position: ForwardPosition) => Later<void>;
  /** Goes on at the cursor, with the same data, after a stop. */
  resume: (name: string) => Later<void>;

  /** Returns false if the cursor was set by a command meanwhile: then nothing is written. */
  commitProgress: (name: string, progress: Progress, nowMs: number) => Later<boolean>;
  /** Parked events whose time has come, those that have waited longest first. */
  dueEvents: (name: string, nowMs: number, rowsMax: number) => Later<Parked[]>;
  countParked: (name: string) => Later<ParkedCounts>;
  /** Has the dead events of a destination sent again, with all repeats. Returns how many. */
  reviveDead: (name: string, nowMs: number) => Later<number>;
  /** Forgets the dead events that are gone by now: they are nothing that could be replayed. */
  forgetGone: (name: string) => Later<void>;

  /** Announcements whose time has come. */
  dueAnnouncements: (name: string, nowMs: number, rowsMax: number) => Later<Announcement[]>;
  commitAnnounced: (name: string, announced: readonly Announced[]) => Later<void>;
  /** Gives up announcements that are too old, or of destinations other than these, which ask for them. */
  dropAnnouncements: (names: readonly string[], nowMs: number) => Later<void>;
  /** Overwrites what is left of deleted announcements. @throws ScrubError if another process keeps reading */
  clearTraces: () => Later<void>;
};

/** What is forwarded, and how far. */
export type ForwardData = {
  source: ForwardSource;
  state: ForwardState;
  /** Whether an error is of the moment, as while another process holds the file: what failed is tried again. */
  isPassing: (error: unknown) => boolean;
  close: () => Later<void>;
};

/** What a cursor can be set by. Nothing is changed. */
export type ForwardPlaces = {
  lineage: () => Later<Lineage>;
  reprocessedCount: () => Later<number>;
  /** The id before the first event that was received at a moment or later. A clock may have gone back meanwhile. */
  eventIdBefore: (receivedAtMs: number) => Later<number>;
  countAfter: (eventId: number) => Later<number>;
};
