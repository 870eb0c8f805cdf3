import { Type } from "@sinclair/typebox";
import { Elysia } from "elysia";
import type { Erase } from "../inspect/erase.ts";
import { describeAnswers } from "./api-models.ts";
import { errorResponse } from "./errors.ts";

const Erased = Type.Object({
  status: Type.Literal("erased", { description: "Always `erased`: anything else is an error." }),
});

/** `DELETE /conversations/{id}`: erases a conversation from everything that holds something of it. */
export function erasureRoutes(options: { erase: Erase }) {
  const { erase } = options;

  return new Elysia({ name: "erasure" }).delete(
    "/conversations/:id",
    async ({ params }) => {
      const isErased = await erase.eraseOne(params.id);
      return isErased ? Response.json({ status: "erased" }) : errorResponse("not_found");
    },
    {
      detail: {
        summary: "Erase a conversation",
        description:
          `Its events, turns, recordings and quarantined bodies, its words in the index of the search, and
all of that in the database's file, its log and the copies made before upgrades. When this answers, nothing of it is left
there. What remains is the fact that it was erased: a later delivery of the same call is answered with 200 and dropped.
Backups are not touched.`.replaceAll("\n", " "),
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
        responses: describeAnswers(Erased, "Nothing of it is left."),
      },
    },
  );
}
