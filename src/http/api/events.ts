import { Type } from "@sinclair/typebox";
import { Elysia } from "elysia";
import { eventColumns } from "../../model/event.ts";
import { dataIdOf, findPlace } from "../../model/lineage.ts";
import type { DataPlace, Lineage } from "../../model/lineage.ts";
import type { EventRow } from "../../model/event.ts";
import type { EventPosition, StoredPayload } from "../../query/events.ts";
import { errorResponse } from "../errors.ts";
import type { Position } from "../lib/cursor.ts";
import { membersOf, shownRow } from "../lib/columns.ts";
import { describeAnswer, Nullable } from "../lib/models.ts";
import { contentAnswer, streamOf } from "../lib/responses.ts";
import { choiceParameter, integerParameter, textParameter, timeParameter } from "../lib/parameters.ts";
import { cut, eventIdOf, idOfEvent, list, question, route } from "./route.ts";
import type { ApiParts } from "./route.ts";

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
  data_id: textParameter(
    "With `after`: the `data_id` of the answer that it comes from. 409 with `data_replaced` if a restore has replaced the data since.",
  ),
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
\`next_after\` of the answer before as \`after\`, and its \`data_id\`; if \`events\` is empty, wait a little and ask the
same again. Ids are given while an event is being stored, one event after the other, so that none ever appears behind the
one that was seen last. An event that is reprocessed keeps its id, and its place.

A restore of a backup takes ids back: the next events get some that others had before. 409 \`data_replaced\` then says so
to those who give the \`data_id\`, and its \`next_after\` and \`data_id\` are where to go on. Without \`data_id\` nobody can tell.`;

const PIECE_BYTES_MAX = 1024 * 1024;

const Payload = Type.Object(
  {},
  { description: "The event as ElevenLabs sent it.", additionalProperties: true },
);

const PAYLOAD_DESCRIPTION = `The stored bytes, unchanged: the body as it was received; of an event with a recording, its JSON
without the recording's text. \`application/json\` if it is JSON, else \`application/octet-stream\`.

404 with \`payload_not_kept\` if the event was stored while ENABLE_TRANSCRIPT_STORAGE was off, with \`payload_missing\`
if the body is a file that is gone from the disk.`;

/** `/events` and `/events/{id}`: every signed event that arrived, and what was stored of its body, to the byte. */
export function eventRoutes({ queries, bodies, log }: ApiParts) {
  async function payloadOf(request: Request, id: number, payload: StoredPayload): Promise<Response> {
    const init = { headers: headersOf(id, payload) };
    if (payload.path !== null) {
      const file = await bodies.open(payload.path);
      if (file?.size === payload.bodyBytes) return contentAnswer(request, file, init);
      log.error("A body is missing or of another size: restore it from a backup", { id });
      return errorResponse("payload_missing");
    }
    if (payload.byteCount === null) return errorResponse("payload_not_kept");
    return new Response(await streamOf(pieces(id, payload.byteCount)), init);
  }

  async function* pieces(id: number, byteCount: number): AsyncGenerator<Uint8Array> {
    for (let from = 0; from < byteCount; from += PIECE_BYTES_MAX) {
      const piece = await queries.ask("readPayload", { id, from, bytesMax: PIECE_BYTES_MAX });
      if (piece === null) throw new Error(`the payload of event ${id} is gone`);
      yield piece;
    }
  }

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
          refuse: (given) => {
            if (given.has("data_id") && !given.has("after"))
              return "Invalid parameter: data_id goes with after";
            return given.has("after") && BESIDE_AFTER.some((name) => given.has(name))
              ? "Invalid parameter: after goes with neither since, until nor cursor"
              : null;
          },
          says: "A page of events.",
          fields: {
            events: Type.Array(Event, {
              description: "The last to arrive first; with `after`, in the order in which they were stored.",
            }),
            next_after: Nullable(
              Type.Integer(),
              "Continues the feed as `after`, now or later; null without `after`.",
            ),
            data_id: Nullable(
              Type.String(),
              "Names the data that `next_after` is a place in: give both together, and no event is missed after a restore; null without `after`.",
            ),
          },
          errors: ["data_replaced"],
          cursorNote: " It is null with `after`.",
          place: placeOf,
        },
        async (
          { type, status, conversation_id: conversationId, since, until, after, data_id: dataId },
          before,
          rowsMax,
        ) => {
          const filter = { type, status, conversationId };
          if (after !== null) {
            const lineage = await queries.ask("readLineage", null);
            const replaced = dataId === null ? null : replacedSince(lineage, { dataId, eventId: after });
            if (replaced !== null) return replaced;
            const rows = await queries.ask("followEvents", { ...filter, afterId: after, rowsMax });
            return {
              page: {
                events: rows.map(shownEvent),
                next_after: rows.at(-1)?.id ?? after,
                data_id: dataIdOf(lineage),
              },
              next: null,
            };
          }
          const asked = { ...filter, sinceMs: since, untilMs: until, before, rowsMax: rowsMax + 1 };
          const { rows, last } = cut(await queries.ask("listEvents", asked), rowsMax);
          return {
            page: { events: rows.map(shownEvent), next_after: null, data_id: null },
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
    )
    .get(
      "/events/:id/payload",
      ...route(
        {
          summary: "Download what was stored of an event's body",
          description: PAYLOAD_DESCRIPTION,
          tag: "events",
          takes: [idOfEvent],
          answers: { 200: describeAnswer(Payload, "The stored bytes.") },
        },
        async ({ id: text, request }) => {
          const id = eventIdOf(text);
          const payload = id === null ? null : await queries.ask("findPayload", id);
          return id === null || payload === null
            ? errorResponse("not_found")
            : payloadOf(request, id, payload);
        },
      ),
    );
}

/** The way on for a follower whose place is not one of these data; null if it is. */
function replacedSince(lineage: Lineage, place: DataPlace): Response | null {
  const found = findPlace(lineage, place);
  if (found.kind === "here") return null;
  const after = found.kind === "replaced" ? found.commonEventId : 0;
  const why =
    found.kind === "replaced"
      ? "The data were replaced by a restore"
      : "No event has had the id of after yet";
  const dataId = dataIdOf(lineage);
  return errorResponse("data_replaced", {
    error: `${why}: what may be new to you begins at after=${after}&data_id=${dataId}`,
    members: { next_after: after, data_id: dataId },
  });
}

function placeOf([receivedAtMs, id]: Position): EventPosition | null {
  return typeof receivedAtMs === "number" && typeof id === "number" ? { receivedAtMs, id } : null;
}

function headersOf(id: number, { isJson }: StoredPayload): Record<string, string> {
  return {
    "content-type": isJson ? "application/json" : "application/octet-stream",
    "content-disposition": `attachment; filename="event-${id}.${isJson ? "json" : "body"}"`,
  };
}
