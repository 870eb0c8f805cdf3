import { listCallFailures } from "./call-failures.ts";
import {
  cleanIndex,
  eraseConversations,
  exportConversations,
  findRecording,
  readConversation,
} from "./conversations.ts";
import { findEvent, findPayload, followEvents, listEvents, readPayload } from "./events.ts";
import { listConversations } from "./list-conversations.ts";
import { countByDay, readFigures } from "./stats.ts";

/** Everything that can be asked of the thread that reads. Arguments and results are plain data. */
export const operations = {
  listCallFailures,
  listEvents,
  followEvents,
  findEvent,
  findPayload,
  readPayload,
  countByDay,
  exportConversations,
  readFigures,
  listConversations,
  readConversation,
  findRecording,
  eraseConversations,
  cleanIndex,
};

type Operations = typeof operations;

export type OperationName = keyof Operations;
export type Argument<Name extends OperationName> = Parameters<Operations[Name]>[1];
export type Result<Name extends OperationName> = Awaited<ReturnType<Operations[Name]>>;

/** What the thread is started with. */
export type ThreadOptions = { databasePath: string };

export type ThreadRequest = { id: number; name: OperationName; argument: unknown };

export type ThreadAnswer = { id: number; result: unknown } | { id: number; problem: string };

/** What the thread has to say without having been asked: a line for the log. */
export type ThreadNote = { level: "info" | "warning"; note: string; fields: Record<string, string> };
