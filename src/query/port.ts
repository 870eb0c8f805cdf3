import type { CallFailureRow } from "../model/call-failure.ts";
import type { ConversationRow } from "../model/conversation.ts";
import type { Lineage } from "../model/lineage.ts";
import type { EventRow } from "../model/event.ts";
import type { Recording } from "../model/recording.ts";
import type { AgentRow } from "./agents.ts";
import type { CallFailureFilter } from "./call-failures.ts";
import type { ExportFilter, StoredConversation } from "./conversations.ts";
import type { StoredDetails } from "./details.ts";
import type { EventFilter, EventPosition, StoredPayload } from "./events.ts";
import type { ConversationPage, ConversationQuery } from "./conversation-pages.ts";
import type { QuarantinedGroup } from "./quarantine.ts";
import type { Measured, RecordingFile } from "./loudness/measure.ts";
import type { CleanPosition } from "./search/search-index.ts";
import type { CallCount, DeliveryCount, StatsFilter, StoredFigures } from "./stats.ts";

// What can be asked of what is stored. It stands here and not in store/port.ts, since the filters and pages that it speaks
// of are of this folder; so does the one implementation, which reads SQLite in a thread of its own.

/** What is asked for by name. Arguments and answers are plain data, which cross threads. */
type Questions = {
  /** The calls that could not be started, the last to arrive first. */
  listCallFailures: (filter: CallFailureFilter) => CallFailureRow[];
  /** Events by the time of their receipt, the newest first. */
  listEvents: (
    filter: EventFilter & { sinceMs: number | null; untilMs: number | null; before: EventPosition | null },
  ) => EventRow[];
  /** Events in the order in which they were stored: none that is stored later gets a place before one that is seen. */
  followEvents: (filter: EventFilter & { afterId: number }) => EventRow[];
  /** Which data these are, and how far their ids go. */
  readLineage: (of: null) => Lineage;
  findEvent: (id: number) => EventRow | null;
  /** Where an event's payload is, and what; null if there is no such event. */
  findPayload: (id: number) => StoredPayload | null;
  /** A part of the payload in an event's row; null if there is none (any more). */
  readPayload: (part: { id: number; from: number; bytesMax: number }) => Uint8Array | null;
  /** Events by day, type and outcome, and calls with what they took and cost by day and agent. */
  countByDay: (filter: StatsFilter) => { deliveries: DeliveryCount[]; calls: CallCount[] };
  /** A page of all conversations, in the order of their ids. */
  exportConversations: (page: ExportFilter & { afterId: string; rowsMax: number }) => {
    rows: ConversationRow[];
    lastId: string | null;
  };
  /** What is stored, in figures for monitoring. */
  readFigures: (nowMs: number) => StoredFigures;
  /** Conversations, newest first, that fit a filter and, if there is one, a query. */
  listConversations: (asked: ConversationQuery) => ConversationPage;
  /** Its turns, verdicts and price in full, and its neighbours in the list; null if there is none of that id. */
  readDetails: (conversationId: string) => StoredDetails | null;
  /** The agents of the conversations that began since a time (unix seconds), those with the most of them first. */
  listAgents: (asked: { since: number; rowsMax: number }) => AgentRow[];
  /** The quarantined events by reason, the most frequent first. */
  groupQuarantined: (groupsMax: number) => QuarantinedGroup[];
  readConversation: (conversationId: string) => StoredConversation | null;
  /** null if there is no such conversation; without a recording its parts are null. */
  findRecording: (conversationId: string) => { [Part in keyof Recording]: Recording[Part] | null } | null;
  /** How loud a recording is, step by step. */
  measureLoudness: (recording: RecordingFile) => Measured;
  /** Deletes conversations from the search index, after they have been deleted from the database. */
  eraseConversations: (conversationIds: readonly string[]) => void;
  /** Clears some of the traces that these have left in the index. Returns where to go on; null at the end. */
  cleanIndex: (from: CleanPosition | null) => CleanPosition | null;
};

export type QuestionName = keyof Questions;
export type Argument<Name extends QuestionName> = Parameters<Questions[Name]>[0];
export type Answer<Name extends QuestionName> = ReturnType<Questions[Name]>;

/** Answers questions while deliveries go on: a slow one keeps none of them waiting. */
export type Queries = {
  /** @throws QueriesBusyError, QueryError */
  ask: <Name extends QuestionName>(name: Name, argument: Argument<Name>) => Promise<Answer<Name>>;
  /** Gets ready before the first question. */
  warmUp: () => void;
  /** What is still being asked fails. */
  close: () => void;
};
