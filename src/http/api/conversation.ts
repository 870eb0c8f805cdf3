import { basename } from "node:path";
import { Type } from "@sinclair/typebox";
import { Elysia } from "elysia";
import type { StoredTurn } from "../../model/turn.ts";
import { withinMs } from "../../platform/wait.ts";
import { textAt } from "../../vendor/json-value.ts";
import { errorResponse } from "../errors.ts";
import { fileResponse } from "../lib/responses.ts";
import { describeContent } from "../lib/models.ts";
import { ConversationModel, shownConversation, shownTurn } from "./conversation-models.ts";
import { describeHeader, idOfConversation, NO_RECORDING, question, route } from "./route.ts";
import type { ApiParts } from "./route.ts";

const about = { tag: "conversations", takes: [idOfConversation] };

const TranscriptText = Type.String({
  examples: ["[00:00] agent: Good morning.\n[00:03] user: Hello!\n[00:04] agent uses find_free_slots\n"],
});

const RECORDING_TYPE = "audio/mpeg";

const Recording = Type.String({ format: "binary", description: "MP3." });

const rangeHeaders = [
  describeHeader("range", "A part of the recording.", "bytes=0-65535"),
  describeHeader("if-range", "The part only if the recording has this tag, else the whole.", '"5f0c…"'),
  describeHeader("if-none-match", "The recording only if it has none of these tags.", '"5f0c…"'),
];

/** Somebody who reads the database for long keeps the traces there: that is told, and not waited for. */
const ERASE_MS_MAX = 60_000;

const Erased = Type.Object({
  status: Type.Literal("erased", { description: "Always `erased`: anything else is an error." }),
  announcing: Type.Integer({
    minimum: 0,
    description: "The number of destinations of FORWARD_CONFIG that are told, since they asked for it.",
  }),
});

const ERASE_DESCRIPTION =
  `Its events, turns, recordings and quarantined bodies, its words in the index of the search, and
all of that in the database's file, its log and the copies made before upgrades. When this answers 200, nothing of it is
left there. 503 with \`erasure_unfinished\` says that another program keeps reading, or that it takes more than a minute:
the erasure goes on and is tried again every hour; ask again to hear of its end, which is 200, or 404 if it has ended
meanwhile. 500 says that something can't be removed: the log names it, and it is tried again every hour. What remains is
the fact that it was erased: from this request on, a delivery of the same call is answered with 200 and dropped. Backups
are not touched. \`announcing\` destinations are told that it was erased: until each has confirmed, for 7 days at most, the
conversation's id is kept in the file beside the database that ends with \`.forward\`, and in no other.`.replaceAll(
    "\n",
    " ",
  );

/** `/conversations/{id}`: everything about one, what was said as text, its recording, and erasing it. */
export function conversationRoutes({ queries, recordings, erase, log }: ApiParts) {
  return new Elysia({ name: "conversation" })
    .get(
      "/conversations/:id",
      ...question(
        {
          ...about,
          summary: "Read a conversation",
          model: ConversationModel,
          says: "Everything that is known of the conversation.",
        },
        async ({ id }) => {
          const found = await queries.ask("readConversation", id);
          if (found === null) return errorResponse("not_found");
          const { row, turns, eventIds } = found;
          return { ...shownConversation(row), turns: turns.map(shownTurn), event_ids: eventIds };
        },
      ),
    )
    .get(
      "/conversations/:id/transcript",
      ...route(
        {
          ...about,
          summary: "Read a transcript as text",
          answers: { 200: describeContent(TranscriptText, "One line a turn.", "text/plain") },
        },
        async ({ id }) => {
          const found = await queries.ask("readConversation", id);
          if (found === null) return errorResponse("not_found");
          if (found.turns.length === 0) {
            return errorResponse("not_found", { error: "This conversation has no transcript" });
          }
          const headers = { "content-type": "text/plain; charset=utf-8" };
          return new Response(transcriptText(found.turns), { headers });
        },
      ),
    )
    .get(
      "/conversations/:id/audio",
      ...route(
        {
          summary: "Listen to a recording",
          description: "Ranges are answered, so that players can jump. The ETag is the recording's SHA-256.",
          tag: "conversations",
          takes: [idOfConversation, ...rangeHeaders],
          answers: {
            200: describeContent(Recording, "The recording.", RECORDING_TYPE),
            206: describeContent(Recording, "A part of the recording.", RECORDING_TYPE),
            304: { description: "The recording has one of the tags in If-None-Match." },
            416: { description: "The range begins after the recording's end." },
          },
          errors: ["audio_missing"],
        },
        async ({ id: conversation, request }) => {
          const recording = await queries.ask("findRecording", conversation);
          if (recording === null) return errorResponse("not_found");
          const { path, byteCount, sha256 } = recording;
          if (path === null) return errorResponse("not_found", { error: NO_RECORDING });
          const file = await recordings.open(path);
          const isIntact = file !== null && file.size === byteCount;
          if (isIntact)
            return fileResponse(request, file, { name: basename(path), type: RECORDING_TYPE, tag: sha256 });
          log.error("A recording is not in its place, or has another size", { conversation, path });
          return errorResponse("audio_missing");
        },
      ),
    )
    .delete(
      "/conversations/:id",
      ...question(
        {
          ...about,
          summary: "Erase a conversation",
          description: ERASE_DESCRIPTION,
          model: Erased,
          says: "Nothing of it is left.",
          errors: ["erasure_unfinished"],
        },
        async ({ id }) => {
          const erasing = erase.eraseOne(id);
          // A failure after that shows when it is tried again.
          const outcome = (await withinMs(erasing, ERASE_MS_MAX))
            ? await erasing
            : { kind: "unfinished" as const };
          if (outcome.kind === "unknown") return errorResponse("not_found");
          if (outcome.kind === "unfinished") return errorResponse("erasure_unfinished");
          return { status: outcome.kind, announcing: outcome.announcing };
        },
      ),
    );
}

// Line ends would forge turns, and other control characters steer a terminal.
const CONTROL = /[\p{Cc}\u2028\u2029]+/gu;

/** The turns for people, one line each: `[00:12] agent: Good morning.` */
export function transcriptText(turns: readonly StoredTurn[]): string {
  return turns.flatMap(linesOf).join("");
}

function linesOf({ role, message, timeInCallSecs, toolCalls }: StoredTurn): string[] {
  const who = `[${clock(timeInCallSecs)}] ${shown(role ?? "unknown")}`;
  const said = message === null ? [] : [`${who}: ${shown(message)}\n`];
  const used = toolCalls.map((call) => `${who} uses ${shown(textAt(call, "tool_name") ?? "a tool")}\n`);
  return [...said, ...used];
}

function shown(text: string): string {
  return text.replace(CONTROL, " ").trim();
}

/** Minutes and seconds, with the hours before them if there are some. */
function clock(seconds: number | null): string {
  if (seconds === null || seconds < 0) return "--:--";
  const whole = Math.floor(seconds);
  const minutes = Math.floor(whole / 60);
  const parts = minutes < 60 ? [minutes, whole % 60] : [Math.floor(minutes / 60), minutes % 60, whole % 60];
  return parts.map((part) => String(part).padStart(2, "0")).join(":");
}
