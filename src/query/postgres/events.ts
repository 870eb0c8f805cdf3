import { isUtf8 } from "node:buffer";
import type { CallFailureRow } from "../../model/call-failure.ts";
import { callFailureColumns } from "../../model/call-failure.ts";
import type { EventRow } from "../../model/event.ts";
import { eventColumns } from "../../model/event.ts";
import type { Argument } from "../port.ts";
import type { StoredPayload } from "../events.ts";
import type { QuarantinedGroup } from "../quarantine.ts";
import type { PostgresReader } from "./reader.ts";
import { allOf, columnsOf } from "./sql.ts";
import type { Condition } from "./sql.ts";

/** Of more events than this, those that were stored last are looked at. */
const QUARANTINED_MAX = 100_000;

const EVENTS = `SELECT ${columnsOf(eventColumns, "events")} FROM events`;
const FAILURES = `SELECT ${columnsOf(callFailureColumns, "call_failures")} FROM call_failures`;

/** Some rows that fit conditions, in an order. */
function listed<Row>(
  reader: PostgresReader,
  select: string,
  conditions: Condition[],
  order: string,
  rowsMax: number,
) {
  const { text, values } = allOf(conditions);
  return reader.scan<Row>(`${select} WHERE ${text} ORDER BY ${order} LIMIT ?`, [...values, rowsMax]);
}

const ofEvents = (
  filter: Pick<Argument<"followEvents">, "type" | "status" | "conversationId">,
): Condition[] => [
  ["type = ?", filter.type],
  ["status = ?", filter.status],
  ["conversation_id = ?", filter.conversationId],
];

export function listEvents(reader: PostgresReader, filter: Argument<"listEvents">): Promise<EventRow[]> {
  const { sinceMs, untilMs, before, rowsMax } = filter;
  const conditions: Condition[] = [
    ...ofEvents(filter),
    ["received_at >= ?::bigint", sinceMs],
    ["received_at < ?::bigint", untilMs],
    ["(received_at, id) < (?::bigint, ?::bigint)", before?.receivedAtMs ?? null, before?.id ?? null],
  ];
  return listed(reader, EVENTS, conditions, "received_at DESC, id DESC", rowsMax);
}

export function followEvents(reader: PostgresReader, filter: Argument<"followEvents">): Promise<EventRow[]> {
  const conditions: Condition[] = [["id > ?::bigint", filter.afterId], ...ofEvents(filter)];
  return listed(reader, EVENTS, conditions, "id", filter.rowsMax);
}

export function listCallFailures(
  reader: PostgresReader,
  filter: Argument<"listCallFailures">,
): Promise<CallFailureRow[]> {
  const { agentId, since, until, beforeEventId, rowsMax } = filter;
  const conditions: Condition[] = [
    ["agent_id = ?", agentId],
    ["occurred_at >= ?::bigint", since],
    ["occurred_at < ?::bigint", until],
    ["event_id < ?::bigint", beforeEventId],
  ];
  return listed(reader, FAILURES, conditions, "event_id DESC", rowsMax);
}

export async function findEvent({ find }: PostgresReader, id: number): Promise<EventRow | null> {
  const [row] = await find<EventRow>(`${EVENTS} WHERE id = ?::bigint`, [id]);
  return row ?? null;
}

const PAYLOAD = `
  SELECT body_bytes AS "bodyBytes", payload_path AS path, octet_length(payload) AS "byteCount",
    status = 'processed' AS "isProcessed", CASE WHEN status = 'quarantined' THEN payload END AS odd
  FROM events WHERE id = ?::bigint`;

export async function findPayload(
  { find, matcher }: PostgresReader,
  id: number,
): Promise<StoredPayload | null> {
  const [row] = await find<Omit<StoredPayload, "isJson"> & { isProcessed: boolean; odd: Uint8Array | null }>(
    PAYLOAD,
    [id],
  );
  if (row === undefined) return null;
  const { isProcessed, odd, ...payload } = row;
  return { ...payload, isJson: isProcessed || (odd !== null && isUtf8(odd) && matcher.isJson(odd)) };
}

export async function readPayload(
  { find }: PostgresReader,
  part: Argument<"readPayload">,
): Promise<Uint8Array | null> {
  const { id, from, bytesMax } = part;
  const [row] = await find<{ piece: Uint8Array | null }>(
    "SELECT substring(payload FROM ?::int + 1 FOR ?::int) AS piece FROM events WHERE id = ?::bigint",
    [from, bytesMax, id],
  );
  return row?.piece ?? null;
}

const GROUPS = `
  SELECT found.*, (SELECT received_at FROM events WHERE id = "lastEventId") AS "lastReceivedAtMs"
  FROM (
    SELECT error, count(*) AS count, max(id) AS "lastEventId"
    FROM (
      SELECT id, error FROM events WHERE status = 'quarantined' ORDER BY id DESC LIMIT ${QUARANTINED_MAX}
    ) AS last
    GROUP BY error ORDER BY count DESC, "lastEventId" DESC LIMIT ?
  ) AS found ORDER BY count DESC, "lastEventId" DESC`;

export function groupQuarantined({ scan }: PostgresReader, groupsMax: number): Promise<QuarantinedGroup[]> {
  return scan(GROUPS, [groupsMax]);
}
