import { Elysia } from "elysia";
import type { Queries } from "../../query/queries.ts";
import type { EventFilter, EventPosition } from "../../query/events.ts";
import { describeAnswers } from "./api-models.ts";
import { cursorOf, cursorParameter, positionOf } from "../lib/cursor.ts";
import { errorResponse, otherMethods } from "../errors.ts";
import { Event, eventIdOf, eventIdParameter, EventPage, shownEvent } from "./event-models.ts";
import {
  choiceParameter,
  describeParameters,
  integerParameter,
  readParameters,
  textParameter,
  timeParameter,
} from "../lib/parameters.ts";
import type { ParameterValues } from "../lib/parameters.ts";

const ROWS_USUAL = 50;

const parameters = {
  type: textParameter("Only events of this type."),
  status: choiceParameter(
    ["processed", "quarantined"],
    "Only events that were processed, or only the others.",
  ),
  conversation_id: textParameter("Only events that speak of this conversation."),
  since: timeParameter("Only events received at this time or later."),
  until: timeParameter("Only events received before this time."),
  after: integerParameter({
    min: 0,
    max: 999_999_999_999_999,
    description:
      "Follows what arrives: events stored after the one with this id, in the order in which they were stored. " +
      "0 begins with the first of all. Goes with neither `since`, `until` nor `cursor`.",
  }),
  limit: integerParameter({ min: 1, max: 200, description: "How many to answer with; 50 unless told." }),
  cursor: cursorParameter,
};

type Values = ParameterValues<typeof parameters>;

const LIST_DESCRIPTION = `The last to arrive first, page by page with \`cursor\`.

With \`after\` it is a feed that another program can follow and miss nothing: ask with \`after=0\`, then always with the
\`next_after\` of the answer before; where \`events\` is empty, wait a little and ask the same again. Ids are given while
an event is being stored, one event after the other, so that none ever appears behind the one that was seen last. An
event that is reprocessed keeps its id, and its place.`;

/** `GET /events` and `GET /events/{id}`: every signed event that arrived. */
export function eventRoutes(options: { queries: Queries }) {
  const { queries } = options;

  return new Elysia({ name: "events" })
    .get(
      "/events",
      async ({ request }) => {
        const read = readParameters(request.url, parameters);
        if (!read.ok) return errorResponse("invalid_parameter", { error: read.problem });
        const values = read.value;
        return values.after === null ? list(queries, values) : follow(queries, values, values.after);
      },
      {
        detail: {
          summary: "List events, or follow them",
          description: LIST_DESCRIPTION,
          tags: ["events"],
          parameters: describeParameters(parameters),
          responses: describeAnswers(EventPage, "A page of events."),
        },
      },
    )
    .all("/events", ...otherMethods("GET, HEAD"))
    .get(
      "/events/:id",
      async ({ params }) => {
        const id = eventIdOf(params.id);
        const row = id === null ? null : await queries.ask("findEvent", id);
        return row === null ? errorResponse("not_found") : Response.json(shownEvent(row));
      },
      {
        detail: {
          summary: "Show an event",
          tags: ["events"],
          parameters: [eventIdParameter],
          responses: describeAnswers(Event, "The event."),
        },
      },
    )
    .all("/events/:id", ...otherMethods("GET, HEAD"));
}

async function list(queries: Queries, values: Values): Promise<Response> {
  const { since, until, cursor } = values;
  const filter = filterOf(values);
  const scope = JSON.stringify(["events", filter.type, filter.status, filter.conversationId, since, until]);
  const before = cursor === null ? null : beforeOf(cursor, scope);
  if (before === "invalid") {
    return errorResponse("invalid_parameter", { error: "Invalid parameter: cursor is not of this list" });
  }
  const asked = { ...filter, rowsMax: filter.rowsMax + 1, sinceMs: since, untilMs: until, before };
  const rows = await queries.ask("listEvents", asked);
  const page = rows.slice(0, filter.rowsMax);
  const last = rows.length > filter.rowsMax ? page.at(-1) : undefined;
  return Response.json({
    events: page.map(shownEvent),
    next_cursor: last === undefined ? null : cursorOf([last.receivedAtMs, last.id], scope),
    next_after: null,
  });
}

async function follow(queries: Queries, values: Values, afterId: number): Promise<Response> {
  if (values.since !== null || values.until !== null || values.cursor !== null) {
    return errorResponse("invalid_parameter", {
      error: "Invalid parameter: after goes with neither since, until nor cursor",
    });
  }
  const rows = await queries.ask("followEvents", { ...filterOf(values), afterId });
  return Response.json({
    events: rows.map(shownEvent),
    next_cursor: null,
    next_after: rows.at(-1)?.id ?? afterId,
  });
}

function filterOf(values: Values): EventFilter {
  const { type, status, conversation_id: conversationId, limit } = values;
  return { type, status, conversationId, rowsMax: limit ?? ROWS_USUAL };
}

function beforeOf(cursor: string, scope: string): EventPosition | "invalid" {
  const [receivedAtMs, id] = positionOf(cursor, scope) ?? [];
  return typeof receivedAtMs === "number" && typeof id === "number" ? { receivedAtMs, id } : "invalid";
}
