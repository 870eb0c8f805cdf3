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
  /** Announced, and not here. */
  isRecordingMissing: boolean | null;
  voicemail: boolean | null;
  durationSecsMin: number | null;
  durationSecsMax: number | null;
};

/** Whether a conversation is one of those that are wanted. What is not known fits no filter that asks for it. */
export function fits(row: ConversationRow, filter: ConversationFilter): boolean {
  const {
    since,
    until,
    number,
    hasRecording,
    isRecordingMissing,
    voicemail,
    durationSecsMin,
    durationSecsMax,
  } = filter;
  return (
    is(row.agentId, filter.agentId) &&
    is(row.status, filter.status) &&
    is(row.callSuccessful, filter.callSuccessful) &&
    is(row.direction, filter.direction) &&
    is(row.userId, filter.userId) &&
    (number === null || row.externalNumber === number || row.agentNumber === number) &&
    (hasRecording === null || (row.audioPath !== null) === hasRecording) &&
    (isRecordingMissing === null || isMissing(row) === isRecordingMissing) &&
    is(row.voicemail, voicemail === null ? null : Number(voicemail)) &&
    isFrom(row.startedAt, since) &&
    (until === null || (row.startedAt !== null && row.startedAt < until)) &&
    isFrom(row.durationSecs, durationSecsMin) &&
    (durationSecsMax === null || (row.durationSecs !== null && row.durationSecs <= durationSecsMax))
  );
}

function isMissing({ hasAudio, audioPath }: ConversationRow): boolean {
  return hasAudio === 1 && audioPath === null;
}

function is<T>(value: T | null, wanted: T | null): boolean {
  return wanted === null || value === wanted;
}

function isFrom(value: number | null, min: number | null): boolean {
  return min === null || (value !== null && value >= min);
}

// Filters are searched like words: what they ask for is in a column of the index that no text is in, one term each. So
// the index meets a common word with a rare number in one go, however many have the word.

const DURATION_BITS_MAX = 20;

/** The terms of a conversation. */
export function facetsOf(row: ConversationRow): string[] {
  return [
    facet("a", row.agentId),
    facet("s", row.status),
    facet("c", row.callSuccessful),
    facet("d", row.direction),
    facet("u", row.userId),
    facet("v", row.voicemail),
    facet("n", row.externalNumber),
    facet("n", row.agentNumber),
    row.durationSecs === null ? null : durationFacet(bitsOf(row.durationSecs)),
  ].filter((term) => term !== null);
}

/** The terms that a filter asks for, of each group one: the index knows a part of it. None if it knows nothing of it. */
export function facetsWanted(filter: ConversationFilter): string[][] {
  const terms = [
    facet("a", filter.agentId),
    facet("s", filter.status),
    facet("c", filter.callSuccessful),
    facet("d", filter.direction),
    facet("u", filter.userId),
    facet("v", filter.voicemail === null ? null : Number(filter.voicemail)),
    facet("n", filter.number),
  ].filter((term) => term !== null);
  return [...terms.map((term) => [term]), durationsWanted(filter)].filter(({ length }) => length > 0);
}

/** The FTS5 expression for that; null if there are none. */
export function facetExpression(filter: ConversationFilter): string | null {
  const groups = facetsWanted(filter);
  if (groups.length === 0) return null;
  return groups.map((terms) => `facets : (${terms.join(" OR ")})`).join(" AND ");
}

/** One term, whatever characters are in the value. */
function facet(kind: string, value: string | number | null): string | null {
  if (value === null) return null;
  return kind + new Bun.CryptoHasher("sha256").update(String(value)).digest("hex").slice(0, 16);
}

/** Durations by their order of magnitude: what is found is looked at once more. */
function durationsWanted({ durationSecsMin, durationSecsMax }: ConversationFilter): string[] {
  if (durationSecsMin === null && durationSecsMax === null) return [];
  const from = bitsOf(durationSecsMin ?? 0);
  const to = durationSecsMax === null ? DURATION_BITS_MAX : bitsOf(durationSecsMax);
  const count = Math.max(1, to - from + 1);
  return Array.from({ length: count }, (_, index) => durationFacet(from + index));
}

const durationFacet = (bits: number) => `l${bits}`;

function bitsOf(seconds: number): number {
  return Math.min(DURATION_BITS_MAX, Math.ceil(Math.log2(Math.max(0, seconds) + 1)));
}
