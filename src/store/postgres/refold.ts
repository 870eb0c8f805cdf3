import { conversationColumns, foldFacts } from "../../model/conversation.ts";
import type { ConversationFacts } from "../../model/conversation.ts";
import { factsOfPayload } from "../../vendor/derive.ts";
import { placeOf, storableFacts } from "./fold.ts";
import type { Query } from "./pool.ts";

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

type Stored = {
  id: number;
  type: string | null;
  payload: Uint8Array;
  eventTimestamp: number | null;
  receivedAtMs: number;
  source: "webhook" | "recovered";
};

/**
 * Makes a conversation's row again from all its events, oldest first: for the rare event that arrives after a newer one. Within
 * a transaction that has the lock of writes.
 */
export async function refold(query: Query, conversationId: string): Promise<void> {
  const stored = await query<Stored>(
    `SELECT id, type, payload, event_timestamp AS "eventTimestamp", received_at AS "receivedAtMs", source
     FROM events WHERE conversation_id = $1 AND status = 'processed' AND payload IS NOT NULL
     ORDER BY source <> 'recovered', coalesce(event_timestamp * 1000, received_at),
       coalesce(type <> 'post_call_transcription_otel', true), id`,
    [conversationId],
  );
  const said = stored.flatMap(({ id, type, payload }) => {
    const facts = factsOf(payload, type);
    return facts === null ? [] : [{ eventId: id, facts: storableFacts(facts) }];
  });
  const { holdsTurns: _, ...folded } = foldFacts(said);
  const last = stored.at(-1);
  const place = last === undefined ? [0, 0, 0] : placeOf(last);
  const columns = Object.entries(folded).flatMap(([name, value]) => {
    const column = Object.entries(conversationColumns).find(([key]) => key === name)?.[1];
    return column === undefined || value === null ? [] : [{ name: column.name, value }];
  });
  const set = columns.map(({ name }, index) => `${name} = $${index + 3}`);
  await query(
    `UPDATE conversations SET ${["fold_order = $2::bigint[]", ...set].join(", ")} WHERE conversation_id = $1`,
    [conversationId, `{${[...place, ...place].join()}}`, ...columns.map(({ value }) => value)],
  );
}

/** null also of a payload that is no JSON: an older version may have stored it. */
function factsOf(payload: Uint8Array, type: string | null): ConversationFacts | null {
  try {
    return factsOfPayload(utf8.decode(payload), type);
  } catch {
    return null;
  }
}
