import type { Column, Columns } from "../../model/columns.ts";
import { callFailureColumns } from "../../model/call-failure.ts";
import { conversationColumns } from "../../model/conversation.ts";
import { eventColumns } from "../../model/event.ts";

// The columns of the tables as statements name them. Rows come as JSON: a statement with a parameter for each value would have
// thousands.

/** What is given of an event, beside its payload. */
export const givenOfEvent: Columns = {
  ...without(eventColumns, "id"),
  payloadPath: { name: "payload_path", kind: "text", description: "" },
  turnsPayload: { name: "turns_payload", kind: "text", description: "" },
};

/** What is given of a conversation. */
export const givenOfConversation = without(conversationColumns, "eventId");

/** What is given of a call that could not be started. */
export const givenOfFailure = without(callFailureColumns, "eventId");

export const namesOf = (columns: Columns): string[] => Object.values(columns).map(({ name }) => name);

const sqlTypes: Record<Column["kind"], string> = {
  text: "text",
  json: "text",
  real: "double precision",
  integer: "bigint",
  flag: "bigint",
  seconds: "bigint",
  milliseconds: "bigint",
};

/** Columns for json_to_record. */
export const typed = (columns: Columns): string =>
  Object.values(columns)
    .map(({ name, kind }) => `${name} ${sqlTypes[kind]}`)
    .join(", ");

/** A row by the names of its columns. */
export function named(columns: Columns, row: object): Record<string, unknown> {
  const values: Record<string, unknown> = { ...row };
  return Object.fromEntries(Object.entries(columns).map(([key, { name }]) => [name, values[key]]));
}

function without(columns: Columns, left: string): Columns {
  return Object.fromEntries(Object.entries(columns).filter(([key]) => key !== left));
}
