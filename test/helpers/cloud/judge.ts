import { SQL } from "bun";
import type { Ceph } from "../ceph.ts";
import type { Acknowledged } from "./senders.ts";

/** What is wrong with what is stored: empty if nothing is. */
export type Verdict = { lost: string[]; doubled: string[]; damaged: string[] };

type ConversationRow = { id: string; audio_path: string | null; audio_sha256: string | null };

/** Compares what was acknowledged with Postgres and the bucket. */
export async function judge(options: {
  databaseUrl: string;
  ceph: Ceph;
  bucket: string;
  acknowledged: readonly Acknowledged[];
}): Promise<Verdict> {
  const { databaseUrl, ceph, bucket, acknowledged } = options;
  const sql = new SQL({ url: databaseUrl, max: 1 });
  const events: { conversation_id: string; type: string; body_sha256: string; status: string }[] =
    await sql.unsafe("SELECT conversation_id, type, body_sha256, status FROM events");
  const conversations: ConversationRow[] = await sql.unsafe(
    "SELECT conversation_id AS id, audio_path, audio_sha256 FROM conversations",
  );
  await sql.close();
  const stored = new Map(events.map((event) => [String(event.body_sha256), event]));
  const rows = new Map(conversations.map((row) => [row.id, row]));
  const objects = new Map(ceph.list(bucket).map(({ key, bytes }) => [key, bytes]));

  const lost = acknowledged.flatMap(({ conversationId, bodySha256, recordingSha256 }) => {
    const event = stored.get(bodySha256);
    if (event === undefined) return [`${conversationId}: no event`];
    if (event.status !== "processed") return [`${conversationId}: its event is ${event.status}`];
    const row = rows.get(conversationId);
    if (row === undefined) return [`${conversationId}: no conversation`];
    if (recordingSha256 === null) return [];
    if (row.audio_sha256 !== recordingSha256) return [`${conversationId}: its row names another recording`];
    return [...objects.keys()].some((key) => key.endsWith(`/${row.audio_path}`))
      ? []
      : [`${conversationId}: no object ${row.audio_path}`];
  });
  const seen = new Set<string>();
  const doubled = events.flatMap(({ conversation_id, type }) => {
    const key = `${conversation_id} ${type}`;
    if (seen.has(key)) return [key];
    seen.add(key);
    return [];
  });
  const damaged = conversations.flatMap(({ id, audio_path, audio_sha256 }) => {
    if (audio_path === null) return [];
    const key = [...objects.keys()].find((name) => name.endsWith(`/${audio_path}`));
    return key === undefined || ceph.sha256(bucket, key) !== audio_sha256 ? [`${id}: ${audio_path}`] : [];
  });
  return { lost, doubled, damaged };
}
