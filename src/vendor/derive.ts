import { noFacts } from "../model/conversation.ts";
import type { ConversationFacts } from "../model/conversation.ts";
import type { StoredTurn } from "../model/turn.ts";
import { readEvent, isQuarantine } from "./event.ts";
import type { Event } from "./event.ts";
import { eventKind, isDerivedFrom } from "./event-type.ts";
import { factsOfOtel, turnsOfOtel } from "./otel.ts";
import { textAt } from "./json-value.ts";
import { factsOfTranscription, turnsOfTranscription } from "./transcription.ts";

/** What an event says of its conversation; null if it has none, or makes none, as a call failure does. */
export function deriveFacts(event: Event): ConversationFacts | null {
  switch (event.kind) {
    case "transcription":
      return factsOfTranscription(event.data);
    case "otel":
      return factsOfOtel(event.data);
    case "audio":
      return { ...noFacts, agentId: event.agentId };
    case "machine-detection":
      return { ...noFacts, agentId: event.agentId, voicemail: machineAnswered(event) };
    case "failure":
    case "other":
      return null;
  }
}

/** The facts from a stored event. What nothing is derived from may be large, and is not parsed. */
export function factsOfPayload(payload: string, type: string | null): ConversationFacts | null {
  const kind = type === null ? null : eventKind(type);
  if (kind === null || !isDerivedFrom(kind)) return null;
  const event = readEvent(JSON.parse(payload));
  return isQuarantine(event) ? null : deriveFacts(event);
}

/**
 * The turns from a stored event: those that the view `turns` has, and what the agent did in them. Parsing once takes a
 * fraction of the view's time. None if somebody has changed the payload to what is not JSON.
 *
 * @param startedAt of the conversation, in unix seconds
 */
export function turnsOfPayload(payload: string, startedAt: number | null): StoredTurn[] {
  const event = readEvent(parsed(payload));
  if (isQuarantine(event)) return [];
  return event.kind === "otel" ? turnsOfOtel(event.data, startedAt) : turnsOfTranscription(event.data);
}

function parsed(payload: string): unknown {
  try {
    return JSON.parse(payload);
  } catch {
    return null;
  }
}

/** Twilio's verdict, in the spellings that receivers have seen: 1 a machine, 0 a person, null undecided. */
function machineAnswered({ data }: Event): number | null {
  const verdict = textAt(data, "answered_by") ?? textAt(data, "AnsweredBy") ?? textAt(data, "result");
  if (verdict?.startsWith("machine")) return 1;
  return verdict === "human" ? 0 : null;
}
