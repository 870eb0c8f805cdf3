import { listCallFailures } from "./call-failures.ts";
import { findPayload, readPayload } from "./event-payload.ts";
import { findEvent, followEvents, listEvents } from "./events.ts";
import { exportConversations } from "./export-conversations.ts";
import { readFigures } from "./figures.ts";
import { countByDay } from "./stats.ts";
import { cleanIndex, eraseConversations, findRecording, readConversation } from "./conversations.ts";
import { listConversations } from "./list-conversations.ts";

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

export type Operations = typeof operations;
