import { pathsOfRecording, readPath, stemOf } from "../../model/recording.ts";
import { createLimit } from "../../platform/limit.ts";
import type { Objects } from "../objects/objects.ts";
import type { Blobs, Eraser } from "../port.ts";
import { sha256Of } from "../sqlite/erasures.ts";
import { AUDIO_AGE, ageOf, dueConversations, dueEvents, wholeMs } from "./due.ts";
import { numbersSql, textsSql } from "./lists.ts";
import type { Pool, Query } from "./pool.ts";
import { storedId } from "./text.ts";
import { inWriteLock } from "./lock-holder.ts";

/** Each takes a bucket some tens of milliseconds. */
const ERASED_AT_ONCE_MAX = 8;

/** Writes tombstones of the conversations that a query before it, `old`, gives with their hashes. */
const WRITE_TOMBSTONES = `
  INSERT INTO erasures (conversation_sha256, erased_at, conversation_id)
  SELECT sha256, $2::bigint, id FROM old
  ON CONFLICT (conversation_sha256) DO UPDATE
  SET erased_at = excluded.erased_at, conversation_id = excluded.conversation_id, is_complete = 0
  RETURNING conversation_id AS id`;
const ASKED = "json_to_recordset($1::json) AS asked (id text, sha256 text)";
const IDS = textsSql("$1");
const EVENT_IDS = numbersSql("$1");
const IS_UNFINISHED = `EXISTS (
  SELECT 1 FROM erasures WHERE erasures.conversation_sha256 = asked.sha256 AND is_complete = 0)`;
const HAS_ROWS = ["conversations", "events", "recovery_pending"]
  .map((table) => `EXISTS (SELECT 1 FROM ${table} WHERE conversation_id = asked.id)`)
  .join(" OR ");

/** One statement, so that nobody waits longer than for that. What the search has of them goes with `conversations`. */
const DELETE_ROWS = `
  WITH failures AS (
    DELETE FROM call_failures USING events
    WHERE events.id = call_failures.event_id AND events.conversation_id = ANY(${IDS})
  ), conversation AS (DELETE FROM conversations WHERE conversation_id = ANY(${IDS})
  ), pending AS (DELETE FROM recovery_pending WHERE conversation_id = ANY(${IDS}))
  DELETE FROM events WHERE conversation_id = ANY(${IDS})`;

/** What names objects of conversations: of an event its body and the two times that a recording's name comes from. */
const NAMED = `
  SELECT conversation_id AS id, payload_path AS body, NULL AS recording, event_timestamp AS "eventTimestamp",
    received_at AS "receivedAtMs"
  FROM events WHERE conversation_id = ANY(${IDS})
  UNION ALL
  SELECT conversation_id, NULL, audio_path, NULL, NULL FROM conversations
  WHERE conversation_id = ANY(${IDS}) AND audio_path IS NOT NULL`;

type NamedRow = {
  id: string;
  body: string | null;
  recording: string | null;
  eventTimestamp: number | null;
  receivedAtMs: number | null;
};

/** Objects of one conversation; recordings that no row names have names that begin with one of the prefixes. */
type Named = { bodies: Set<string>; recordings: Set<string>; prefixes: Set<string> };

/**
 * Erases conversations from the tables and their objects from the bucket, whichever instance stored them. When that is done,
 * no query of anybody finds them. It promises less than SQLite's: what the server keeps of deleted rows until it vacuums, its
 * log, its replicas and backups, and earlier versions of objects are the provider's to clear.
 *
 * Whatever writes rows holds the same lock and looks for a tombstone after it has got it: of a conversation whose erasure
 * was begun no row comes any more, and an object that another instance is uploading goes when it wants to enter its row.
 */
export function createEraser(options: {
  pool: Pool;
  bodies: Blobs;
  recordings: Blobs;
  pages: Objects["pages"];
  /** Whether an event of a conversation is being stored at this moment, by this instance. */
  isHeld: (conversationId: string) => boolean;
}): Eraser {
  const { pool, bodies, recordings, pages, isHeld } = options;
  const limit = createLimit(ERASED_AT_ONCE_MAX);
  /** Of events without a conversation no tombstone tells that `finish` has to follow. */
  let isAnyEventErased = false;

  /** Takes those for which the work fails out. */
  async function eraseEach<Key>(keys: readonly Key[], work: (key: Key) => Promise<unknown>) {
    const erased: Key[] = [];
    const failures: unknown[] = [];
    const settled = await Promise.allSettled(keys.map((key) => limit(() => work(key))));
    for (const [index, key] of keys.entries()) {
      const one = settled[index];
      if (one?.status === "rejected") failures.push(one.reason);
      else erased.push(key);
    }
    return { erased, failures };
  }

  /** The recordings of a conversation that are in the bucket, among those of the days of its events. */
  async function recordingsOf(id: string, { prefixes }: Named, beforeMs = Infinity): Promise<string[]> {
    const stem = stemOf(id);
    const isOurs = (name: string): boolean => {
      const path = readPath(name);
      return path.stem === stem || path.second?.stemOfFirst === stem;
    };
    const found: string[] = [];
    for (const prefix of prefixes) {
      for await (const page of pages("recordings", prefix)) {
        const ours = page.filter(({ name, modifiedAtMs }) => modifiedAtMs < beforeMs && isOurs(name));
        found.push(...ours.map(({ name }) => name));
      }
    }
    return found;
  }

  return {
    async unfinished() {
      const rows = await pool.query<{ id: string }>(
        "SELECT conversation_id AS id FROM erasures WHERE is_complete = 0 AND conversation_id IS NOT NULL",
      );
      return rows.map(({ id }) => id);
    },

    async begin(conversationId, nowMs) {
      const id = storedId(conversationId);
      if (id === null) return false;
      const begun = await inWriteLock(pool, (query) =>
        query(
          `WITH old AS (SELECT id, sha256 FROM ${ASKED} WHERE ${HAS_ROWS} OR ${IS_UNFINISHED}) ${WRITE_TOMBSTONES}`,
          [askedOf([id]), wholeMs(nowMs)],
        ),
      );
      return begun.length > 0;
    },

    async beginOld(conversationIds, beforeMs, nowMs) {
      const begun = await inWriteLock(pool, (query) => {
        const ids = conversationIds.filter((id) => !isHeld(id));
        return query<{ id: string }>(
          `WITH old AS (
             SELECT id, sha256 FROM ${ASKED} WHERE NOT ${IS_UNFINISHED} AND ${ageOf("asked.id")} < $3::bigint
           ) ${WRITE_TOMBSTONES}`,
          [askedOf(ids), wholeMs(nowMs), wholeMs(beforeMs)],
        );
      });
      const ids = new Set(begun.map(({ id }) => id));
      return conversationIds.filter((id) => ids.has(id));
    },

    async erase(conversationIds) {
      const ids = storedIds(conversationIds);
      // Under the lock, once all are in their rows that came before the tombstone.
      const named = await inWriteLock(pool, (query) => namedBy(query, ids));
      const done = await eraseEach(ids, async (id) => {
        const one = named(id);
        // Objects first: as long as a row names them they can be found again.
        for (const name of one.bodies) await bodies.remove(name);
        for (const name of new Set([...one.recordings, ...(await recordingsOf(id, one))]))
          await recordings.remove(name);
      });
      await inWriteLock(pool, (query) => query(DELETE_ROWS, [JSON.stringify(done.erased)]));
      return done;
    },

    async forget(conversationIds) {
      await inWriteLock(pool, (query) =>
        query(`UPDATE erasures SET conversation_id = NULL WHERE conversation_sha256 = ANY(${IDS})`, [
          JSON.stringify(storedIds(conversationIds).map(sha256Of)),
        ]),
      );
    },

    async areTracesLeft() {
      const [row] = await pool.query<{ isLeft: boolean }>(
        `SELECT EXISTS (
           SELECT 1 FROM erasures WHERE is_complete = 0 AND conversation_id IS NULL) AS "isLeft"`,
      );
      return isAnyEventErased || row?.isLeft === true;
    },

    /** Nothing but to say so: what the server keeps of deleted rows can't be cleared by a client. */
    async finish() {
      await inWriteLock(pool, (query) =>
        query("UPDATE erasures SET is_complete = 1 WHERE is_complete = 0 AND conversation_id IS NULL"),
      );
      isAnyEventErased = false;
    },

    async eraseRecordings(conversationIds, beforeMs) {
      const due = await pool.query<{ id: string; path: string }>(
        `SELECT conversation_id AS id, audio_path AS path FROM conversations
         WHERE conversation_id = ANY(${IDS}) AND audio_path IS NOT NULL AND ${AUDIO_AGE} < $2::bigint`,
        [JSON.stringify(storedIds(conversationIds)), wholeMs(beforeMs)],
      );
      const paths = new Map(due.filter(({ id }) => !isHeld(id)).map(({ id, path }) => [id, path]));
      const ids = conversationIds.filter((id) => paths.has(id));
      const named = await namedBy(pool.query, ids);
      const done = await eraseEach(ids, async (id) => {
        // A younger one may be on its way to its row.
        const others = await recordingsOf(id, named(id), beforeMs);
        for (const name of new Set([paths.get(id) ?? "", ...others])) await recordings.remove(name);
      });
      await inWriteLock(pool, (query) =>
        query(
          `UPDATE conversations
           SET audio_path = NULL, audio_bytes = NULL, audio_sha256 = NULL, audio_received_at = NULL
           FROM json_to_recordset($1::json) AS erased (id text, path text)
           WHERE conversation_id = erased.id AND audio_path = erased.path`,
          [JSON.stringify(done.erased.map((id) => ({ id, path: paths.get(id) })))],
        ),
      );
      return done;
    },

    async eraseEvents(eventIds) {
      const lone = await loneEvents(pool.query, eventIds);
      const done = await eraseEach([...lone.keys()], async (id) => {
        const path = lone.get(id) ?? null;
        if (path !== null) await bodies.remove(path);
      });
      await inWriteLock(pool, async (query) => {
        const ids = [JSON.stringify(done.erased)];
        await query(`DELETE FROM call_failures WHERE event_id = ANY(${EVENT_IDS})`, ids);
        await query(`DELETE FROM events WHERE id = ANY(${EVENT_IDS}) AND conversation_id IS NULL`, ids);
      });
      isAnyEventErased ||= done.erased.length > 0;
      return done;
    },

    dueConversations: (afterRow, limits) => dueConversations(pool.query, afterRow, limits),
    dueEvents: (after, beforeMs) => dueEvents(pool.query, after, beforeMs),
  };
}

/** Those of some events that belong to no conversation, with the body that no other event holds. */
async function loneEvents(query: Query, ids: readonly number[]): Promise<Map<number, string | null>> {
  const rows = await query<{ id: number; path: string | null }>(
    `SELECT id, CASE WHEN NOT EXISTS (
         SELECT 1 FROM events AS other WHERE other.payload_path = events.payload_path AND other.id <> events.id)
       THEN payload_path END AS path
     FROM events WHERE id = ANY(${EVENT_IDS}) AND conversation_id IS NULL ORDER BY id`,
    [JSON.stringify(ids)],
  );
  return new Map(rows.map(({ id, path }) => [id, path]));
}

/** Conversations with the hashes of their ids, as JSON. */
function askedOf(ids: readonly string[]): string {
  return JSON.stringify(ids.map((id) => ({ id, sha256: sha256Of(id) })));
}

function storedIds(conversationIds: readonly string[]): string[] {
  return conversationIds.flatMap((id) => storedId(id) ?? []);
}

/** What names the objects of conversations, one by one. */
async function namedBy(query: Query, ids: readonly string[]): Promise<(id: string) => Named> {
  const none = (): Named => ({ bodies: new Set(), recordings: new Set(), prefixes: new Set() });
  const all = new Map<string, Named>();
  for (const { id, body, recording, eventTimestamp, receivedAtMs } of await query<NamedRow>(NAMED, [
    JSON.stringify(ids),
  ])) {
    const one = all.get(id) ?? none();
    all.set(id, one);
    if (body !== null) one.bodies.add(body);
    if (recording !== null) one.recordings.add(recording);
    if (receivedAtMs === null) continue;
    const about = { conversationId: id, sha256: "", eventTimestamp, receivedAtMs };
    one.prefixes.add(pathsOfRecording(about)[0].slice(0, -".mp3".length));
  }
  return (id) => all.get(id) ?? none();
}
