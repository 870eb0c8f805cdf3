import { Type } from "@sinclair/typebox";
import type { Static } from "@sinclair/typebox";
import { Elysia } from "elysia";
import type { CallFailureRow } from "../../query/call-failures.ts";
import type { Queries } from "../../query/queries.ts";
import { Nullable, optionalSecondsText, secondsOf, Time } from "../lib/models.ts";
import { textParameter, timeParameter } from "../lib/parameters.ts";
import { cut, list } from "./route.ts";

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

/** `GET /call-failures`: calls that could not be started, of which ElevenLabs tells once. */
export function callFailureRoutes({ queries }: { queries: Queries }) {
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
        return { page: { call_failures: rows.map(shownFailure) }, next: last && [last.eventId] };
      },
    ),
  );
}

function shownFailure(row: CallFailureRow): Static<typeof CallFailure> {
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
