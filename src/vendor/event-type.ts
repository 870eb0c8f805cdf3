/**
 * What is done with an event:
 * - `transcription`, `otel`, `audio`, `machine-detection`: it says something of a conversation
 * - `failure`: a call that could not be started
 * - `other`: it is stored, and nothing is derived from it
 */
export type EventKind = "transcription" | "otel" | "audio" | "machine-detection" | "failure" | "other";

/**
 * Every type that the vendor's documents or settings name. To add one: a line here, its shape in models/events.ts
 * and in a fixture, and a case in derive.ts if something is to be derived from it.
 */
const kinds = new Map<string, EventKind>([
  ["post_call_transcription", "transcription"],
  ["post_call_transcription_otel", "otel"],
  ["post_call_audio", "audio"],
  ["call_initiation_failure", "failure"],
  ["answering_machine_detection", "machine-detection"],
  // Settings name these; their type on the wire is not published.
  ["unredacted_transcript", "transcription"],
  ["unredacted_audio", "audio"],
  ["agent_qa", "other"],
  ["speech_to_text_transcription", "other"],
  ["speech_to_text.completed", "other"],
  ["voice_removal_notice", "other"],
  ["voice_removal_notice_withdrawn", "other"],
  ["voice_removed", "other"],
  ["flows_generation", "other"],
  ["flows_template_run", "other"],
  ["dubbing_project_ready", "other"],
  ["dubbing_project_failed", "other"],
  ["dubbing_language_completed", "other"],
  ["dubbing_language_failed", "other"],
  // An older SDK guide names these.
  ["audio.generated", "other"],
  ["voice.cloned", "other"],
  ["usage.threshold", "other"],
]);

/** The types that this version knows. */
export const eventTypes: readonly string[] = [...kinds.keys()];

/** Those with the turns of a conversation. */
export const transcriptionTypes: readonly string[] = eventTypes.filter((type) =>
  ["transcription", "otel"].includes(kinds.get(type) ?? ""),
);

/** Those with a recording. */
export const audioTypes: readonly string[] = eventTypes.filter((type) => kinds.get(type) === "audio");

/** null for a type that this version does not know. */
export function eventKind(type: string): EventKind | null {
  return kinds.get(type) ?? null;
}

/** Whether an event of that kind is of no use without a conversation id. */
export function needsConversation(kind: EventKind): boolean {
  // The shape of a machine detection is not published: it is taken as it comes.
  return kind === "transcription" || kind === "otel" || kind === "audio" || kind === "failure";
}

/** Whether something is derived from events of that kind: nobody looks into the others. */
export function isDerivedFrom(kind: EventKind): boolean {
  return kind !== "other";
}
