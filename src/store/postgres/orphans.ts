import { sha256OfBodyPath } from "../../model/body.ts";
import { conversationOf } from "../../model/recording.ts";
import type { Recording } from "../../model/recording.ts";
import { faultText } from "../../platform/faults.ts";
import type { Log } from "../../platform/log.ts";
import type { RecordOfLeftBody } from "../port.ts";
import type { ObjectFacts } from "../objects/dialect.ts";
import type { Objects } from "../objects/objects.ts";
import { sha256Of } from "../sqlite/erasures.ts";
import { claimBucket } from "./bucket-owner.ts";
import { leadOnce } from "./leader.ts";
import { textsSql } from "./lists.ts";
import type { Pool } from "./pool.ts";
import { inWriteLock } from "./lock-holder.ts";
import { insertAll } from "./rows.ts";
import { getFact, setFact } from "./state.ts";
import { storedId } from "./text.ts";

/** A younger object may be on its way to its row, by an instance that is at work. */
const AGE_MS_MIN = 10 * 60_000;
/** With the age and the time between runs, at most an hour goes by. */
const LOOK_EVERY_MS = 10 * 60_000;
const RUN_EVERY_MS = 40 * 60_000;
/** The whole hash, which a bucket has proven, stands at the end of the name. */
const HASH_IN_NAME = /-([0-9a-f]{64})\.mp3$/;

export type OrphanOptions = {
  pool: Pool;
  objects: Objects;
  /** Whether new recordings are stored. */
  storesRecordings: boolean;
  recordOfLeftBody: RecordOfLeftBody;
  log: Log;
};

/** What was done with objects that have no row. */
export type OrphanCounts = { adopted: number; removed: number };

/**
 * Gives their rows to objects that a stop has left without, within an hour, in one instance at a time.
 *
 * @returns ends it, and resolves when nothing is looked for any more
 */
export function startOrphans(options: OrphanOptions): () => Promise<void> {
  const { pool, objects, log } = options;
  const ending = new AbortController();
  let running: Promise<unknown> = run();
  const timer = setInterval(() => (running = run()), LOOK_EVERY_MS).unref();
  return async () => {
    ending.abort();
    clearInterval(timer);
    await running;
  };

  async function run(): Promise<void> {
    try {
      await leadOnce({ pool, role: "orphans", signal: ending.signal }, ({ signal }) => runIfDue(signal));
    } catch (error) {
      log.error(`Objects without rows are looked for again in 10 minutes: ${faultText(error)}`);
    }
  }

  async function runIfDue(signal: AbortSignal): Promise<void> {
    const nowMs = Date.now();
    const lastMs = Number((await getFact(pool.query, "orphans_sought_at")) ?? 0);
    if (nowMs < lastMs + RUN_EVERY_MS && nowMs > lastMs) return;
    await claimBucket({ pool, objects, takesOver: false, log });
    await recoverOrphans({ ...options, beforeMs: nowMs - AGE_MS_MIN, signal });
    if (!signal.aborted) await setFact(pool.query, "orphans_sought_at", String(nowMs));
  }
}

/**
 * Gives their rows to objects that have none and are older than a moment, in Unix ms; those of erased conversations, and
 * bodies that have been processed since, go. A recording is never removed otherwise. One object that fails does not keep the
 * others from it: the next run tries again.
 */
export async function recoverOrphans(
  options: OrphanOptions & { beforeMs: number; signal: AbortSignal },
): Promise<OrphanCounts> {
  const { pool, objects, storesRecordings, log, beforeMs, signal } = options;
  const { bodies, recordings, pages } = objects;
  const counts: OrphanCounts = { adopted: 0, removed: 0 };

  async function attempt(one: () => Promise<keyof OrphanCounts | null>): Promise<void> {
    try {
      const done = await one();
      if (done !== null) counts[done] += 1;
    } catch (error) {
      log.error(`An object could not be put in order, the next run tries again: ${faultText(error)}`);
    }
  }

  /** Those of a kind that no row names. */
  async function* orphans(kind: "bodies" | "recordings", sql: string): AsyncGenerator<ObjectFacts> {
    for await (const page of pages(kind)) {
      const old = page.filter(({ modifiedAtMs }) => modifiedAtMs < beforeMs);
      const names = old.map(({ name }) => name);
      const rows = names.length === 0 ? [] : await pool.query<{ name: string }>(sql, [JSON.stringify(names)]);
      const named = new Set(rows.map(({ name }) => name));
      for (const object of old) {
        if (signal.aborted) return;
        if (!named.has(object.name)) yield object;
      }
    }
  }

  async function recoverBody({ name, byteCount, modifiedAtMs }: ObjectFacts) {
    const bodySha256 = sha256OfBodyPath(name);
    if (bodySha256 === null) return null;
    const blob = await bodies.open(name);
    if (blob === null) return null;
    const about = { blob, payloadPath: name, bodySha256, bodyBytes: byteCount, receivedAtMs: modifiedAtMs };
    const record = await options.recordOfLeftBody(about);
    const [outcome] = await inWriteLock(pool, (query) => insertAll(query, [record]));
    // Stored already: a stop between the commit that says so and the removal leaves it.
    if (outcome === undefined || outcome === "erased" || outcome.isDuplicate) {
      await bodies.remove(name);
      return "removed";
    }
    log.warning("A body without a row was given one", { path: name, bytes: byteCount });
    return "adopted";
  }

  async function recoverRecording({ name, byteCount, modifiedAtMs }: ObjectFacts) {
    const sha256 = HASH_IN_NAME.exec(name)?.[1];
    if (sha256 === undefined) return null;
    const conversation = conversationOf(name, sha256);
    const isKnown = "conversationId" in conversation;
    const hash = isKnown ? sha256Of(conversation.conversationId) : conversation.conversationSha256;
    if (await isHashErased(pool, hash)) {
      await recordings.remove(name);
      return "removed";
    }
    if (!isKnown) {
      log.warning("A recording without a row can't be adopted: its name does not tell the conversation", {
        path: name,
      });
      return null;
    }
    const { conversationId } = conversation;
    const recording = { path: name, byteCount, sha256 };
    // It stays beside a newer one of its conversation.
    if (!(await adoptRecording(pool, conversationId, recording, modifiedAtMs))) return null;
    log.warning("A recording without a row was adopted", {
      conversation: conversationId,
      path: name,
      bytes: byteCount,
    });
    return "adopted";
  }

  const namedBodies = `SELECT payload_path AS name FROM events WHERE payload_path = ANY(${textsSql("$1")})`;
  for await (const orphan of orphans("bodies", namedBodies)) await attempt(() => recoverBody(orphan));
  if (!storesRecordings) return counts;
  const namedRecordings = `SELECT audio_path AS name FROM conversations WHERE audio_path = ANY(${textsSql("$1")})`;
  for await (const orphan of orphans("recordings", namedRecordings))
    await attempt(() => recoverRecording(orphan));
  return counts;
}

/**
 * Enters a recording that no event names.
 *
 * @returns false if the conversation has another one, or was erased
 */
export async function adoptRecording(
  pool: Pool,
  conversationId: string,
  { path, byteCount, sha256 }: Recording,
  receivedAtMs: number,
): Promise<boolean> {
  const id = storedId(conversationId);
  if (id === null) return false;
  const adopted = await inWriteLock(pool, (query) =>
    query(
      `INSERT INTO conversations
         (conversation_id, audio_path, audio_bytes, audio_sha256, audio_received_at, updated_at)
       SELECT $1, $2, $3::bigint, $4, $5::bigint, $6::bigint
       WHERE NOT EXISTS (SELECT 1 FROM erasures WHERE conversation_sha256 = $7)
       ON CONFLICT (conversation_id) DO UPDATE
       SET audio_path = excluded.audio_path, audio_bytes = excluded.audio_bytes, audio_sha256 = excluded.audio_sha256,
         audio_received_at = excluded.audio_received_at, updated_at = excluded.updated_at
       WHERE conversations.audio_path IS NULL
       RETURNING 1 AS one`,
      [id, path, byteCount, sha256, receivedAtMs, Date.now(), sha256Of(id)],
    ),
  );
  return adopted.length > 0;
}

async function isHashErased({ query }: Pool, conversationSha256: string): Promise<boolean> {
  const sql = "SELECT 1 AS one FROM erasures WHERE conversation_sha256 = $1";
  return (await query(sql, [conversationSha256])).length > 0;
}
