import { Type } from "@sinclair/typebox";
import { Elysia } from "elysia";
import { eventColumns } from "../../model/event.ts";
import type { EventRow } from "../../model/event.ts";
import type { EventPosition } from "../../query/events.ts";
import type { Queries } from "../../query/port.ts";
import { errorResponse } from "../errors.ts";
import type { Position } from "../lib/cursor.ts";
import { membersOf, shownRow } from "../lib/columns.ts";
import { Nullable } from "../lib/models.ts";
import { choiceParameter, integerParameter, textParameter, timeParameter } from "../lib/parameters.ts";
import { cut, eventIdOf, idOfEvent, list, question } from "./route.ts";

const Event = Type.Object(membersOf(eventColumns));

const shownEvent = (row: EventRow) => shownRow(eventColumns, row);

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
};

const BESIDE_AFTER = ["since", "until", "cursor"];

const LIST_DESCRIPTION = `The last to arrive first, page by page with \`cursor\`.

With \`after\` it is a feed that another program can follow and miss nothing: ask with \`after=0\`, then always with the
\`next_after\` of the answer before; if \`events\` is empty, wait a little and ask the same again. Ids are given while
an event is being stored, one event after the other, so that none ever appears behind the one that was seen last. An
event that is reprocessed keeps its id, and its place.`;

/** `GET /events` and `GET /events/{id}`: every signed event that arrived. */
export function eventRoutes({ queries }: { queries: Queries }) {
  return new Elysia({ name: "events" })
    .get(
      "/events",
      ...list(
        {
          name: "events",
          summary: "List events, or follow them",
          description: LIST_DESCRIPTION,
          tag: "events",
          parameters,
          refuse: (given) =>
            given.has("after") && BESIDE_AFTER.some((name) => given.has(name))
              ? "Invalid parameter: after goes with neither since, until nor cursor"
              : null,
          says: "A page of events.",
          fields: {
            events: Type.Array(Event, {
              description: "The last to arrive first; with `after`, in the order in which they were stored.",
            }),
            next_after: Nullable(
              Type.Integer(),
              "Continues the feed as `after`, now or later; null without `after`.",
            ),
          },
          cursorNote: " It is null with `after`.",
          place: placeOf,
        },
        async ({ type, status, conversation_id: conversationId, since, until, after }, before, rowsMax) => {
          const filter = { type, status, conversationId };
          if (after !== null) {
            const rows = await queries.ask("followEvents", { ...filter, afterId: after, rowsMax });
            return {
              page: { events: rows.map(shownEvent), next_after: rows.at(-1)?.id ?? after },
              next: null,
            };
          }
          const asked = { ...filter, sinceMs: since, untilMs: until, before, rowsMax: rowsMax + 1 };
          const { rows, last } = cut(await queries.ask("listEvents", asked), rowsMax);
          return {
            page: { events: rows.map(shownEvent), next_after: null },
            next: last && [last.receivedAtMs, last.id],
          };
        },
      ),
    )
    .get(
      "/events/:id",
      ...question(
        { summary: "Show an event", tag: "events", takes: [idOfEvent], model: Event, says: "The event." },
        async ({ id: text }) => {
          const id = eventIdOf(text);
          const row = id === null ? null : await queries.ask("findEvent", id);
          return row === null ? errorResponse("not_found") : shownEvent(row);
        },
      ),
    );
}

function placeOf([receivedAtMs, id]: Position): EventPosition | null {
  return typeof receivedAtMs === "number" && typeof id === "number" ? { receivedAtMs, id } : null;
}
