import { Type } from "@sinclair/typebox";
import type { Static } from "@sinclair/typebox";
import { Elysia } from "elysia";
import type { Erase } from "../../erase/erase.ts";
import { withinMs } from "../../platform/wait.ts";
import { QueryError } from "../../query/queries.ts";
import type { Queries } from "../../query/port.ts";
import { ScrubError } from "../../store/sqlite/scrub.ts";
import { errorResponse } from "../errors.ts";
import { describeContent } from "../lib/models.ts";
import { ConversationModel, shownConversation, shownTurn } from "./conversation-models.ts";
import { idOfConversation, question, route } from "./route.ts";
import { transcriptText } from "./transcript-text.ts";

const about = { tag: "conversations", takes: [idOfConversation] };

const TranscriptText = Type.String({
  examples: ["[00:00] agent: Good morning.\n[00:03] user: Hello!\n[00:04] agent uses find_free_slots\n"],
});

/** Somebody who reads the database for long keeps the traces there: that is told, and not waited for. */
const ERASE_MS_MAX = 60_000;

const Erased = Type.Object({
  status: Type.Literal("erased", { description: "Always `erased`: anything else is an error." }),
});

const ERASE_DESCRIPTION =
  `Its events, turns, recordings and quarantined bodies, its words in the index of the search, and
all of that in the database's file, its log and the copies made before upgrades. When this answers 200, nothing of it is
left there. 503 with \`erasure_unfinished\` says that another program keeps reading, or that it takes more than a minute:
the erasure goes on and is tried again every hour; ask again to hear of its end, which is 200, or 404 if it has ended
meanwhile. 500 says that something can't be removed: the log names it, and it is tried again every hour. What remains is
the fact that it was erased: from this request on, a delivery of the same call is answered with 200 and dropped. Backups
are not touched.`.replaceAll("\n", " ");

/** `/conversations/{id}`: everything about one, what was said as text, and erasing it. */
export function conversationRoutes({ queries, erase }: { queries: Queries; erase: Erase }) {
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
          const headers = {
            "content-type": "text/plain; charset=utf-8",
            "x-content-type-options": "nosniff",
          };
          return new Response(transcriptText(found.turns), { headers });
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
          const erased = eraseOne(erase, id);
          // A failure after that shows when it is tried again.
          return (await withinMs(erased, ERASE_MS_MAX)) ? erased : errorResponse("erasure_unfinished");
        },
      ),
    );
}

async function eraseOne(erase: Erase, conversationId: string): Promise<Static<typeof Erased> | Response> {
  try {
    return (await erase.eraseOne(conversationId)) ? { status: "erased" } : errorResponse("not_found");
  } catch (error) {
    // The one comes from the database, the other from the search index, which the thread that reads works on.
    const isUnfinished = error instanceof ScrubError || error instanceof QueryError;
    if (isUnfinished) return errorResponse("erasure_unfinished");
    throw error;
  }
}
