import { basename } from "node:path";
import { Type } from "@sinclair/typebox";
import { Elysia } from "elysia";
import type { Log } from "../../platform/log.ts";
import type { Queries } from "../../query/port.ts";
import type { Store } from "../../store/port.ts";
import { errorResponse } from "../errors.ts";
import { fileResponse } from "../lib/file-response.ts";
import { describeContent } from "../lib/models.ts";
import { idOfConversation, route } from "./route.ts";

const TYPE = "audio/mpeg";

const Recording = Type.String({ format: "binary", description: "MP3." });

const headers = [
  describeHeader("range", "A part of the recording.", "bytes=0-65535"),
  describeHeader("if-range", "The part only if the recording has this tag, else the whole.", '"5f0c…"'),
  describeHeader("if-none-match", "The recording only if it has none of these tags.", '"5f0c…"'),
];

/** `GET /conversations/{id}/audio`: the recording, for players and to be kept. */
export function recordingRoutes(options: { queries: Queries; store: Store; log: Log }) {
  const { queries, store, log } = options;

  return new Elysia({ name: "recording" }).get(
    "/conversations/:id/audio",
    ...route(
      {
        summary: "Listen to a recording",
        description: "Ranges are answered, so that players can jump. The ETag is the recording's SHA-256.",
        tag: "conversations",
        takes: [idOfConversation, ...headers],
        answers: {
          200: describeContent(Recording, "The recording.", TYPE),
          206: describeContent(Recording, "A part of the recording.", TYPE),
          304: { description: "The recording has one of the tags in If-None-Match." },
          416: { description: "The range begins after the recording's end." },
        },
        errors: ["audio_missing"],
      },
      async ({ id: conversation, request }) => {
        const recording = await queries.ask("findRecording", conversation);
        if (recording === null) return errorResponse("not_found");
        const { path, byteCount, sha256 } = recording;
        if (path === null) return errorResponse("not_found", { error: "This conversation has no recording" });
        const file = await store.recordings.open(path);
        const isIntact = file !== null && file.size === byteCount;
        if (isIntact) return fileResponse(request, file, { name: basename(path), type: TYPE, tag: sha256 });
        log.error("A recording is not in its place, or has another size", { conversation, path });
        return errorResponse("audio_missing");
      },
    ),
  );
}

function describeHeader(name: string, description: string, example: string) {
  const schema = Type.String({ examples: [example] });
  return { name, in: "header" as const, required: false, description, schema };
}
