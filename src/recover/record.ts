import type { Recording } from "../model/recording.ts";
import type { RecoveredRecord } from "../store/port.ts";
import { isQuarantine } from "../vendor/event.ts";
import type { JsonObject } from "../vendor/json-value.ts";
import { interpret, PARSED_BYTES_MAX } from "../webhook/interpret.ts";
import { recordOf } from "../webhook/record.ts";

/** A conversation whose events are to be stored. */
type About = {
  conversationId: string;
  agentId: string;
  /** Unix seconds: a delivery, which beats what was recovered, is stamped when the call has been analysed. */
  endedAt: number;
};

type Made = { ok: true; record: RecoveredRecord } | { ok: false; problem: string };

/**
 * Makes the event that a delivery of a conversation's transcript would have brought.
 *
 * @param conversation as ElevenLabs' API has it: what a delivery has as `data`
 * @param isExcluded whether the workspace's deliveries leave the turns out
 */
export function transcriptRecord(
  about: About,
  conversation: { text: string; value: JsonObject },
  { isExcluded, nowMs }: { isExcluded: boolean; nowMs: number },
): Promise<Made> {
  const { transcript: _, ...rest } = conversation.value;
  const data = isExcluded ? JSON.stringify(rest) : conversation.text;
  return recordOfBody(about, bodyOf("post_call_transcription", about, data), { nowMs, storesPayload: true });
}

/**
 * Makes the event that a delivery of a recording would have brought; the recording itself is a file by now.
 *
 * @param storesPayload false: transcripts are not stored, and so is nothing that events say
 */
export async function recordingRecord(
  about: About,
  recording: Recording,
  options: { storesPayload: boolean; nowMs: number },
): Promise<RecoveredRecord> {
  const { agentId: agent_id, conversationId: conversation_id } = about;
  const data = JSON.stringify({ agent_id, conversation_id, full_audio: "" });
  const made = await recordOfBody(about, bodyOf("post_call_audio", about, data), options);
  if (!made.ok) throw new Error(`an event of our own can't be read: ${made.problem}`);
  return { ...made.record, recording };
}

function bodyOf(type: string, { endedAt }: About, data: string): Buffer {
  return Buffer.from(`{"type":"${type}","event_timestamp":${endedAt},"data":${data}}`);
}

async function recordOfBody(
  { conversationId }: About,
  bytes: Buffer,
  { storesPayload, nowMs }: { storesPayload: boolean; nowMs: number },
): Promise<Made> {
  const byteCount = bytes.byteLength;
  if (byteCount > PARSED_BYTES_MAX) return { ok: false, problem: `more than ${PARSED_BYTES_MAX} bytes` };
  const body = { kind: "memory" as const, bytes, byteCount };
  const read = await interpret(body);
  if (isQuarantine(read)) return { ok: false, problem: read.reason };
  const bodySha256 = new Bun.CryptoHasher("sha256").update(bytes).digest("hex");
  const made = await recordOf({
    read,
    signed: { body, bodySha256, receivedAtMs: nowMs },
    recordings: null,
    storeTranscripts: storesPayload,
    commitBody: () => Promise.reject(new Error("a recovered event is never a file")),
  });
  if (isQuarantine(made)) return { ok: false, problem: made.reason };
  return { ok: true, record: { ...made, conversationId, source: "recovered" } };
}
