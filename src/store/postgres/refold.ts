import { foldFacts } from "../../model/conversation.ts";
import type { ConversationFacts } from "../../model/conversation.ts";
import { factsOfPayload } from "../../vendor/derive.ts";
import { givenOfConversation, named, namesOf, typed } from "./columns.ts";
import { placeOf, storableFacts } from "./fold.ts";
import { textsSql } from "./lists.ts";
import type { Query } from "./pool.ts";

/** Their payloads are in memory together. */
const CONVERSATIONS_MAX = 32;

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

type Stored = {
  id: number;
  conversationId: string;
  type: string | null;
  payload: Uint8Array;
  eventTimestamp: number | null;
  receivedAtMs: number;
  source: "webhook" | "recovered";
};

/** Oldest first. */
const SELECT = `
  SELECT id, conversation_id AS "conversationId", type, payload, event_timestamp AS "eventTimestamp",
    received_at AS "receivedAtMs", source
  FROM events WHERE conversation_id = ANY (${textsSql("$1")}) AND status = 'processed' AND payload IS NOT NULL
  ORDER BY source <> 'recovered', coalesce(event_timestamp * 1000, received_at),
    coalesce(type <> 'post_call_transcription_otel', true), id`;

const said = [...namesOf(givenOfConversation), "event_id"].filter((name) => name !== "conversation_id");

const UPDATE = `
  UPDATE conversations
  SET fold_order = one.fold_order, ${said.map((name) => `${name} = coalesce(one.${name}, conversations.${name})`).join(", ")}
  FROM json_to_recordset($1::json) AS one (${typed(givenOfConversation)}, event_id bigint, fold_order bigint[])
  WHERE conversations.conversation_id = one.conversation_id`;

/**
 * Makes the rows of conversations again from all their events: for those of which an event arrives after a newer one. Within a
 * transaction that has the lock of writes.
 */
export async function refold(query: Query, conversationIds: readonly string[]): Promise<void> {
  for (let first = 0; first < conversationIds.length; first += CONVERSATIONS_MAX) {
    const ids = conversationIds.slice(first, first + CONVERSATIONS_MAX);
    const ofEach = Map.groupBy(
      await query<Stored>(SELECT, [JSON.stringify(ids)]),
      ({ conversationId }) => conversationId,
    );
    const rows = ids.map((id) => foldedRow(id, ofEach.get(id) ?? []));
    await query(UPDATE, [JSON.stringify(rows)]);
  }
}

function foldedRow(conversationId: string, stored: readonly Stored[]): Record<string, unknown> {
  const { eventId, ...facts } = foldFacts(
    stored.flatMap(({ id, type, payload }) => {
      const ofEvent = factsOf(payload, type);
      return ofEvent === null ? [] : [{ eventId: id, facts: storableFacts(ofEvent) }];
    }),
  );
  const last = stored.at(-1);
  const place = last === undefined ? [0, 0, 0] : placeOf(last);
  return Object.assign(named(givenOfConversation, facts), {
    conversation_id: conversationId,
    event_id: eventId,
    fold_order: [...place, ...place],
  });
}

/** null also of a payload that is no JSON: an older version may have stored it. */
function factsOf(payload: Uint8Array, type: string | null): ConversationFacts | null {
  try {
    return factsOfPayload(utf8.decode(payload), type);
  } catch {
    return null;
  }
}
