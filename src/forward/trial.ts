import { randomBytes } from "node:crypto";
import { freshIds } from "../samples/sample.ts";
import type { FreshIds, Sample } from "../samples/sample.ts";
import { findSample, sampleBody, samples } from "../samples/samples.ts";
import { audioTypes } from "../vendor/event-type.ts";
import { textAt, valueAt } from "../vendor/json-value.ts";
import type { ForwardMessage } from "./attempt.ts";
import { messageOf } from "./content.ts";
import type { ContentSource } from "./content.ts";
import type { Destination } from "./destination.ts";
import type { ForwardEvent } from "./port.ts";

/** What tells a sample from a real event, for a destination that acts on them. */
const TRIAL_ID = "evt_test_";
const TRIAL_HEADERS = { "elevenlabs-webhook-source": "test" };

/** Makes a sample of what a destination is sent, in the form that it wants. `type` is that of the event. */
export async function trialMessage(
  destination: Destination,
  { publicUrl, nowMs }: { publicUrl: string | null; nowMs: number },
): Promise<{ type: string; message: ForwardMessage }> {
  const sample = sampleFor(destination);
  const fresh = freshIds(nowMs, "");
  const text = sampleBody(sample, fresh);
  const event = eventOf(sample, { text, fresh, nowMs });
  const message = await messageOf(sourceOf(event, text), event, { destination, publicUrl });
  if (message === null) throw new Error(`the sample ${sample.name} has nothing to be sent`);
  const id = `${TRIAL_ID}${randomBytes(16).toString("hex")}`;
  return {
    type: sample.type,
    message: { ...message, id, headers: { ...message.headers, ...TRIAL_HEADERS } },
  };
}

function sampleFor({ payload, types }: Destination): Sample {
  const wanted = samples.find(({ type }) => types?.includes(type) === true);
  const named = findSample(payload === "otlp" ? "otel" : "transcription");
  if (wanted !== undefined) return wanted;
  if (!named.ok) throw new Error(named.problem);
  return named.value;
}

function eventOf(
  { type }: Sample,
  { text, fresh, nowMs }: { text: string; fresh: FreshIds; nowMs: number },
): ForwardEvent {
  const body: unknown = JSON.parse(text);
  return {
    id: 0,
    type,
    conversationId: textAt(body, "data", "conversation_id"),
    agentId: textAt(body, "data", "agent_id"),
    eventTimestamp: fresh.nowSeconds,
    receivedAtMs: nowMs,
    status: "processed",
    source: "webhook",
    bodySha256: new Bun.CryptoHasher("sha256").update(text).digest("hex"),
    payloadBytes: text.length,
    payloadPath: null,
  };
}

/** The sample in place of the database. */
function sourceOf({ type, eventTimestamp }: ForwardEvent, text: string): ContentSource {
  const body: unknown = JSON.parse(text);
  const bytes = (value: string) => new TextEncoder().encode(value);
  return {
    payload: () => bytes(text),
    file: () => Promise.resolve(null),
    traces: () => bytes(JSON.stringify(valueAt(body, "data", "otlp_traces"))),
    failureReason: () => textAt(body, "data", "failure_reason"),
    brief: () => ({
      agentName: textAt(body, "data", "agent_name"),
      title: textAt(body, "data", "analysis", "call_summary_title"),
      status: textAt(body, "data", "status"),
      callSuccessful: textAt(body, "data", "analysis", "call_successful"),
      startedAt: eventTimestamp,
      durationSecs: null,
      audioPath: type !== null && audioTypes.includes(type) ? "sample.mp3" : null,
    }),
  };
}
