import { Type } from "@sinclair/typebox";
import type { TSchema } from "@sinclair/typebox";
import { callFailure } from "./call-failure.ts";
import { agentId, conversation, conversationId } from "./conversation.ts";
import { always, model, of, ofOrNull } from "./field.ts";
import { dubbing, generation, machineDetection, templateRun, unpublished, voice } from "./media.ts";
import { otelConversation } from "./otel.ts";
import { speechToText } from "./speech-to-text.ts";

/** A recording: `data` of `post_call_audio`. */
const recording = model(
  "Recording",
  "The recording of a conversation. It has these three members and no more.",
  {
    agent_id: agentId,
    conversation_id: conversationId,
    full_audio: Type.String({
      description:
        "The whole conversation as MP3, in base64: a third larger than the file. Tens of megabytes for a long call. Stored as a " +
        "file, whose path is `conversations.audio_path`; in the stored event this member is empty.",
      examples: ["SUQzBAAAAAAAI1RTU0U="],
      contentEncoding: "base64",
      contentMediaType: "audio/mpeg",
    }),
  },
);

type EventModel = { type: string; schema: TSchema };

const event = (type: string, id: string, description: string, data: TSchema): EventModel => ({
  type,
  schema: Type.Object(
    {
      type: Type.Literal(type, { description: "What happened; tells the events apart.", examples: [type] }),
      event_timestamp: Type.Optional(
        Type.Union([Type.Number(), Type.String(), Type.Null()], {
          description:
            "When the event was made, in Unix seconds. A number in practice; the vendor's table calls it a string, and speech to " +
            "text leaves it out. Stored as `events.event_timestamp`.",
          examples: [1793620890],
        }),
      ),
      data,
    },
    { $id: id, description },
  ),
});

const about = (schema: TSchema, description: string) => always(of(schema, description));

const CALL = "The conversation.";
const NOTICE = "The voice.";
const DUB = "The project or language.";
const UNKNOWN_WIRE = "ElevenLabs' settings name it; how it looks on the wire is not published, so";

/** Every event that is accepted, by its type. What people have most of comes first. */
export const eventModels: readonly EventModel[] = [
  event(
    "post_call_transcription",
    "PostCallTranscription",
    "A conversation has ended and was analysed, seconds to minutes ago. The only event that ElevenLabs sends again, if " +
      "retries are switched on.",
    about(conversation, CALL),
  ),
  event(
    "post_call_audio",
    "PostCallAudio",
    "The recording of a conversation, in a request of its own before or after its transcription. **Sent once, never again.** Comes in chunks, " +
      "without a Content-Length.",
    about(recording, "The recording."),
  ),
  event(
    "call_initiation_failure",
    "CallInitiationFailure",
    "An outbound call could not be started: busy, not answered, refused. **Sent once, never again.** A voicemail that picks up is no " +
      "failure: that is a conversation.",
    about(callFailure, "The call."),
  ),
  event(
    "post_call_transcription_otel",
    "PostCallTranscriptionOtel",
    "The same as `post_call_transcription`, as OpenTelemetry traces, if the webhook is set to that format.",
    about(otelConversation, CALL),
  ),
  event(
    "answering_machine_detection",
    "AnsweringMachineDetection",
    "Twilio found out whether a person or a machine picked up an outbound call. Its name and shape are not published.",
    ofOrNull(machineDetection, "The verdict; null if there is none."),
  ),
  event(
    "unredacted_transcript",
    "UnredactedTranscript",
    `The transcription before names and numbers were blotted out. ${UNKNOWN_WIRE} it is read like \`post_call_transcription\`.`,
    about(conversation, CALL),
  ),
  event(
    "unredacted_audio",
    "UnredactedAudio",
    `The recording before names and numbers were blotted out. ${UNKNOWN_WIRE} it is read like \`post_call_audio\`.`,
    about(recording, "The recording."),
  ),
  event(
    "speech_to_text_transcription",
    "SpeechToTextTranscription",
    "A transcription job that was ordered with `webhook=true` is done.",
    about(speechToText, "The job."),
  ),
  event(
    "speech_to_text.completed",
    "SpeechToTextCompleted",
    "Another name of the same, from a sample of the vendor's.",
    about(speechToText, "The job."),
  ),
  event(
    "voice_removal_notice",
    "VoiceRemovalNotice",
    "A shared voice that you use will go.",
    ofOrNull(voice, NOTICE),
  ),
  event(
    "voice_removal_notice_withdrawn",
    "VoiceRemovalNoticeWithdrawn",
    "A shared voice that was to go will stay.",
    ofOrNull(voice, NOTICE),
  ),
  event(
    "voice_removed",
    "VoiceRemoved",
    "A shared voice is gone and can't be used any more.",
    ofOrNull(voice, NOTICE),
  ),
  event(
    "flows_generation",
    "FlowsGeneration",
    "An image or a video is done, or has failed. Sent once for each webhook that was named.",
    about(generation, "The image or video."),
  ),
  event(
    "flows_template_run",
    "FlowsTemplateRun",
    "A run of a flow's template is done, or has failed.",
    about(templateRun, "The run."),
  ),
  event(
    "dubbing_project_ready",
    "DubbingProjectReady",
    "A dubbing project is ready. Can come more than once.",
    ofOrNull(dubbing, DUB),
  ),
  event(
    "dubbing_project_failed",
    "DubbingProjectFailed",
    "A dubbing project has failed. Can come more than once.",
    ofOrNull(dubbing, DUB),
  ),
  event(
    "dubbing_language_completed",
    "DubbingLanguageCompleted",
    "One language of a dubbing project is done. Can come more than once.",
    ofOrNull(dubbing, DUB),
  ),
  event(
    "dubbing_language_failed",
    "DubbingLanguageFailed",
    "One language of a dubbing project has failed. Can come more than once.",
    ofOrNull(dubbing, DUB),
  ),
  event(
    "agent_qa",
    "AgentQa",
    "An evaluation of an agent's quality. Its name and shape are not published.",
    unpublished,
  ),
  event(
    "audio.generated",
    "AudioGenerated",
    "From an older guide; not seen in the vendor's own documents.",
    unpublished,
  ),
  event(
    "voice.cloned",
    "VoiceCloned",
    "From an older guide; not seen in the vendor's own documents.",
    unpublished,
  ),
  event(
    "usage.threshold",
    "UsageThreshold",
    "From an older guide; not seen in the vendor's own documents.",
    unpublished,
  ),
];
