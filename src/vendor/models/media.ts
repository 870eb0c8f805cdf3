// What ElevenLabs' other products send: images and videos, dubbing, voices.
import { Type } from "@sinclair/typebox";
import { always, known, knownOrNull, model, openOrNull, text, textOrNull, wholeOrNull } from "./field.ts";

const UNPUBLISHED =
  "The vendor does not publish this shape: the members are those that have been seen or are likely.";

const status = always(known("How it ended.", ["completed", "failed"]));

export const generation = model("Generation", "An image or a video that is done, or has failed.", {
  id: always(text("Id of the image or video.", "gen_demo_1")),
  status,
  content_url: textOrNull(
    "Where to load it from, if it is done: a signed address that is good for **about an hour**. This receiver does not load it.",
    "https://storage.example.test/gen_demo_1?sig=demo",
  ),
  content_mime_type: textOrNull("What it is, if it is done, as a MIME type.", "video/mp4"),
  failure_reason: textOrNull("Kind of failure, if it failed.", "timeout"),
  error_message: textOrNull("The failure in words, if it failed.", "Took too long; not charged."),
});

export const templateRun = model("TemplateRun", "A run of a flow's template that is done, or has failed.", {
  id: always(text("Id of the run.", "run_demo_1")),
  template_id: text("Id of the template.", "tpl_demo"),
  version_id: text("Id of the template's version.", "tplv_demo_3"),
  status: known("How it ended.", ["completed", "failed"]),
  outputs: openOrNull("What came out, by the id of the output's port; null if it failed.", {
    clip: { type: "video", status: "completed" },
  }),
});

export const dubbing = model("Dubbing", `A dubbing project, or one of its languages. ${UNPUBLISHED}`, {
  project_id: textOrNull("Id of the project.", "proj_demo_1"),
  status: textOrNull("How it stands.", "completed"),
  reference: textOrNull("Your own name for it; null if you gave none.", "episode-12"),
  language_id: textOrNull(
    "Id of the language's part; null in an event about the whole project.",
    "lang_demo_1",
  ),
  target_language: textOrNull(
    "The language, as a BCP 47 tag; null in an event about the whole project.",
    "fr",
  ),
  outputs: openOrNull("Signed addresses of what came out, by its kind; null if it is not done.", {
    lossless_audio: "https://storage.example.test/dub.flac?sig=demo",
  }),
  error: openOrNull("What went wrong; null if nothing did.", { message: "No speech was found." }),
});

export const voice = model("VoiceNotice", `A shared voice that you use. ${UNPUBLISHED}`, {
  voice_id: textOrNull("Id of the voice.", "voiceDemo0002"),
  voice_name: textOrNull("Its name.", "Harbour narrator"),
  removal_time_unix: wholeOrNull("When it will go, in Unix seconds; in a removal notice.", 1801396800),
});

export const machineDetection = model(
  "MachineDetection",
  `Twilio's verdict on who picked up an outbound call. ${UNPUBLISHED}`,
  {
    agent_id: textOrNull("Id of the agent.", "agent_2601kfx0demo0synthetic0aaaa"),
    conversation_id: textOrNull(
      "Id of the conversation that it is about.",
      "conv_2601kfx0demo0synthetic0002",
    ),
    call_sid: textOrNull("Twilio's id of the call.", "CA00000000000000000000000000000001"),
    answered_by: knownOrNull(
      "Who picked up. What begins with `machine` is stored as 1 in `conversations.voicemail`, `human` as 0. Also seen as " +
        "`AnsweredBy` and `result`.",
      [
        "human",
        "machine_start",
        "machine_end_beep",
        "machine_end_silence",
        "machine_end_other",
        "fax",
        "unknown",
      ],
    ),
  },
);

/** The data of types that are known by name only. */
export const unpublished = Type.Optional(
  Type.Unknown({
    description: "The vendor does not publish its shape. It is stored as it comes.",
    examples: [{ id: "demo_1" }],
  }),
);
