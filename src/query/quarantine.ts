import type { Reader } from "./reader.ts";

export type QuarantinedGroup = {
  error: string | null;
  count: number;
  lastEventId: number;
  lastReceivedAtMs: number;
};

/** Of more events than this, those that were stored last are looked at. */
const EVENTS_MAX = 100_000;

// Of a bare column beside max(), SQLite takes the value of the row that has the maximum.
const GROUPS = `
  SELECT error, count(*) AS count, max(id) AS lastEventId, received_at AS lastReceivedAtMs
  FROM (
    SELECT id, error, received_at FROM events INDEXED BY events_quarantined
    WHERE status = 'quarantined' ORDER BY id DESC LIMIT ${EVENTS_MAX}
  )
  GROUP BY error ORDER BY count DESC, lastEventId DESC LIMIT ?`;

/** The quarantined events by reason, the most frequent first. */
export function groupQuarantined({ sqlite }: Pick<Reader, "sqlite">, groupsMax: number): QuarantinedGroup[] {
  return sqlite.query<QuarantinedGroup, [number]>(GROUPS).all(groupsMax);
}
