import { Type } from "@sinclair/typebox";
import { Elysia } from "elysia";
import type { Queries } from "../../query/queries.ts";
import { describeAnswer, describeContent, describeErrors } from "./api-models.ts";
import { ConversationModel, shownConversation, shownTurn } from "./conversation-models.ts";
import { conversationIdOf, conversationIdParameter, hidden, refuseMethod } from "./conversation-path.ts";
import { errorResponse } from "../errors.ts";
import { transcriptText } from "./transcript-text.ts";

const described = { tags: ["conversations"], parameters: [conversationIdParameter] };

const TranscriptText = Type.String({
  examples: ["[00:00] agent: Good morning.\n[00:03] user: Hello!\n[00:04] agent uses find_free_slots\n"],
});

/** `GET /conversations/{id}`, everything about one, and `GET /conversations/{id}/transcript`, what was said as text. */
export function conversationRoutes(options: { queries: Queries }) {
  const { queries } = options;

  return new Elysia({ name: "conversation" })
    .get(
      "/conversations/:id",
      async ({ params }) => {
        const found = await queries.ask("readConversation", conversationIdOf(params));
        if (found === null) return errorResponse("not_found");
        return Response.json({
          ...shownConversation(found.row),
          turns: found.turns.map(shownTurn),
          event_ids: found.eventIds,
        });
      },
      {
        detail: {
          ...described,
          summary: "Read a conversation",
          responses: {
            200: describeAnswer(ConversationModel, "Everything that is known of the conversation."),
            ...describeErrors(),
          },
        },
      },
    )
    .get(
      "/conversations/:id/transcript",
      async ({ params }) => {
        const found = await queries.ask("readConversation", conversationIdOf(params));
        if (found === null) return errorResponse("not_found");
        if (found.turns.length === 0) {
          return errorResponse("not_found", { error: "This conversation has no transcript" });
        }
        const headers = { "content-type": "text/plain; charset=utf-8", "x-content-type-options": "nosniff" };
        return new Response(transcriptText(found.turns), { headers });
      },
      {
        detail: {
          ...described,
          summary: "Read a transcript as text",
          responses: {
            200: describeContent(TranscriptText, "One line a turn.", "text/plain"),
            ...describeErrors(),
          },
        },
      },
    )
    .all("/conversations/:id", refuseMethod("GET, HEAD, DELETE"), hidden)
    .all("/conversations/:id/transcript", refuseMethod(), hidden);
}
