import { foldFacts, noFacts } from "../../model/conversation.ts";
import type { ConversationFacts, ConversationRow } from "../../model/conversation.ts";
import type { EventRecord } from "../../model/event.ts";
import { cleanText, storedId } from "./text.ts";

const OTEL_TYPE = "post_call_transcription_otel";
/** Longer types are none that a later version could know. */
const TYPE_CHARACTERS_MAX = 250;

/**
 * The order of events: those that ElevenLabs delivered beat those that were recovered, whatever their times; then by time, and on
 * a tie the JSON form of a transcription beats the OpenTelemetry form.
 */
type Place = readonly [isDelivered: number, timeMs: number, form: number];

type Placed = Pick<EventRecord, "source" | "eventTimestamp" | "receivedAtMs" | "type">;

/** Where an event stands. */
export function placeOf({ source, eventTimestamp, receivedAtMs, type }: Placed): Place {
  return [
    source === "webhook" ? 1 : 0,
    eventTimestamp === null ? receivedAtMs : eventTimestamp * 1000,
    type === OTEL_TYPE ? 0 : 1,
  ];
}

function compare(a: Place, b: Place): number {
  return a[0] - b[0] || a[1] - b[1] || a[2] - b[2];
}

/** A conversation's row as some of its events that come together make it. */
export type FoldedRow = Omit<ConversationRow, "eventId"> & {
  /** Hash of the body that holds the turns; null if none does. */
  turnsSha256: string | null;
  /** Hash of the body that the recording came with; null if none did. */
  recordedSha256: string | null;
  foldOrder: readonly number[];
};

/**
 * Puts together what events say of their conversations.
 *
 * @param records in the order of their arrival; no event twice
 * @returns one row for each conversation
 */
export function foldTogether(records: readonly EventRecord[], updatedAtMs?: number): FoldedRow[] {
  const said = records.filter(
    ({ conversationId, facts, recording }) =>
      conversationId !== null && (facts !== null || recording !== null),
  );
  const ofEach = Map.groupBy(said, ({ conversationId }) => conversationId ?? "");
  return [...ofEach].map(([conversationId, arrived]) => {
    const ordered = arrived.toSorted((a, b) => compare(placeOf(a), placeOf(b)));
    const { eventId: holder, ...facts } = foldFacts(
      ordered.map((record, index) => ({ eventId: index, facts: record.facts ?? noFacts })),
    );
    const recorded = arrived.findLast(({ recording }) => recording !== null);
    const places = [ordered[0], ordered.at(-1)].flatMap((record) =>
      record === undefined ? [] : placeOf(record),
    );
    const { holdsTurns: _, ...columns } = Object.assign({}, noFacts, facts);
    return Object.assign(columns, {
      conversationId,
      turnsSha256: holder === undefined ? null : (ordered[holder]?.bodySha256 ?? null),
      audioPath: recorded?.recording?.path ?? null,
      audioBytes: recorded?.recording?.byteCount ?? null,
      audioSha256: recorded?.recording?.sha256 ?? null,
      audioReceivedAtMs: recorded?.receivedAtMs ?? null,
      recordedSha256: recorded?.bodySha256 ?? null,
      updatedAtMs: updatedAtMs ?? arrived.at(-1)?.receivedAtMs ?? 0,
      foldOrder: places,
    });
  });
}

/**
 * An event as Postgres takes it: no NUL and no half of a surrogate pair in its columns. One whose conversation has an id that no
 * index takes is quarantined, so that its bytes are kept and its sender hears of it.
 */
export function storable(record: EventRecord): EventRecord {
  const conversationId = storedId(record.conversationId);
  const clean: EventRecord = {
    ...record,
    ...cleaned({ error: record.error, turnsPayload: record.turnsPayload }),
    type: record.type === null ? null : cleanText(record.type).slice(0, TYPE_CHARACTERS_MAX).toWellFormed(),
    conversationId,
    agentId: storedId(record.agentId),
    facts: record.facts === null ? null : storableFacts(record.facts),
    failure: record.failure === null ? null : cleaned(record.failure),
  };
  if (conversationId !== null || record.conversationId === null) return clean;
  return withoutDerived(clean, "the conversation's id is longer than 1,000 bytes");
}

/** The same for what an event says of its conversation. */
export function storableFacts(facts: ConversationFacts): ConversationFacts {
  return { ...cleaned(facts), agentId: storedId(facts.agentId) };
}

/** The same event without what was derived from it. Its recording has its name already, and keeps its row. */
export function withoutDerived(
  record: EventRecord,
  why = "it could not be stored with what was derived from it",
): EventRecord {
  return {
    ...record,
    status: "quarantined",
    error: `invalid_payload: ${why}`,
    agentId: null,
    eventTimestamp: null,
    turnsPayload: null,
    facts: null,
    failure: null,
  };
}

function cleaned<Texts extends object>(texts: Texts): Texts {
  const values = Object.entries(texts).map(([name, value]) => [
    name,
    typeof value === "string" ? cleanText(value) : value,
  ]);
  // Object.fromEntries forgets which names it was given.
  return Object.fromEntries(values) as Texts;
}
