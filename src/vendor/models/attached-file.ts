import { model, text } from "./field.ts";

/** What people ask most: yes, files and pictures come along. */
export const file = model(
  "AttachedFile",
  "A file or picture that the person sent in WhatsApp or a text chat. The webhook has its address, not its bytes.",
  {
    file_id: text("Id of the file.", "file_demo_1"),
    original_filename: text(
      "Its name, as the person has it. Do not use it as a path.",
      "Küchenplan (final).pdf",
    ),
    mime_type: text("What it is, as a MIME type.", "application/pdf", "image/jpeg"),
    file_url: text(
      "Where to load it from: a signed address that is good for **about 15 minutes** only. This receiver does not load it. " +
        "Reading the conversation again through ElevenLabs' API gives a new address.",
      "https://storage.example.test/signed/file_demo_1?expires=1793621700",
    ),
  },
);
