import { Type } from "@sinclair/typebox";
import {
  always,
  flag,
  known,
  listOrNull,
  model,
  numberOrNull,
  text,
  textOrNull,
  whole,
  wholeOrNull,
} from "./field.ts";

const start = numberOrNull("When it begins, in seconds from the start; null if not known.", 0);
const end = numberOrNull("When it ends, in seconds from the start; null if not known.", 0.4);
const channelIndex = wholeOrNull("Channel of the audio, from 0; null if it has but one.", 0);
const duration = numberOrNull("Length of the audio in seconds; null if not told.", 2.1);
const transcriptionId = textOrNull(
  "Id of the transcription, to load or delete it by; null if it was not kept.",
  "trn_demo_1",
);

const character = model("SpokenCharacter", "One character.", {
  text: text("The character.", "M"),
  start,
  end,
});

const word = model("SpokenWord", "A word, the space after it, or a noise.", {
  text: text("What it is; of a noise, its name in brackets.", "Meeting", "(applause)"),
  start,
  end,
  type: known("Word, space, or a noise such as applause.", ["word", "spacing", "audio_event"]),
  speaker_id: textOrNull(
    "Who spoke: a label, the same throughout; null if speakers are not told apart.",
    "speaker_0",
  ),
  logprob: numberOrNull(
    "How sure the model is: the logarithm of a probability, 0 or less; null if not told.",
    -0.02,
  ),
  characters: listOrNull(character, "The same by character; null if that was not asked for."),
  channel_index: channelIndex,
});

const format = model("AdditionalFormat", "The transcript in another format.", {
  requested_format: text("The format that was asked for.", "srt"),
  file_extension: text("Ending of a file of that format.", "srt"),
  content_type: text("Its MIME type.", "text/plain"),
  is_base64_encoded: flag("Whether `content` is in base64."),
  content: text("The transcript.", "1\n00:00:00,000 --> 00:00:01,200\nMeeting starts now.\n"),
});

const entity = model("SpokenEntity", "A name, number or the like that was noticed in the text.", {
  text: text("The words.", "4111"),
  entity_type: text("What it is.", "credit_card"),
  start_char: whole("Where it begins in the text, in characters from 0.", 8),
  end_char: whole("Where it ends.", 12),
});

const transcript = model("SpeechTranscript", "What was said in one channel.", {
  language_code: textOrNull("The language, as a code; null if it was not noticed.", "en"),
  language_probability: numberOrNull("How sure that is, 0 to 1; null if not told.", 0.99),
  text: text("All that was said.", "Meeting starts now."),
  words: listOrNull(word, "The same by word, with times; null if that was not asked for."),
  channel_index: channelIndex,
  additional_formats: Type.Optional(
    Type.Union([Type.Array(Type.Union([format, Type.Null()])), Type.Null()], {
      description:
        "Other formats that were asked for; null in the place of one that failed, null for none at all.",
    }),
  ),
  transcription_id: transcriptionId,
  entities: listOrNull(entity, "Names, numbers and the like; null if they were not asked for."),
  audio_duration_secs: duration,
});

const channels = Type.Object(
  {
    transcripts: Type.Array(transcript, { description: "One for each channel." }),
    transcription_id: transcriptionId,
    audio_duration_secs: duration,
  },
  { $id: "MultichannelTranscript", description: "What was said, channel by channel." },
);

/** A finished job: `data` of `speech_to_text_transcription`. */
export const speechToText = model("SpeechToText", "A transcription job that is done.", {
  request_id: always(text("Id that the job was given when it was ordered.", "req_stt_demo_1")),
  webhook_metadata: Type.Optional(
    Type.Union([Type.Record(Type.String(), Type.Unknown()), Type.String(), Type.Null()], {
      description: "What you sent along with the job (two levels and 16 KB at most); null: nothing.",
      examples: [{ job: "meeting-12", customer: { id: "c-9" } }],
    }),
  ),
  transcription: Type.Optional(
    Type.Union([channels, transcript, Type.Null()], {
      description: "What was said: one transcript, or one for each channel. Null if there is none.",
    }),
  ),
});
