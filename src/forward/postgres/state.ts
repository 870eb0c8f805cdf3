import { isTermSql } from "../../store/postgres/leader.ts";
import type { Query } from "../../store/postgres/pool.ts";
import { cleanText } from "../../store/postgres/text.ts";
import { persist } from "../../store/postgres/writer.ts";
import { ANNOUNCED_MS_MAX, REMOVED_MS_MAX } from "../port.ts";
import type { Announcement, ForwardCursor, ForwardState, Parked, ParkedCounts } from "../port.ts";

/** Instances may be configured differently while one after the other is replaced: what one has just announced, another keeps. */
const REPLACED_MS_MAX = 3_600_000;

/** The places are in the database that they are of, and are restored with it: its id needs no second look. */
export const DATA_ID = "";

const CURSORS = `SELECT name, '${DATA_ID}' AS "dataId", event_id AS "eventId", reprocessed_count AS "reprocessedCount",
  generation, stopped, succeeded_at AS "succeededAtMs", failing_since AS "failingSinceMs", removed_at AS "removedAtMs"
  FROM forward_cursors`;

const CONFIGURE = `WITH named AS (SELECT value AS name FROM json_array_elements_text($1::text::json)),
  forgotten AS (
    DELETE FROM forward_cursors WHERE removed_at < $4::bigint - ${REMOVED_MS_MAX} AND name NOT IN (SELECT name FROM named)
    RETURNING name
  ),
  unparked AS (DELETE FROM forward_parked WHERE destination IN (SELECT name FROM forgotten)),
  removed AS (
    UPDATE forward_cursors SET removed_at = $4::bigint WHERE removed_at IS NULL AND name NOT IN (SELECT name FROM named)
  )
  INSERT INTO forward_cursors (name, event_id, reprocessed_count) SELECT name, $2::bigint, $3::bigint FROM named ORDER BY name
  ON CONFLICT (name) DO UPDATE SET removed_at = NULL`;

// One statement: who is frozen or cut off while it writes holds no lock.
const COMMIT = `WITH moved AS (
    UPDATE forward_cursors SET event_id = coalesce($3::bigint, event_id),
      reprocessed_count = coalesce($4::bigint, reprocessed_count), succeeded_at = coalesce($5::bigint, succeeded_at),
      failing_since = CASE WHEN $5::bigint IS NULL THEN coalesce(failing_since, $6::bigint) ELSE $6::bigint END
    WHERE name = $1 AND generation = $2::bigint AND ${isTermSql("forward", "$10")}
    RETURNING name
  ), parked AS (
    INSERT INTO forward_parked (destination, event_id, attempts, due_at, problem, parked_at)
    SELECT name, "eventId", attempts, "dueAtMs", problem, $7::bigint FROM moved, json_to_recordset($8::text::json)
      AS failed ("eventId" bigint, attempts bigint, "dueAtMs" bigint, problem text)
    ON CONFLICT (destination, event_id) DO UPDATE
      SET attempts = excluded.attempts, due_at = excluded.due_at, problem = excluded.problem
  ), done AS (
    DELETE FROM forward_parked WHERE destination IN (SELECT name FROM moved)
      AND event_id IN (SELECT value::bigint FROM json_array_elements_text($9::text::json))
  )
  SELECT name FROM moved`;

const ANNOUNCE = `INSERT INTO forward_announcements (destination, conversation_id, erased_at, due_at)
  SELECT destination, id, $3::bigint, $3::bigint FROM json_array_elements_text($1::text::json) AS names (destination),
    json_array_elements_text($2::text::json) AS ids (id)
  ORDER BY 1, 2 ON CONFLICT DO NOTHING`;

const ANNOUNCED = `WITH announced AS (
    SELECT * FROM json_to_recordset($2::text::json) AS one ("conversationId" text, "dueAtMs" bigint)
  ), confirmed AS (
    DELETE FROM forward_announcements USING announced
    WHERE destination = $1 AND conversation_id = "conversationId" AND "dueAtMs" IS NULL
  )
  UPDATE forward_announcements SET attempts = attempts + 1, due_at = "dueAtMs" FROM announced
  WHERE destination = $1 AND conversation_id = "conversationId" AND "dueAtMs" IS NOT NULL`;

/** Has destinations told that conversations were erased, and returns how many. What waits already is announced once. */
export async function announceErased(
  query: Query,
  erased: { conversationIds: readonly string[]; names: readonly string[]; nowMs: number },
): Promise<number> {
  const { conversationIds, names, nowMs } = erased;
  if (names.length === 0 || conversationIds.length === 0) return 0;
  await query(ANNOUNCE, [JSON.stringify(names), JSON.stringify(conversationIds.map(cleanText)), nowMs]);
  return names.length;
}

/**
 * What all instances know of the destinations.
 *
 * @param term of the instance that forwards: with another one there now, nothing is committed; null: this one does not forward
 */
export function createForwardState(query: Query, term: number | null): ForwardState {
  const rowOf = async <Row>(...asked: Parameters<Query>): Promise<Row | null> =>
    (await query<Row>(...asked))[0] ?? null;

  return {
    cursors: () => query<ForwardCursor>(`${CURSORS} ORDER BY name`),
    cursor: (name) => rowOf<ForwardCursor>(`${CURSORS} WHERE name = $1`, [name]),

    async configure({ names, position, nowMs }) {
      const { eventId, reprocessedCount } = position;
      await query(CONFIGURE, [JSON.stringify(names), eventId, reprocessedCount, nowMs]);
    },

    async stop(name, reason) {
      const stopped = await query(
        "UPDATE forward_cursors SET stopped = $2 WHERE name = $1 AND stopped IS NULL RETURNING name",
        [name, reason],
      );
      return stopped.length > 0;
    },

    async replayFrom(name, { eventId, reprocessedCount }) {
      await query(
        `WITH unparked AS (DELETE FROM forward_parked WHERE destination = $1 AND event_id > $2::bigint)
         INSERT INTO forward_cursors AS known (name, event_id, reprocessed_count) VALUES ($1, $2::bigint, $3::bigint)
         ON CONFLICT (name) DO UPDATE SET event_id = excluded.event_id, reprocessed_count = excluded.reprocessed_count,
           generation = known.generation + 1, stopped = NULL, failing_since = NULL`,
        [name, eventId, reprocessedCount],
      );
    },

    async resume(name) {
      await query(
        "UPDATE forward_cursors SET stopped = NULL, failing_since = NULL, generation = generation + 1 WHERE name = $1",
        [name],
      );
    },

    async commitProgress(name, progress, nowMs) {
      const { generation, position, failed, done, succeededAtMs, failedAtMs } = progress;
      const values = [
        name,
        generation,
        position?.eventId ?? null,
        position?.reprocessedCount ?? null,
        succeededAtMs,
        failedAtMs,
        nowMs,
        JSON.stringify(failed),
        JSON.stringify(done),
        term,
      ];
      // Otherwise all of it is sent again. To write it twice, if the first answer was lost, changes nothing.
      return (await persist(() => query(COMMIT, values))).length > 0;
    },

    dueEvents: (name, nowMs, rowsMax) =>
      query<Parked>(
        `SELECT event_id AS "eventId", attempts, due_at AS "dueAtMs", problem FROM forward_parked
         WHERE destination = $1 AND due_at <= $2::bigint ORDER BY due_at LIMIT $3::bigint`,
        [name, nowMs, rowsMax],
      ),

    async countParked(name) {
      const counts = await rowOf<ParkedCounts>(
        `SELECT count(due_at) AS waiting, count(*) - count(due_at) AS dead FROM forward_parked WHERE destination = $1`,
        [name],
      );
      return counts ?? { waiting: 0, dead: 0 };
    },

    async reviveDead(name, nowMs) {
      const revived = await query(
        `UPDATE forward_parked SET attempts = 0, due_at = $2::bigint
         WHERE destination = $1 AND due_at IS NULL RETURNING event_id`,
        [name, nowMs],
      );
      return revived.length;
    },

    async forgetGone(name) {
      await query(
        `DELETE FROM forward_parked WHERE destination = $1
           AND NOT EXISTS (SELECT 1 FROM events WHERE events.id = forward_parked.event_id)`,
        [name],
      );
    },

    dueAnnouncements: (name, nowMs, rowsMax) =>
      query<Announcement>(
        `SELECT conversation_id AS "conversationId", erased_at AS "erasedAtMs", attempts FROM forward_announcements
         WHERE destination = $1 AND due_at <= $2::bigint ORDER BY due_at LIMIT $3::bigint`,
        [name, nowMs, rowsMax],
      ),

    async commitAnnounced(name, announced) {
      await query(ANNOUNCED, [name, JSON.stringify(announced)]);
    },

    async dropAnnouncements(names, nowMs) {
      await query(
        `DELETE FROM forward_announcements WHERE erased_at < $2::bigint - ${ANNOUNCED_MS_MAX}
           OR erased_at < $2::bigint - ${REPLACED_MS_MAX}
             AND destination NOT IN (SELECT value FROM json_array_elements_text($1::text::json))`,
        [JSON.stringify(names), nowMs],
      );
    },

    // The pages of a server are its own, and its log its provider's.
    clearTraces() {},
  };
}

/** Makes what another instance has under way count for nothing: to be called by the one that has just got the lease. */
export async function takeOver(query: Query): Promise<void> {
  await query("UPDATE forward_cursors SET generation = generation + 1");
}
