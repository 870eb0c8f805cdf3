/** Midday of the day on which these events happen, in Unix seconds. */
export const NOON = 1_793_620_800;

/** An event about a conversation; `seconds` after noon by its sender's clock, or by ours where that is null. */
export function event(
  type: string,
  seconds: number | null,
  data: Record<string, unknown>,
  id = "conv_1",
): string {
  const event_timestamp = seconds === null ? null : NOON + seconds;
  return JSON.stringify({ type, event_timestamp, data: { conversation_id: id, ...data } });
}

export function json(seconds: number | null, data: Record<string, unknown>, id?: string): string {
  return event("post_call_transcription", seconds, data, id);
}

export function otel(
  seconds: number | null,
  attributes: Record<string, string>,
  texts: string[] = [],
  id?: string,
) {
  const turns = texts.map((text) => ({
    name: "elevenlabs.recv.user_transcript",
    attributes: attributesOf({ "user.text": text }),
  }));
  const spans = [{ name: "elevenlabs.conversation", attributes: attributesOf(attributes) }, ...turns];
  const otlp_traces = { resourceSpans: [{ scopeSpans: [{ spans }] }] };
  return event("post_call_transcription_otel", seconds, { otlp_traces }, id);
}

function attributesOf(values: Record<string, string>) {
  return Object.entries(values).map(([name, stringValue]) => ({
    key: `elevenlabs.${name}`,
    value: { stringValue },
  }));
}
