import type { CallFailureFacts } from "../model/call-failure.ts";
import { noFacts } from "../model/conversation.ts";
import type { ConversationFacts } from "../model/conversation.ts";
import { noDetails } from "../model/call-details.ts";
import type { CallDetails } from "../model/call-details.ts";
import type { StoredTurn } from "../model/turn.ts";
import { detailsOfOtel } from "./details/otel.ts";
import { detailsOfTranscription } from "./details/transcription.ts";
import { eventKind, isDerivedFrom } from "./event-type.ts";
import { isQuarantine, readEvent } from "./event.ts";
import type { Event } from "./event.ts";
import { textAt } from "./json-value.ts";
import type { CallFailure, ProviderReport } from "./models/call-failure.ts";
import { factsOfOtel, turnsOfOtel } from "./otel.ts";
import { reading } from "./reading.ts";
import { factsOfTranscription, turnsOfTranscription } from "./transcription.ts";

const ofFailure = reading<CallFailure>();
const ofReport = reading<ProviderReport>();

/** What a `call_initiation_failure` says, from Twilio's or the SIP trunk's own report. */
export function failureOf({ data, eventTimestamp }: Event): CallFailureFacts {
  const metadata = ofFailure.value(data, "metadata");
  const report = ofFailure.value(data, "metadata", "body");
  return {
    reason: ofFailure.text(data, "failure_reason"),
    provider: ofFailure.text(data, "metadata", "type"),
    providerCode:
      scalarOf(ofReport.value(report, "sip_status_code")) ??
      scalarOf(ofReport.value(report, "SipResponseCode")) ??
      ofReport.text(report, "CallStatus"),
    fromNumber: scalarOf(ofReport.value(report, "from_number")) ?? ofReport.text(report, "From"),
    toNumber: scalarOf(ofReport.value(report, "to_number")) ?? ofReport.text(report, "To"),
    occurredAt: ofReport.seconds(report, "Timestamp") ?? eventTimestamp,
    metadata: metadata === null ? null : JSON.stringify(metadata),
  };
}

/** The vendor's documents say number for what their sample shows as a string, and the other way round. */
function scalarOf(found: unknown): string | null {
  return typeof found === "number" ? String(found) : textAt(found);
}

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

/** Everything that a stored event says of its call, turn by turn. The same event's turns have the same numbers. */
export function detailsOfPayload(payload: string, startedAt: number | null): CallDetails {
  const event = readEvent(parsed(payload));
  if (isQuarantine(event)) return noDetails;
  return event.kind === "otel" ? detailsOfOtel(event.data, startedAt) : detailsOfTranscription(event.data);
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
