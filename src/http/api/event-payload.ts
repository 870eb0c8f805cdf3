import { Type } from "@sinclair/typebox";
import { Elysia } from "elysia";
import type { Queries } from "../../query/port.ts";
import type { StoredPayload } from "../../query/events.ts";
import type { Log } from "../../platform/log.ts";
import type { Store } from "../../store/port.ts";
import { describeAnswer } from "../lib/models.ts";
import { errorResponse } from "../errors.ts";
import { eventIdOf, idOfEvent, route } from "./route.ts";
import { streamOf } from "../lib/streaming.ts";

const PIECE_BYTES_MAX = 1024 * 1024;

const Payload = Type.Object(
  {},
  { description: "The event as ElevenLabs sent it.", additionalProperties: true },
);

const DESCRIPTION = `The stored bytes, unchanged: the body as it was received; of an event with a recording, its JSON
without the recording's text. \`application/json\` where it is JSON, else \`application/octet-stream\`.

404 with \`payload_not_kept\` where the event was stored while ENABLE_TRANSCRIPT_STORAGE was off, with \`payload_missing\`
if the body is a file that is gone from the disk.`;

/** `GET /events/{id}/payload`: what was stored of an event's body, to the byte. */
export function eventPayloadRoutes(options: { queries: Queries; store: Store; log: Log }) {
  const { queries, store, log } = options;

  async function answer(id: number, payload: StoredPayload): Promise<Response> {
    const init = { headers: headersOf(id, payload) };
    if (payload.path !== null) {
      const file = await store.bodies.open(payload.path);
      if (file?.size === payload.bodyBytes) return new Response(file, init);
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

  return new Elysia({ name: "event-payload" }).get(
    "/events/:id/payload",
    ...route(
      {
        summary: "Download what was stored of an event's body",
        description: DESCRIPTION,
        tag: "events",
        takes: [idOfEvent],
        answers: { 200: describeAnswer(Payload, "The stored bytes.") },
      },
      async ({ id: text }) => {
        const id = eventIdOf(text);
        const payload = id === null ? null : await queries.ask("findPayload", id);
        return id === null || payload === null ? errorResponse("not_found") : answer(id, payload);
      },
    ),
  );
}

function headersOf(id: number, { isJson }: StoredPayload): Record<string, string> {
  return {
    "content-type": isJson ? "application/json" : "application/octet-stream",
    "content-disposition": `attachment; filename="event-${id}.${isJson ? "json" : "body"}"`,
    // Somebody else wrote this: no browser is to guess what it could be.
    "x-content-type-options": "nosniff",
    "cache-control": "no-store",
  };
}
