import { isUtf8 } from "node:buffer";
import { conversationColumns } from "../../model/conversation.ts";
import type { ConversationRow } from "../../model/conversation.ts";
import { turnsOfPayload } from "../../vendor/derive.ts";
import { textsOf } from "../search/text.ts";
import type { Texts } from "../search/text.ts";
import { columnsOf } from "./sql.ts";
import type { Select } from "./sql.ts";

/** The columns of conversations, which are called `c`. */
export const COLUMNS = columnsOf(conversationColumns, "c");

/** Payloads that are read at once: one may be large. */
const BYTES_AT_ONCE = 4 * 1024 * 1024;

/** A conversation, and the size of the payload that holds its turns. */
export type WithSize = { row: ConversationRow; payloadBytes: number | null };

/** The text of a payload; null if it is none. */
export function textOf(payload: Uint8Array | null): string | null {
  return payload !== null && isUtf8(payload) ? Buffer.from(payload).toString() : null;
}

/** Conversations with their texts, in their order. Deliveries are answered between them. */
export async function* withTexts<One extends WithSize>(
  find: Select,
  conversations: readonly One[],
): AsyncGenerator<{ one: One; texts: Texts }> {
  for (let from = 0; from < conversations.length;) {
    const some = conversations.slice(from, endOf(conversations, from));
    from += some.length;
    const ids = JSON.stringify(some.flatMap(({ row }) => row.eventId ?? []));
    const payloads = await find<{ id: number; payload: Uint8Array | null }>(
      "SELECT id, payload FROM events WHERE id IN (SELECT value::bigint FROM json_array_elements_text(?::json))",
      [ids],
    );
    const byId = new Map(payloads.map(({ id, payload }) => [id, payload]));
    for (const one of some) {
      const payload = textOf(byId.get(one.row.eventId ?? 0) ?? null);
      const turns = payload === null ? [] : turnsOfPayload(payload, one.row.startedAt);
      yield { one, texts: textsOf(one.row, turns) };
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
}

/** Where the conversations end that are read together. */
function endOf(conversations: readonly WithSize[], from: number): number {
  let bytes = 0;
  const end = conversations.findIndex(({ payloadBytes }, index) => {
    if (index < from) return false;
    bytes += payloadBytes ?? 0;
    return index > from && bytes > BYTES_AT_ONCE;
  });
  return end === -1 ? conversations.length : end;
}
