import { Type } from "@sinclair/typebox";
import { Elysia } from "elysia";
import { callFailureColumns } from "../../model/call-failure.ts";
import { membersOf, shownRow } from "../lib/columns.ts";
import { secondsOf } from "../lib/models.ts";
import { textParameter, timeParameter } from "../lib/parameters.ts";
import { cut, list } from "./route.ts";
import type { ApiParts } from "./route.ts";

const CallFailure = Type.Object(membersOf(callFailureColumns));

/** `GET /call-failures`: calls that could not be started, of which ElevenLabs tells once. */
export function callFailureRoutes({ queries }: ApiParts) {
  return new Elysia({ name: "call-failures" }).get(
    "/call-failures",
    ...list(
      {
        name: "call-failures",
        summary: "List calls that could not be started",
        tag: "call failures",
        parameters: {
          agent_id: textParameter("Only calls of this agent."),
          since: timeParameter("Only calls tried at this time or later."),
          until: timeParameter("Only calls tried before this time."),
        },
        says: "A page of calls that could not be started.",
        fields: { call_failures: Type.Array(CallFailure, { description: "The last to arrive first." }) },
        place: ([eventId]) => (typeof eventId === "number" ? eventId : null),
      },
      async ({ agent_id: agentId, since, until }, beforeEventId, rowsMax) => {
        const range = { since: secondsOf(since), until: secondsOf(until) };
        const asked = { agentId, ...range, beforeEventId, rowsMax: rowsMax + 1 };
        const { rows, last } = cut(await queries.ask("listCallFailures", asked), rowsMax);
        return {
          page: { call_failures: rows.map((row) => shownRow(callFailureColumns, row)) },
          next: last && [last.eventId],
        };
      },
    ),
  );
}
