import { Elysia } from "elysia";
import { errorResponse } from "../errors.ts";
import { DetailsModel, shownDetails } from "./details-models.ts";
import { idOfConversation, question } from "./route.ts";
import type { ApiParts } from "./route.ts";

const DESCRIPTION =
  `What is known of a call beside \`GET /conversations/{id}\`: for each turn what took how long, tools with
their answers, what the knowledge base gave; for the call the verdicts, what was collected, and how the price came about.
Every member is there, null or empty if the event does not say it in the form expected. Both forms of a transcription
are read, the OpenTelemetry one as far as it goes.`.replaceAll("\n", " ");

/** `GET /conversations/{id}/details`: all that is known of a call, turn by turn. */
export function detailsRoutes({ queries }: ApiParts) {
  return new Elysia({ name: "details" }).get(
    "/conversations/:id/details",
    ...question(
      {
        summary: "Read a conversation turn by turn, with its tools, verdicts and price",
        description: DESCRIPTION,
        tag: "conversations",
        takes: [idOfConversation],
        model: DetailsModel,
        says: "All that is known of the call.",
      },
      async ({ id }) => {
        const found = await queries.ask("readDetails", id);
        return found === null ? errorResponse("not_found") : shownDetails(id, found);
      },
    ),
  );
}
