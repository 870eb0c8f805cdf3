import { Type } from "@sinclair/typebox";
import type { Static } from "@sinclair/typebox";
import { Elysia } from "elysia";
import type { RunReport } from "../../recover/report.ts";
import { PROVEN_IDLE_SECONDS } from "../connections.ts";
import { errorResponse } from "../errors.ts";
import { Nullable } from "../lib/models.ts";
import { idOfConversation, question } from "./route.ts";
import type { ApiParts } from "./route.ts";

const Recovered = Type.Object({
  transcript: Type.Boolean({ description: "Whether the transcript was missing, and is here now." }),
  recording: Type.Boolean({ description: "Whether the recording was missing, and is here now." }),
  problem: Nullable(
    Type.String({ examples: ["ElevenLabs has no recording of it"] }),
    "Why something could not be fetched; null if nothing went wrong.",
  ),
});

const DESCRIPTION =
  `Asks ElevenLabs for this conversation, and stores what is missing of it here, as the \`recover\` command
does. Needs \`ELEVENLABS_API_KEY\`; without it, 404 with \`recovery_off\`. What is here already stays as it is.`.replaceAll(
    "\n",
    " ",
  );

/** `POST /conversations/{id}/recover`: fetches one call that did not arrive, or not all of it. */
export function recoverRoutes({ recoverOne }: ApiParts) {
  /** One at a time: anything else would wait in a queue without an end. */
  let isBusy = false;

  return new Elysia({ name: "recover" }).post(
    "/conversations/:id/recover",
    ...question(
      {
        summary: "Fetch what is missing of a conversation",
        description: DESCRIPTION,
        tag: "conversations",
        takes: [idOfConversation],
        model: Recovered,
        says: "What was fetched.",
        errors: ["recovery_off"],
      },
      async ({ id, request, server }) => {
        if (id === "") return errorResponse("not_found");
        if (isBusy) return errorResponse("overloaded");
        isBusy = true;
        // Nothing passes through the connection meanwhile.
        server?.timeout(request, 0);
        try {
          const report = await recoverOne(id, request.signal);
          return report === null ? errorResponse("recovery_off") : shownReport(report);
        } finally {
          isBusy = false;
          server?.timeout(request, PROVEN_IDLE_SECONDS);
        }
      },
    ),
  );
}

/** Why nothing was tried, by what recovery calls it: see src/recover/judge.ts. */
const untried: Record<string, string> = {
  unfinished: "The call is not finished at ElevenLabs",
  recent: "It may still arrive: it counts as missing 15 minutes after the transcript, or 45 after the call",
  erased: "The call was erased here",
  old: "The call is older than what is kept here",
  "not stored": "This receiver does not store it",
};

function shownReport({ recovered, failed, stopped, notYet, leftOut }: RunReport): Static<typeof Recovered> {
  const [why] = [...Object.keys(notYet), ...Object.keys(leftOut)];
  const nothingTried = why === undefined ? null : (untried[why] ?? why);
  return {
    transcript: recovered.transcripts > 0,
    recording: recovered.recordings > 0,
    problem: stopped ?? failed.first[0]?.why ?? nothingTried,
  };
}
