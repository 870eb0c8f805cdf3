import { Type } from "@sinclair/typebox";
import { agentId, conversationId } from "./conversation.ts";
import { model } from "./field.ts";

/** A recording: `data` of `post_call_audio`. */
export const recording = model(
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
