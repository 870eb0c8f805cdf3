import { and, desc, eq, isNotNull } from "drizzle-orm";
import { audioTypes } from "../../vendor/event-type.ts";
import type { Orm } from "./database.ts";
import { conversations, events } from "./schema.ts";
import type { StateStore } from "./state.ts";

/**
 * Remembers that recordings are kept from now on. Returns true the first time that is so for a database, if the newest
 * recording was acknowledged and not kept.
 */
export function beginKeepingRecordings(orm: Orm, state: StateStore): boolean {
  if (state.get("recordings_kept_since") !== null) return false;
  // Type by type: the index then finds the newest without a look at the others.
  const newest = audioTypes
    .flatMap((type) =>
      orm
        .select({ id: events.id, conversationId: events.conversationId })
        .from(events)
        .where(and(eq(events.type, type), eq(events.status, "processed"), isNotNull(events.conversationId)))
        .orderBy(desc(events.id))
        .limit(1)
        .all(),
    )
    .toSorted((a, b) => b.id - a.id)[0];
  const wasDropped = newest !== undefined && !hasRecording(orm, newest.conversationId ?? "");
  state.set("recordings_kept_since", String(Date.now()));
  return wasDropped;
}

function hasRecording(orm: Orm, conversationId: string): boolean {
  const isOfConversation = eq(conversations.conversationId, conversationId);
  const kept = orm
    .select({ path: conversations.audioPath })
    .from(conversations)
    .where(and(isOfConversation, isNotNull(conversations.audioPath)))
    .get();
  return kept !== undefined;
}
