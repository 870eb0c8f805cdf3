import { Type } from "@sinclair/typebox";
import type { Static } from "@sinclair/typebox";
import { Elysia } from "elysia";
import { LOUDNESS_VERSION } from "../../query/loudness/curve.ts";
import type { Loudness } from "../../query/loudness/curve.ts";
import { errorResponse } from "../errors.ts";
import { describeAnswer } from "../lib/models.ts";
import { hasTag, jsonAnswer } from "../lib/responses.ts";
import { describeHeader, idOfConversation, NO_RECORDING, route } from "./route.ts";
import type { ApiParts } from "./route.ts";

const LoudnessModel = Type.Object({
  seconds: Type.Number({ description: "How long the recording is.", examples: [95.4] }),
  step_seconds: Type.Number({ description: "How long each value stands for.", examples: [0.072] }),
  levels: Type.String({
    contentEncoding: "base64",
    description:
      "One byte for each step, from 0 (silence) to 255 (the loudest), on a scale of 40 dB. Empty if the recording can't be read.",
    examples: ["AAAQgP/AQA=="],
  }),
});

const DESCRIPTION =
  `How loud the recording is, step by step: speech, pauses and turns can be seen in it. It is read from the
numbers that lead each frame of the MP3, which takes a second for two hours; nothing is decoded, so it is no waveform.
The ETag changes with the recording and with the way it is read.`.replaceAll("\n", " ");

const ifNoneMatch = describeHeader(
  "if-none-match",
  "The curve only if it has none of these tags.",
  'W/"loudness-1-5f0c…"',
);

/** `GET /conversations/{id}/loudness`: a curve of the recording, to be drawn. */
export function loudnessRoutes({ queries, log }: ApiParts) {
  return new Elysia({ name: "loudness" }).get(
    "/conversations/:id/loudness",
    ...route(
      {
        summary: "See how loud a recording is",
        description: DESCRIPTION,
        tag: "conversations",
        takes: [idOfConversation, ifNoneMatch],
        answers: {
          200: describeAnswer(LoudnessModel, "The curve."),
          304: { description: "The curve has one of the tags in If-None-Match." },
        },
        errors: ["audio_missing"],
      },
      async ({ id: conversation, request }) => {
        const recording = await queries.ask("findRecording", conversation);
        if (recording === null) return errorResponse("not_found");
        const { path, byteCount, sha256 } = recording;
        if (path === null || byteCount === null || sha256 === null)
          return errorResponse("not_found", { error: NO_RECORDING });
        // Weak: the answer may be compressed or not.
        const etag = `W/"loudness-${LOUDNESS_VERSION}-${sha256}"`;
        if (hasTag(request.headers.get("if-none-match"), etag)) {
          return new Response(null, { status: 304, headers: { etag } });
        }
        const measured = await queries.ask("measureLoudness", { path, byteCount });
        if (measured.kind === "busy") return errorResponse("overloaded");
        if (measured.kind === "missing") {
          log.error("A recording is not in its place, or has another size", { conversation, path });
          return errorResponse("audio_missing");
        }
        const response = await jsonAnswer(request, shownLoudness(measured.loudness));
        response.headers.set("etag", etag);
        return response;
      },
    ),
  );
}

function shownLoudness({ seconds, stepSeconds, levels }: Loudness): Static<typeof LoudnessModel> {
  return { seconds, step_seconds: stepSeconds, levels: levels.toBase64() };
}
