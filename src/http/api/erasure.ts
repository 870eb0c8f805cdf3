import { Type } from "@sinclair/typebox";
import { Elysia } from "elysia";
import { QueryError } from "../../query/queries.ts";
import type { Erase } from "../../erase/erase.ts";
import { withinMs } from "../../platform/wait.ts";
import { ScrubError } from "../../store/sqlite/scrub.ts";
import { describeAnswers } from "./api-models.ts";
import { errorResponse } from "../errors.ts";

/** Somebody who reads the database for long keeps the traces there: that is told, and not waited for. */
const ANSWER_MS_MAX = 60_000;

const Erased = Type.Object({
  status: Type.Literal("erased", { description: "Always `erased`: anything else is an error." }),
});

/** `DELETE /conversations/{id}`: erases a conversation from everything that holds something of it. */
export function erasureRoutes(options: { erase: Erase }) {
  const { erase } = options;

  async function answerTo(conversationId: string): Promise<Response> {
    try {
      const isErased = await erase.eraseOne(conversationId);
      return isErased ? Response.json({ status: "erased" }) : errorResponse("not_found");
    } catch (error) {
      // The one comes from the database, the other from the search index, which the thread that reads works on.
      if (error instanceof ScrubError || error instanceof QueryError)
        return errorResponse("erasure_unfinished");
      throw error;
    }
  }

  return new Elysia({ name: "erasure" }).delete(
    "/conversations/:id",
    async ({ params }) => {
      const answer = await answerWithin(answerTo(params.id), ANSWER_MS_MAX);
      return answer ?? errorResponse("erasure_unfinished");
    },
    {
      detail: {
        summary: "Erase a conversation",
        description:
          `Its events, turns, recordings and quarantined bodies, its words in the index of the search, and
all of that in the database's file, its log and the copies made before upgrades. When this answers 200, nothing of it is
left there. 503 with \`erasure_unfinished\` says that another program keeps reading, or that it takes more than a minute:
the erasure goes on and is tried again every hour; ask again to hear of its end, which is 200, or 404 if it has ended
meanwhile. 500 says that something can't be removed: the log names it, and it is tried again every hour. What remains is
the fact that it was erased: from this request on, a delivery of the same call is answered with 200 and dropped. Backups
are not touched.`.replaceAll("\n", " "),
        tags: ["conversations"],
        parameters: [
          {
            name: "id",
            in: "path" as const,
            required: true,
            description: "The conversation's id, as ElevenLabs gave it.",
            schema: { type: "string" as const },
          },
        ],
        responses: describeAnswers(Erased, "Nothing of it is left.", "erasure_unfinished"),
      },
    },
  );
}

/** null if it takes longer. A failure after that shows when it is tried again. */
async function answerWithin(answer: Promise<Response>, msMax: number): Promise<Response | null> {
  return (await withinMs(answer, msMax)) ? answer : null;
}
