import { Type } from "@sinclair/typebox";
import { Elysia } from "elysia";
import type { Queries } from "../../query/queries.ts";
import type { CallFailureRow } from "../../query/call-failures.ts";
import { describeAnswers, Nullable, optionalSecondsText, secondsOf, Time } from "./api-models.ts";
import { cursorOf, cursorParameter, positionOf } from "../lib/cursor.ts";
import { errorResponse } from "../errors.ts";
import {
  describeParameters,
  integerParameter,
  readParameters,
  textParameter,
  timeParameter,
} from "../lib/parameters.ts";

const ROWS_USUAL = 50;

const parameters = {
  agent_id: textParameter("Only calls of this agent."),
  since: timeParameter("Only calls tried at this time or later."),
  until: timeParameter("Only calls tried before this time."),
  limit: integerParameter({ min: 1, max: 200, description: "How many to answer with; 50 unless told." }),
  cursor: cursorParameter,
};

const CallFailure = Type.Object({
  event_id: Type.Integer({ description: "The event that told of it: `GET /events/{id}`." }),
  conversation_id: Nullable(Type.String(), "ElevenLabs' name for the conversation that did not begin."),
  agent_id: Nullable(Type.String(), "The agent that was to speak."),
  reason: Nullable(
    Type.String({ examples: ["busy", "no-answer", "unknown"] }),
    "Why nobody was reached, as ElevenLabs says it.",
  ),
  provider: Nullable(
    Type.String({ examples: ["twilio", "sip"] }),
    "Who carried the call: decides what `metadata` holds.",
  ),
  provider_code: Nullable(
    Type.String({ examples: ["486", "busy"] }),
    "The carrier's own code: a SIP status, or Twilio's call status.",
  ),
  from_number: Nullable(Type.String(), "The number that called: the agent's."),
  to_number: Nullable(Type.String(), "The number that was called: the customer's."),
  occurred_at: Nullable(Time, "When the call was tried, by the event's time."),
  metadata: Type.Unknown({
    description: "Everything that the carrier said, as it came.",
  }),
});

const CallFailurePage = Type.Object({
  call_failures: Type.Array(CallFailure, { description: "The last to arrive first." }),
  next_cursor: Nullable(Type.String(), "Continues the list as `cursor`; null on the last page."),
});

/** `GET /call-failures`: calls that could not be started, of which ElevenLabs tells once. */
export function callFailureRoutes(options: { queries: Queries }) {
  const { queries } = options;

  return new Elysia({ name: "call-failures" }).get(
    "/call-failures",
    async ({ request }) => {
      const read = readParameters(request.url, parameters);
      if (!read.ok) return errorResponse("invalid_parameter", { error: read.problem });
      const { agent_id: agentId, since, until, limit, cursor } = read.value;
      const scope = JSON.stringify(["call-failures", agentId, since, until]);
      const position = cursor === null ? [null] : positionOf(cursor, scope);
      const before = position?.[0];
      if (before === undefined || typeof before === "string") {
        return errorResponse("invalid_parameter", { error: "Invalid parameter: cursor is not of this list" });
      }
      const rowsMax = limit ?? ROWS_USUAL;
      const rows = await queries.ask("listCallFailures", {
        agentId,
        since: secondsOf(since),
        until: secondsOf(until),
        beforeEventId: before,
        rowsMax: rowsMax + 1,
      });
      const page = rows.slice(0, rowsMax);
      const last = rows.length > rowsMax ? page.at(-1) : undefined;
      return Response.json({
        call_failures: page.map(shownFailure),
        next_cursor: last === undefined ? null : cursorOf([last.eventId], scope),
      });
    },
    {
      detail: {
        summary: "List calls that could not be started",
        tags: ["call failures"],
        parameters: describeParameters(parameters),
        responses: describeAnswers(CallFailurePage, "A page of calls that could not be started."),
      },
    },
  );
}

function shownFailure(row: CallFailureRow) {
  return {
    event_id: row.eventId,
    conversation_id: row.conversationId,
    agent_id: row.agentId,
    reason: row.reason,
    provider: row.provider,
    provider_code: row.providerCode,
    from_number: row.fromNumber,
    to_number: row.toNumber,
    occurred_at: optionalSecondsText(row.occurredAt),
    metadata: row.metadata === null ? null : JSON.parse(row.metadata),
  };
}
