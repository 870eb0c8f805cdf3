import { noDetails } from "../../model/call-details.ts";
import type { ConversationRow } from "../../model/conversation.ts";
import { detailsOfPayload, turnsOfPayload } from "../../vendor/derive.ts";
import type { AgentRow } from "../agents.ts";
import { EVENT_IDS_MAX } from "../asking.ts";
import type { StoredConversation } from "../conversations.ts";
import type { StoredDetails } from "../details.ts";
import type { Answer, Argument } from "../port.ts";
import type { PostgresReader } from "./reader.ts";
import { allOf } from "./sql.ts";
import { COLUMNS, textOf } from "./texts.ts";

const WITH_PAYLOAD = `
  SELECT ${COLUMNS}, c.row_id AS "rowId", events.payload
  FROM conversations AS c LEFT JOIN events ON events.id = c.event_id WHERE c.conversation_id = ?`;

async function findWithPayload({ find }: PostgresReader, conversationId: string) {
  const [found] = await find<ConversationRow & { rowId: number; payload: Uint8Array | null }>(WITH_PAYLOAD, [
    conversationId,
  ]);
  if (found === undefined) return null;
  const { rowId, payload, ...row } = found;
  return { row, rowId, payload: textOf(payload) };
}

export async function readConversation(
  reader: PostgresReader,
  conversationId: string,
): Promise<StoredConversation | null> {
  const found = await findWithPayload(reader, conversationId);
  if (found === null) return null;
  const { row, payload } = found;
  const ids = await reader.find<{ id: number }>(
    `SELECT id FROM events WHERE conversation_id = ? ORDER BY id LIMIT ${EVENT_IDS_MAX}`,
    [conversationId],
  );
  const turns = payload === null ? [] : turnsOfPayload(payload, row.startedAt);
  return { row, turns, eventIds: ids.map(({ id }) => id) };
}

export async function readDetails(
  reader: PostgresReader,
  conversationId: string,
): Promise<StoredDetails | null> {
  const found = await findWithPayload(reader, conversationId);
  if (found === null) return null;
  const { row, rowId, payload } = found;
  return {
    ...(await neighboursOf(reader, row.startedAt, rowId)),
    details: payload === null ? noDetails : detailsOfPayload(payload, row.startedAt),
  };
}

const first = (where: string, order: string) =>
  `(SELECT conversation_id FROM conversations WHERE ${where} ORDER BY ${order} LIMIT 1)`;
const UP = "started_at, row_id";
const DOWN = "started_at DESC, row_id DESC";

const WITH_START = `SELECT
  ${first("(started_at, row_id) > (?::bigint, ?::bigint)", UP)} AS newer,
  coalesce(${first("(started_at, row_id) < (?::bigint, ?::bigint)", DOWN)}, ${first("started_at IS NULL", DOWN)}) AS older`;
const WITHOUT_START = `SELECT
  coalesce(${first("started_at IS NULL AND row_id > ?::bigint", UP)}, ${first("started_at IS NOT NULL", UP)}) AS newer,
  ${first("started_at IS NULL AND row_id < ?::bigint", DOWN)} AS older`;

/** In the order of the list: by start, then by arrival. Those without a start come last there. */
async function neighboursOf({ find }: PostgresReader, startedAt: number | null, rowId: number) {
  type Neighbours = { newer: string | null; older: string | null };
  const [found] = await (startedAt === null
    ? find<Neighbours>(WITHOUT_START, [rowId, rowId])
    : find<Neighbours>(WITH_START, [startedAt, rowId, startedAt, rowId]));
  return found ?? { newer: null, older: null };
}

export async function findRecording(
  { find }: PostgresReader,
  conversationId: string,
): Promise<Answer<"findRecording">> {
  const [row] = await find<NonNullable<Answer<"findRecording">>>(
    `SELECT audio_path AS path, audio_bytes AS "byteCount", audio_sha256 AS sha256
     FROM conversations WHERE conversation_id = ?`,
    [conversationId],
  );
  return row ?? null;
}

export async function exportConversations(
  { find, scan }: PostgresReader,
  page: Argument<"exportConversations">,
): Promise<Answer<"exportConversations">> {
  const { afterId, rowsMax, agentId, since, until } = page;
  const [last] = await find<{ id: string }>(
    "SELECT conversation_id AS id FROM conversations WHERE conversation_id > ? ORDER BY id OFFSET ? LIMIT 1",
    [afterId, rowsMax - 1],
  );
  const lastId = last?.id ?? null;
  const { text, values } = allOf([
    ["conversation_id > ?", afterId],
    ["conversation_id <= ?", lastId],
    ["agent_id = ?", agentId],
    ["started_at >= ?::bigint", since],
    ["started_at < ?::bigint", until],
  ]);
  const select = `SELECT ${COLUMNS} FROM conversations AS c WHERE ${text} ORDER BY conversation_id`;
  return { rows: await scan<ConversationRow>(select, values), lastId };
}

const AGENTS = `
  SELECT "agentId", calls, "lastStartedAt", (
      SELECT agent_name FROM conversations WHERE agent_id = "agentId" AND started_at = "lastStartedAt"
      ORDER BY row_id LIMIT 1
    ) AS "agentName"
  FROM (
    SELECT agent_id AS "agentId", count(*) AS calls, max(started_at) AS "lastStartedAt"
    FROM conversations WHERE started_at >= ?::bigint AND agent_id IS NOT NULL
    GROUP BY agent_id ORDER BY calls DESC, agent_id LIMIT ?
  ) AS agents ORDER BY calls DESC, "agentId"`;

export function listAgents({ scan }: PostgresReader, asked: Argument<"listAgents">): Promise<AgentRow[]> {
  return scan<AgentRow>(AGENTS, [asked.since, asked.rowsMax]);
}
