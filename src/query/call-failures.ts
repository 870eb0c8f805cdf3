import { and, desc, eq, gte, lt } from "drizzle-orm";
import type { CallFailureRow } from "../model/call-failure.ts";
import { callFailures } from "../store/sqlite/schema.ts";
import type { Reader } from "./reader.ts";

export type CallFailureFilter = {
  agentId: string | null;
  /** Unix seconds. */
  since: number | null;
  /** Unix seconds, not included. */
  until: number | null;
  /** Only events older than this one. */
  beforeEventId: number | null;
  rowsMax: number;
};

/** The calls that could not be started, the last to arrive first. */
export function listCallFailures({ orm }: Reader, filter: CallFailureFilter): CallFailureRow[] {
  const { agentId, since, until, beforeEventId, rowsMax } = filter;
  return orm
    .select()
    .from(callFailures)
    .where(
      and(
        agentId === null ? undefined : eq(callFailures.agentId, agentId),
        since === null ? undefined : gte(callFailures.occurredAt, since),
        until === null ? undefined : lt(callFailures.occurredAt, until),
        beforeEventId === null ? undefined : lt(callFailures.eventId, beforeEventId),
      ),
    )
    .orderBy(desc(callFailures.eventId))
    .limit(rowsMax)
    .all();
}
