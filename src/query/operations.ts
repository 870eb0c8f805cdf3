import { listAgents } from "./agents.ts";
import { listCallFailures } from "./call-failures.ts";
import {
  cleanIndex,
  eraseConversations,
  exportConversations,
  findRecording,
  readConversation,
} from "./conversations.ts";
import { readDetails } from "./details.ts";
import { findEvent, findPayload, followEvents, listEvents, readPayload } from "./events.ts";
import { listConversations } from "./list-conversations.ts";
import type { Answer, Argument, QuestionName } from "./port.ts";
import { readLineage } from "../store/sqlite/data-id.ts";
import { groupQuarantined } from "./quarantine.ts";
import type { Reader } from "./reader.ts";
import { countByDay, readFigures } from "./stats.ts";

/** How the thread that reads answers each question. */
export const operations: {
  [Name in QuestionName]: (reader: Reader, argument: Argument<Name>) => Answer<Name> | Promise<Answer<Name>>;
} = {
  listCallFailures,
  listEvents,
  followEvents,
  readLineage: ({ sqlite }) => readLineage(sqlite),
  findEvent,
  findPayload,
  readPayload,
  countByDay,
  exportConversations,
  readFigures,
  listConversations,
  readConversation,
  readDetails,
  listAgents,
  groupQuarantined,
  findRecording,
  measureLoudness: ({ meter }, recording) => meter.measure(recording),
  eraseConversations,
  cleanIndex,
};

/** What the thread is started with. */
export type ThreadOptions = { databasePath: string; recordingsFolder: string };

export type ThreadRequest = { id: number; name: QuestionName; argument: unknown };

export type ThreadAnswer = { id: number; result: unknown } | { id: number; problem: string };

/** What the thread has to say without having been asked: a line for the log. */
export type ThreadNote = { level: "info" | "warning"; note: string; fields: Record<string, string> };
