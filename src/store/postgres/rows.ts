import type { EventKey, EventOutcome, EventRecord, StoreOutcome } from "../../model/event.ts";
import { sha256Of } from "../sqlite/erasures.ts";
import { givenOfConversation, givenOfEvent, givenOfFailure, named, namesOf, typed } from "./columns.ts";
import { foldTogether, storable } from "./fold.ts";
import { LOCK_CLASS, locks } from "./locks.ts";
import type { Query, Value } from "./pool.ts";
import { refold } from "./refold.ts";
import { storedId } from "./text.ts";

/** How long a group waits for the lock before it looks at who holds it: see lock-holder.ts. */
export const LOCK_WAIT_MS = 750;

/** How often an event is written again that was here, and is gone. */
const TRIES_MAX = 3;

const AUDIO = new Set(["audio_path", "audio_bytes", "audio_sha256", "audio_received_at"]);

/**
 * Waits for the lock in the statement that inserts: ids become visible in their order, and nobody holds the lock between two
 * messages. What the statement itself reads is from before it waited, so that an erasure which began meanwhile would be
 * missed: the function reads afresh once it has the lock. Unique indexes and the row that a conflict is with are never old.
 */
const ERASED = `erased AS MATERIALIZED (
  SELECT array_agg(hash) AS hashes
  FROM lock_writes(${LOCK_CLASS}, ${locks.writes}, '${LOCK_WAIT_MS}', $3::json) AS hash
)`;

const eventNames = namesOf(givenOfEvent).join(", ");

const insertEvents = (count: number): string => {
  const values = Array.from(
    { length: count },
    (_, index) => `($${2 * index + 4}::json, $${2 * index + 5}::bytea)`,
  );
  return `WITH ${ERASED}, added AS (
  INSERT INTO events (${eventNames}, payload)
  SELECT ${eventNames}, given.payload
  FROM erased, (VALUES ${values.join(", ")}) AS given (event, payload),
    LATERAL json_to_record(given.event) AS event (${typed(givenOfEvent)}, of_conversation text)
  WHERE (event.of_conversation = ANY(erased.hashes)) IS NOT TRUE
  ON CONFLICT DO NOTHING
  RETURNING id, conversation_id, body_sha256
)`;
};

/** Whether no event before was newer; a row that waits to be made again waits on. */
const IS_NEWER = "(conversations.fold_order[4:6] <= excluded.fold_order[1:3]) IS TRUE";

const overlaid = [...namesOf(givenOfConversation), "event_id", "fold_order"].flatMap((name) => {
  const newest = `coalesce(excluded.${name}, conversations.${name})`;
  if (name === "conversation_id") return [];
  if (name === "updated_at" || AUDIO.has(name)) return [`${name} = ${newest}`];
  const otherwise = name === "fold_order" ? "NULL" : `conversations.${name}`;
  return [`${name} = CASE WHEN ${IS_NEWER} THEN ${newest} ELSE ${otherwise} END`];
});

/** What follows from the events of `added`: of a body that was here before, nothing. */
const DERIVED = `said AS (
  INSERT INTO conversations (${namesOf(givenOfConversation).join(", ")}, event_id, fold_order)
  SELECT ${namesOf(givenOfConversation)
    .map((name) => (AUDIO.has(name) ? `CASE WHEN sound.id IS NOT NULL THEN one.${name} END` : `one.${name}`))
    .join(", ")}, turns.id, one.fold_order
  FROM json_to_recordset($1::json) AS one (${typed(givenOfConversation)}, turns_sha256 text, sound_sha256 text, fold_order bigint[])
  LEFT JOIN added AS turns ON turns.conversation_id = one.conversation_id AND turns.body_sha256 = one.turns_sha256
  LEFT JOIN added AS sound ON sound.conversation_id = one.conversation_id AND sound.body_sha256 = one.sound_sha256
  WHERE one.conversation_id IN (SELECT conversation_id FROM added)
  ON CONFLICT (conversation_id) DO UPDATE SET ${overlaid.join(", ")}
  RETURNING conversation_id, fold_order
), failed AS (
  INSERT INTO call_failures (event_id, ${namesOf(givenOfFailure).join(", ")})
  SELECT added.id, ${namesOf(givenOfFailure)
    .map((name) => `one.${name}`)
    .join(", ")}
  FROM json_to_recordset($2::json) AS one (${typed(givenOfFailure)}, body_sha256 text)
  JOIN added ON added.body_sha256 = one.body_sha256 AND added.conversation_id IS NOT DISTINCT FROM one.conversation_id
  ON CONFLICT DO NOTHING
)
SELECT id, conversation_id AS "conversationId", body_sha256 AS "bodySha256",
  (SELECT json_agg(conversation_id)::text FROM said WHERE fold_order IS NULL) AS overtaken
FROM added`;

/** What follows from records: parameters 1 and 2 of `DERIVED`. */
function derivedValues(records: readonly EventRecord[], updatedAtMs?: number): [string, string] {
  const rows = foldTogether(records, updatedAtMs).map((row) => {
    const { turnsSha256: turns_sha256, recordedSha256: sound_sha256, foldOrder: fold_order } = row;
    return Object.assign(named(givenOfConversation, row), { turns_sha256, sound_sha256, fold_order });
  });
  const failures = records.flatMap(({ failure, bodySha256: body_sha256, conversationId, agentId }) =>
    failure === null
      ? []
      : [Object.assign(named(givenOfFailure, { ...failure, conversationId, agentId }), { body_sha256 })],
  );
  return [JSON.stringify(rows), JSON.stringify(failures)];
}

type Written = { id: number; conversationId: string | null; bodySha256: string; overtaken: string | null };

/** The conversations that came out of order. */
const overtakenOf = (written: readonly Written[]): string[] => {
  const ids: unknown = JSON.parse(written[0]?.overtaken ?? "[]");
  return Array.isArray(ids) ? ids.map(String) : [];
};

const keyOf = ({ conversationId, bodySha256 }: EventKey): string => `${bodySha256} ${conversationId ?? ""}`;

/** What became of records, in their order, and the conversations that have to be folded again. */
export type GroupOutcome = { outcomes: StoreOutcome[]; overtaken: string[] };

/**
 * Writes records in one statement, all or nothing; each body once, however often it is among them. It takes the lock of writes
 * until the end of the transaction.
 *
 * @param records storable ones
 * @param areRepeated whether an answer may have been lost: what is found is from that try then
 */
export async function insertGroup(
  query: Query,
  records: readonly EventRecord[],
  { areRepeated, triesLeft = TRIES_MAX }: { areRepeated: boolean; triesLeft?: number },
): Promise<GroupOutcome> {
  const first = new Map<string, EventRecord>();
  for (const record of records) first.getOrInsert(keyOf(record), record);
  const once = [...first.values()];
  const hashes = once.map(({ conversationId }) =>
    conversationId === null ? null : sha256Of(conversationId),
  );
  const values = once.flatMap((record, index): Value[] => {
    const row = { ...named(givenOfEvent, record), of_conversation: hashes[index] };
    return [JSON.stringify(row), record.payload];
  });
  const written = await query<Written>(`${insertEvents(once.length)}, ${DERIVED}`, [
    ...derivedValues(once),
    JSON.stringify(hashes),
    ...values,
  ]);
  const added = new Set(written.map(keyOf));
  const others = once.filter((record) => !added.has(keyOf(record)));
  const before = new Map<string, StoreOutcome>();
  const gone: EventRecord[] = [];
  for (const [index, found] of (await findFirst(query, others)).entries()) {
    const record = others[index];
    if (record === undefined) continue;
    const { isErased, first: outcome, receivedAtMs } = found;
    const isOurs = areRepeated && receivedAtMs === record.receivedAtMs;
    if (isErased) before.set(keyOf(record), "erased");
    else if (outcome !== null) before.set(keyOf(record), { ...outcome, isDuplicate: !isOurs });
    else gone.push(record);
  }
  const overtaken = overtakenOf(written);
  if (gone.length > 0) {
    if (triesLeft === 0) throw new Error(`${gone.length} events are neither new nor stored`);
    // What was here before was erased by age since.
    const again = await insertGroup(query, gone, { areRepeated, triesLeft: triesLeft - 1 });
    for (const [index, outcome] of again.outcomes.entries()) {
      const record = gone[index];
      if (record !== undefined) before.set(keyOf(record), outcome);
    }
    overtaken.push(...again.overtaken);
  }
  const outcomes = records.map((record): StoreOutcome => {
    const known = before.get(keyOf(record));
    const { type, error } = record;
    const isDuplicate = first.get(keyOf(record)) !== record;
    if (known === undefined) return { isDuplicate, type, error };
    return known === "erased" ? known : { ...known, isDuplicate: known.isDuplicate || isDuplicate };
  });
  return { outcomes, overtaken };
}

/** The same within a transaction that has the lock of writes, with all that follows. */
export async function insertAll(query: Query, records: readonly EventRecord[]): Promise<StoreOutcome[]> {
  const all = records.map(storable);
  const { outcomes, overtaken } = await insertGroup(query, all, { areRepeated: false });
  await refold(query, overtaken);
  return outcomes;
}

/** Writes what follows from an event that is stored, within a transaction that has the lock of writes. */
export async function derive(
  query: Query,
  given: EventRecord,
  eventId: number,
  updatedAtMs?: number,
): Promise<void> {
  const record = storable(given);
  const added = "WITH added (id, conversation_id, body_sha256) AS (VALUES ($3::bigint, $4::text, $5::text))";
  const written = await query<Written>(`${added}, ${DERIVED}`, [
    ...derivedValues([record], updatedAtMs),
    eventId,
    record.conversationId,
    record.bodySha256,
  ]);
  await refold(query, overtakenOf(written));
}

export type KnownBody = { isErased: boolean; first: EventOutcome | null; receivedAtMs: number | null };

/** What is known of bodies, in their order: the first delivery, and whether the conversation was erased. */
export async function findFirst(query: Query, keys: readonly EventKey[]): Promise<KnownBody[]> {
  if (keys.length === 0) return [];
  const asked = keys.map(({ conversationId, bodySha256 }, n) => {
    const id = storedId(conversationId);
    return {
      n,
      conversation_id: id,
      body_sha256: bodySha256,
      of_conversation: id === null ? null : sha256Of(id),
    };
  });
  const rows = await query<{
    isErased: boolean;
    id: number | null;
    type: string | null;
    error: string | null;
    at: number | null;
  }>(
    `SELECT EXISTS (SELECT FROM erasures WHERE conversation_sha256 = asked.of_conversation) AS "isErased",
       found.id, found.type, found.error, found.received_at AS at
     FROM json_to_recordset($1::json) AS asked (n bigint, conversation_id text, body_sha256 text, of_conversation text)
     LEFT JOIN LATERAL (
       SELECT id, type, error, received_at FROM events
       WHERE events.conversation_id = asked.conversation_id AND events.body_sha256 = asked.body_sha256
       UNION ALL
       SELECT id, type, error, received_at FROM events
       WHERE asked.conversation_id IS NULL AND events.conversation_id IS NULL AND events.body_sha256 = asked.body_sha256
       LIMIT 1
     ) AS found ON true
     ORDER BY asked.n`,
    [JSON.stringify(asked)],
  );
  return rows.map(({ isErased, id, type, error, at }) => ({
    isErased,
    first: id === null ? null : { isDuplicate: true, type, error },
    receivedAtMs: at,
  }));
}
