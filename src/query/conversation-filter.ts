import type { ConversationRow } from "../model/conversation.ts";

/** Which conversations are wanted; null if all are. */
export type ConversationFilter = {
  agentId: string | null;
  /** Unix seconds. */
  since: number | null;
  /** Unix seconds, not included. */
  until: number | null;
  status: string | null;
  callSuccessful: string | null;
  direction: string | null;
  /** The other party's number, or the agent's. */
  number: string | null;
  userId: string | null;
  hasRecording: boolean | null;
  voicemail: boolean | null;
  durationSecsMin: number | null;
  durationSecsMax: number | null;
};

/** Whether a conversation is one of those that are wanted. What is not known fits no filter that asks for it. */
export function fits(row: ConversationRow, filter: ConversationFilter): boolean {
  const { since, until, number, hasRecording, voicemail, durationSecsMin, durationSecsMax } = filter;
  return (
    is(row.agentId, filter.agentId) &&
    is(row.status, filter.status) &&
    is(row.callSuccessful, filter.callSuccessful) &&
    is(row.direction, filter.direction) &&
    is(row.userId, filter.userId) &&
    (number === null || row.externalNumber === number || row.agentNumber === number) &&
    (hasRecording === null || (row.audioPath !== null) === hasRecording) &&
    is(row.voicemail, voicemail === null ? null : Number(voicemail)) &&
    isFrom(row.startedAt, since) &&
    (until === null || (row.startedAt !== null && row.startedAt < until)) &&
    isFrom(row.durationSecs, durationSecsMin) &&
    (durationSecsMax === null || (row.durationSecs !== null && row.durationSecs <= durationSecsMax))
  );
}

function is<T>(value: T | null, wanted: T | null): boolean {
  return wanted === null || value === wanted;
}

function isFrom(value: number | null, min: number | null): boolean {
  return min === null || (value !== null && value >= min);
}
