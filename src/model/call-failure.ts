import type { Columns, Row } from "./columns.ts";

/** The columns of the table `call_failures`. */
export const callFailureColumns = {
  eventId: {
    name: "event_id",
    kind: "integer",
    isRequired: true,
    description: "The event that told of it: `GET /events/{id}`.",
  },
  conversationId: {
    name: "conversation_id",
    kind: "text",
    description: "ElevenLabs' name for the conversation that did not begin.",
  },
  agentId: { name: "agent_id", kind: "text", description: "The agent that was to speak." },
  reason: {
    name: "reason",
    kind: "text",
    description: "Why nobody was reached, as ElevenLabs says it.",
    examples: ["busy", "no-answer", "unknown"],
  },
  provider: {
    name: "provider",
    kind: "text",
    description: "Who carried the call: decides what `metadata` holds.",
    examples: ["twilio", "sip"],
  },
  providerCode: {
    name: "provider_code",
    kind: "text",
    description: "The carrier's own code: a SIP status, or Twilio's call status.",
    examples: ["486", "busy"],
  },
  fromNumber: {
    name: "from_number",
    kind: "text",
    description: "The number that called: the agent's.",
  },
  toNumber: {
    name: "to_number",
    kind: "text",
    description: "The number that was called: the customer's.",
  },
  occurredAt: {
    name: "occurred_at",
    kind: "seconds",
    description: "When the call was tried, by the event's time.",
  },
  metadata: {
    name: "metadata",
    kind: "json",
    description: "Everything that the carrier said, as it came.",
  },
} as const satisfies Columns;

export type CallFailureRow = Row<typeof callFailureColumns>;

/** What a `call_initiation_failure` says. Each is null if the event does not have it in the form expected. */
export type CallFailureFacts = Omit<CallFailureRow, "eventId" | "conversationId" | "agentId">;
