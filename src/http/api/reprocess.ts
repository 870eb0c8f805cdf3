import { Type } from "@sinclair/typebox";
import { Elysia } from "elysia";
import { reprocessAll, whyQuarantined } from "../../webhook/reprocess.ts";
import { Nullable } from "../lib/models.ts";
import { PROVEN_IDLE_SECONDS } from "../connections.ts";
import { errorResponse } from "../errors.ts";
import { eventIdOf, idOfEvent, question } from "./route.ts";
import type { ApiParts, Asked } from "./route.ts";

const EVENTS_AT_ONCE_MAX = 100;

const STATUS = Type.String({ enum: ["processed", "quarantined"], description: "What the event is now." });

const ReprocessedEvent = Type.Object({
  id: Type.Integer({ description: "The event's `id`.", examples: [42] }),
  status: STATUS,
  error: Nullable(
    Type.String({ examples: ["unknown_type: this version does not know the type"] }),
    "Why it is still quarantined; null if it is processed.",
  ),
});

const ReprocessedAll = Type.Object({
  processed: Type.Integer({ description: "Events that are processed now.", examples: [12] }),
  quarantined: Type.Integer({ description: "Events that are still quarantined.", examples: [1] }),
  reasons: Type.Array(
    Type.Object({
      error: Type.String({
        description: "Why they are still quarantined.",
        examples: ["unknown_type: this version does not know the type"],
      }),
      count: Type.Integer({ description: "How many are, for that reason.", examples: [1] }),
    }),
    { description: "Why events are still quarantined, the most frequent reason first." },
  ),
});

const DESCRIPTION = `Reads the exact bytes that were quarantined again, with this version of the program and its settings.
What can be processed now is stored as if it had just arrived: the event's row keeps its \`id\` and becomes \`processed\`,
its conversation, turns, call failure and recording are made, and only then is a quarantined file removed. May be
repeated, and cut off, at any time: what is processed stays processed, the rest stays as it is.`;

/** `POST /events/{id}/reprocess` and `POST /events/reprocess`: for what a later version can make sense of. */
export function reprocessRoutes({ queries, reprocess }: ApiParts) {
  async function quarantinedAfter(afterId: number): Promise<number[]> {
    const asked = { type: null, conversationId: null, afterId, rowsMax: EVENTS_AT_ONCE_MAX };
    const rows = await queries.ask("followEvents", { ...asked, status: "quarantined" });
    return rows.map(({ id }) => id);
  }

  return new Elysia({ name: "reprocess" })
    .post(
      "/events/reprocess",
      ...question(
        {
          summary: "Read everything that is quarantined again",
          description: DESCRIPTION,
          tag: "events",
          model: ReprocessedAll,
          says: "What became of it.",
        },
        (asked) =>
          takingTime(asked, async () => {
            const isOver = () => asked.request.signal.aborted;
            const result = await reprocessAll(reprocess, quarantinedAfter, isOver);
            if (result.kind === "refused") return errorResponse(result.code);
            if (result.kind === "stopped") return errorResponse("overloaded");
            const { processed, reasons } = result;
            return { processed, quarantined: reasons.reduce((sum, { count }) => sum + count, 0), reasons };
          }),
      ),
    )
    .post(
      "/events/:id/reprocess",
      ...question(
        {
          summary: "Read a quarantined event again",
          description: `${DESCRIPTION}\n\nAn event that is processed already is left alone.`,
          tag: "events",
          takes: [idOfEvent],
          model: ReprocessedEvent,
          says: "What the event is now.",
        },
        (asked) =>
          takingTime(asked, async () => {
            const id = eventIdOf(asked.id);
            const event = id === null ? null : await queries.ask("findEvent", id);
            if (id === null || event === null) return errorResponse("not_found");
            const outcome = await reprocess(id);
            if (outcome.kind === "refused") return errorResponse(outcome.code);
            if (outcome.kind === "erased") return errorResponse("not_found");
            if (outcome.kind === "body_missing") return errorResponse("payload_missing");
            const error = whyQuarantined(outcome);
            return { id, status: error === null ? "processed" : "quarantined", error };
          }),
      ),
    );
}

/** Does work while nothing passes through the connection, and keeps it open. */
async function takingTime<Answer>({ server, request }: Asked, work: () => Promise<Answer>): Promise<Answer> {
  server?.timeout(request, 0);
  try {
    return await work();
  } finally {
    server?.timeout(request, PROVEN_IDLE_SECONDS);
  }
}
