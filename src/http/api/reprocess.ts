import { setImmediate } from "node:timers/promises";
import { Type } from "@sinclair/typebox";
import type { Static } from "@sinclair/typebox";
import { Elysia } from "elysia";
import type { Queries } from "../../query/queries.ts";
import type { Reprocess, ReprocessOutcome } from "../../webhook/reprocess.ts";
import { Nullable } from "../lib/models.ts";
import { PROVEN_IDLE_SECONDS } from "../connections.ts";
import { errorResponse } from "../errors.ts";
import { eventIdOf, idOfEvent, question } from "./route.ts";
import type { Asked } from "./route.ts";

const EVENTS_AT_ONCE_MAX = 100;

const STATUS = Type.String({ enum: ["processed", "quarantined"], description: "What the event is now." });

const ReprocessedEvent = Type.Object({
  id: Type.Integer({ description: "The event's `id`.", examples: [42] }),
  status: STATUS,
  error: Nullable(
    Type.String({ examples: ["unknown_type: this version does not know the type"] }),
    "Why it is still quarantined; null where it is processed.",
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
export function reprocessRoutes(options: { queries: Queries; reprocess: Reprocess }) {
  const { queries, reprocess } = options;

  /** Goes through what is quarantined, one event after the other; ends when the client has hung up. */
  async function reprocessAll(isOver: () => boolean): Promise<Static<typeof ReprocessedAll> | Response> {
    let processed = 0;
    const reasons = new Map<string, number>();
    const asked = {
      type: null,
      status: "quarantined",
      conversationId: null,
      rowsMax: EVENTS_AT_ONCE_MAX,
    } as const;
    let rows = await queries.ask("followEvents", { ...asked, afterId: 0 });
    while (rows.length > 0) {
      for (const { id } of rows) {
        // Deliveries that wait have their turn.
        await setImmediate();
        if (isOver()) return errorResponse("overloaded");
        const result = await reprocess(id);
        if (result.kind === "refused") return errorResponse(result.code);
        const error = errorOf(result);
        if (result.kind === "processed") processed += 1;
        else if (error !== null) reasons.set(error, (reasons.get(error) ?? 0) + 1);
      }
      rows = await queries.ask("followEvents", { ...asked, afterId: rows.at(-1)?.id ?? 0 });
    }
    const counted = [...reasons].map(([error, count]) => ({ error, count }));
    return {
      processed,
      quarantined: counted.reduce((sum, { count }) => sum + count, 0),
      reasons: counted.toSorted((a, b) => b.count - a.count),
    };
  }

  async function reprocessOne(id: number | null): Promise<Static<typeof ReprocessedEvent> | Response> {
    const event = id === null ? null : await queries.ask("findEvent", id);
    if (id === null || event === null) return errorResponse("not_found");
    const result = await reprocess(id);
    if (result.kind === "refused") return errorResponse(result.code);
    if (result.kind === "erased") return errorResponse("not_found");
    if (result.kind === "body_missing") return errorResponse("payload_missing");
    const error = errorOf(result);
    return { id, status: error === null ? "processed" : "quarantined", error };
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
        (asked) => takingTime(asked, () => reprocessAll(() => asked.request.signal.aborted)),
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
        (asked) => takingTime(asked, () => reprocessOne(eventIdOf(asked.id))),
      ),
    );
}

/** Why an event is still quarantined; null where it is not. */
function errorOf(result: Exclude<ReprocessOutcome, { kind: "refused" }>): string | null {
  switch (result.kind) {
    case "quarantined":
      return `${result.code}: ${result.reason}`;
    case "body_missing":
      return "payload_missing: its bytes are gone, or are not those that were signed";
    case "processed":
    case "not_quarantined":
    case "erased":
      return null;
  }
}

/** Does work over which nothing passes through the connection: it is not to be cut meanwhile. */
async function takingTime<Answer>({ server, request }: Asked, work: () => Promise<Answer>): Promise<Answer> {
  server?.timeout(request, 0);
  try {
    return await work();
  } finally {
    server?.timeout(request, PROVEN_IDLE_SECONDS);
  }
}
