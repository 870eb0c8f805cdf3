import { closest, distance } from "fastest-levenshtein";
import type { Parsed } from "../platform/parsed.ts";
import { busyEvent, sipEvent } from "./call-failure.ts";
import { AGENT_ID, envelope } from "./sample.ts";
import type { FreshIds, Sample } from "./sample.ts";
import { otelEvent, transcriptionEvent } from "./transcription.ts";

/** Slips in at most a third of the letters. */
const TYPO_SHARE_MAX = 1 / 3;

const speechToText: Sample["event"] = ({ id }) => ({
  // The vendor's example of this type has no time.
  data: {
    request_id: id("req"),
    webhook_metadata: { job: "meeting-12" },
    transcription: {
      language_code: "en",
      language_probability: 0.99,
      text: "Meeting starts now.",
      words: [
        { text: "Meeting", start: 0, end: 0.4, type: "word", speaker_id: "speaker_0", logprob: -0.02 },
        { text: " ", start: 0.4, end: 0.45, type: "spacing", speaker_id: "speaker_0", logprob: -0.02 },
        { text: "starts", start: 0.45, end: 0.8, type: "word", speaker_id: "speaker_0", logprob: -0.02 },
        { text: " ", start: 0.8, end: 0.85, type: "spacing", speaker_id: "speaker_0", logprob: -0.02 },
        { text: "now.", start: 0.85, end: 1.2, type: "word", speaker_id: "speaker_0", logprob: -0.02 },
      ],
      transcription_id: id("trn"),
    },
  },
});

const voice = (more: (fresh: FreshIds) => Record<string, unknown>) =>
  envelope((fresh) => ({ voice_id: fresh.id("voice"), voice_name: "Harbour narrator", ...more(fresh) }));

const dubbing = (data: (fresh: FreshIds) => Record<string, unknown>) =>
  envelope((fresh) => ({ project_id: fresh.id("proj"), ...data(fresh) }));

const define = (name: string, type: string, summary: string, event: Sample["event"]): Sample => ({
  name,
  type,
  summary,
  event,
});

/** Every documented type, the ones that people need most first. */
export const samples: readonly Sample[] = [
  define("transcription", "post_call_transcription", "a phone call with four turns", transcriptionEvent),
  define(
    "audio",
    "post_call_audio",
    "the recording of a call (a short tone, or --audio)",
    envelope(({ conversationId, audio }) => ({
      agent_id: AGENT_ID,
      conversation_id: conversationId,
      full_audio: audio,
    })),
  ),
  define("failure", "call_initiation_failure", "a Twilio call that found the line busy", busyEvent),
  define("failure-sip", "call_initiation_failure", "a SIP call that was rejected", sipEvent),
  define("otel", "post_call_transcription_otel", "the same call as OpenTelemetry traces", otelEvent),
  define(
    "machine-detection",
    "answering_machine_detection",
    "an answering machine (its shape is not published)",
    envelope(({ conversationId }) => ({
      agent_id: AGENT_ID,
      conversation_id: conversationId,
      call_sid: "CA00000000000000000000000000000003",
      answered_by: "machine_start",
    })),
  ),
  define("speech-to-text", "speech_to_text_transcription", "a finished transcription job", speechToText),
  define(
    "voice-removal-notice",
    "voice_removal_notice",
    "a shared voice that will go (shape not published)",
    voice(({ nowSeconds }) => ({ removal_time_unix: nowSeconds + 90 * 86_400 })),
  ),
  define(
    "voice-removal-notice-withdrawn",
    "voice_removal_notice_withdrawn",
    "a voice that stays (shape not published)",
    voice(() => ({})),
  ),
  define(
    "voice-removed",
    "voice_removed",
    "a voice that is gone (shape not published)",
    voice(() => ({})),
  ),
  define(
    "flows-generation",
    "flows_generation",
    "a finished video",
    envelope(({ id }) => ({
      id: id("gen"),
      status: "completed",
      content_url: "https://storage.example.test/generation?sig=sample",
      content_mime_type: "video/mp4",
    })),
  ),
  define(
    "flows-generation-failed",
    "flows_generation",
    "a video that failed",
    envelope(({ id }) => ({
      id: id("gen"),
      status: "failed",
      failure_reason: "timeout",
      error_message: "Took too long; not charged.",
    })),
  ),
  define(
    "flows-template-run",
    "flows_template_run",
    "a finished run of a template",
    envelope(({ id }) => ({
      id: id("run"),
      template_id: id("tpl"),
      version_id: id("tplv"),
      status: "completed",
      outputs: { clip: { type: "video", status: "completed" } },
    })),
  ),
  ...(["ready", "failed"] as const).map((status) =>
    define(
      `dubbing-project-${status}`,
      `dubbing_project_${status}`,
      `a dubbing project that is ${status} (shape not published)`,
      dubbing(() => ({ status })),
    ),
  ),
  ...(["completed", "failed"] as const).map((status) =>
    define(
      `dubbing-language-${status}`,
      `dubbing_language_${status}`,
      `one language of it, ${status} (shape not published)`,
      dubbing(({ id }) => ({ language_id: id("lang"), target_language: "fr", status })),
    ),
  ),
];

/** The sample of that name or type, or the nearest name. */
export function findSample(name: string): Parsed<Sample> {
  const found =
    samples.find((sample) => sample.name === name) ?? samples.find((sample) => sample.type === name);
  if (found !== undefined) return { ok: true, value: found };
  const nearest = closest(
    name,
    samples.map((sample) => sample.name),
  );
  const isNear = distance(name, nearest) <= nearest.length * TYPO_SHARE_MAX || nearest.startsWith(name);
  return {
    ok: false,
    problem: `there is no sample "${name}"${isNear ? `, did you mean ${nearest}?` : ""} (send --list shows all)`,
  };
}

/** The event as the vendor would write it: JSON without spaces. */
export function sampleBody(sample: Sample, fresh: FreshIds): string {
  return JSON.stringify({ type: sample.type, ...sample.event(fresh) });
}
