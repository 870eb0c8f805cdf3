import { audioTypes } from "../vendor/event-type.ts";
import { ERASED_TYPE } from "./destination.ts";
import type { Destination } from "./destination.ts";
import type { Announcement, ForwardEvent, ForwardSource } from "./port.ts";
import type { ForwardMessage } from "./attempt.ts";
import { idOfErasure, idOfEvent } from "./signature.ts";

/** What is read of an event when it is sent. */
export type ContentSource = Pick<ForwardSource, "payload" | "file" | "traces" | "brief" | "failureReason">;

const OTEL_TYPE = "post_call_transcription_otel";
/** Says how an event came to the receiver. */
const SOURCE_HEADER = "elevenlabs-webhook-source";
const TIME_MS_MAX = 8.64e15;

/** Whether a destination wants an event. What can't be processed is not sent. */
export function wants(destination: Destination, event: ForwardEvent): boolean {
  const { types, agents, payload } = destination;
  if (event.status !== "processed" || event.type === null) return false;
  if (payload === "otlp" && event.type !== OTEL_TYPE) return false;
  if (types !== null && !types.includes(event.type)) return false;
  return agents === null || (event.agentId !== null && agents.includes(event.agentId));
}

/**
 * Makes of an event what a destination is sent.
 *
 * @param publicUrl the address at which others reach the receiver; null: nobody said
 * @returns null if nothing of it is there to be sent any more
 */
export async function messageOf(
  source: ContentSource,
  event: ForwardEvent,
  { destination, publicUrl }: { destination: Destination; publicUrl: string | null },
): Promise<ForwardMessage | null> {
  const body = await bodyOf(source, event, { destination, publicUrl });
  return body && { id: idOfEvent(event), body, headers: { [SOURCE_HEADER]: event.source } };
}

async function bodyOf(
  source: ContentSource,
  event: ForwardEvent,
  { destination, publicUrl }: { destination: Destination; publicUrl: string | null },
): Promise<ForwardMessage["body"] | null> {
  const { id, type, payloadBytes, payloadPath } = event;
  if (destination.payload === "otlp") return source.traces(id);
  const isSlim = destination.payload === "slim" || (type !== null && audioTypes.includes(type));
  // Without its payload, which ENABLE_TRANSCRIPT_STORAGE=false leaves out, there is still something to tell.
  if (isSlim || (payloadBytes === null && payloadPath === null)) return slimBody(source, event, publicUrl);
  return payloadBytes === null && payloadPath !== null ? source.file(payloadPath) : source.payload(id);
}

async function slimBody(
  source: ContentSource,
  event: ForwardEvent,
  publicUrl: string | null,
): Promise<Uint8Array<ArrayBuffer>> {
  const { id, type, conversationId, agentId, eventTimestamp, receivedAtMs } = event;
  const brief = conversationId === null ? null : await source.brief(conversationId);
  const at = (path: string) => (publicUrl === null ? null : `${publicUrl}${path}`);
  const conversation =
    conversationId === null ? null : `/conversations/${encodeURIComponent(conversationId)}`;
  return encoded({
    type,
    timestamp: timeText(eventTimestamp === null ? receivedAtMs : eventTimestamp * 1000),
    data: {
      event_id: id,
      received_at: timeText(receivedAtMs),
      conversation_id: conversationId,
      agent_id: agentId,
      agent_name: brief?.agentName ?? null,
      title: brief?.title ?? null,
      status: brief?.status ?? null,
      call_successful: brief?.callSuccessful ?? null,
      failure_reason: await source.failureReason(id),
      started_at: timeText((brief?.startedAt ?? Number.NaN) * 1000),
      duration_secs: brief?.durationSecs ?? null,
      event_url: at(`/events/${id}/payload`),
      transcript_url: brief && conversation && at(`${conversation}/transcript`),
      recording_url:
        typeof brief?.audioPath === "string" && conversation ? at(`${conversation}/audio`) : null,
    },
  });
}

/** Makes what a destination is sent of an erasure. */
export function messageOfErasure(announcement: Announcement): ForwardMessage {
  const { conversationId, erasedAtMs } = announcement;
  const body = encoded({
    type: ERASED_TYPE,
    timestamp: timeText(erasedAtMs),
    data: { conversation_id: conversationId },
  });
  return { id: idOfErasure(announcement), body, headers: {} };
}

function encoded(value: object): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(JSON.stringify(value));
}

/** null for a time that can't be meant. */
function timeText(unixMs: number): string | null {
  return Math.abs(unixMs) <= TIME_MS_MAX ? new Date(unixMs).toISOString() : null;
}
