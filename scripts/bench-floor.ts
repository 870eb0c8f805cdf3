// The floor of scripts/bench: bare Bun.serve, HMAC, SHA-256, JSON.parse, one row an event, group commit, WAL with
// synchronous=FULL. No limits, nothing derived, no log.
import { Database } from "bun:sqlite";

const { ELEVENLABS_WEBHOOK_PORT, ELEVENLABS_WEBHOOK_SECRET = "", TRANSCRIPT_STORAGE_PATH } = process.env;
const database = new Database(TRANSCRIPT_STORAGE_PATH, { create: true });
for (const pragma of [
  "page_size = 8192",
  "journal_mode = WAL",
  "synchronous = FULL",
  "wal_autocheckpoint = 500",
]) {
  database.run(`PRAGMA ${pragma}`);
}
database.run(
  "CREATE TABLE events (id INTEGER PRIMARY KEY, type TEXT, conversation_id TEXT, received_at INTEGER, sha256 BLOB UNIQUE, payload TEXT) STRICT",
);
const insert = database.prepare(
  "INSERT INTO events (type, conversation_id, received_at, sha256, payload) VALUES (?, ?, ?, ?, CAST(? AS TEXT)) ON CONFLICT DO NOTHING",
);

type Waiting = {
  body: Uint8Array;
  sha256: Uint8Array;
  type: string;
  conversationId: string;
  stored: () => void;
};
let waiting: Waiting[] = [];

function commitAll(): void {
  const group = waiting;
  waiting = [];
  database.run("BEGIN IMMEDIATE");
  for (const { type, conversationId, sha256, body } of group)
    insert.run(type, conversationId, Date.now(), sha256, body);
  database.run("COMMIT");
  for (const { stored } of group) stored();
}

Bun.serve({
  hostname: "127.0.0.1",
  port: Number(ELEVENLABS_WEBHOOK_PORT),
  async fetch(request) {
    if (request.method === "GET") return Response.json({ status: "healthy" });
    const body = await request.bytes();
    const header = request.headers.get("elevenlabs-signature") ?? "";
    const comma = header.indexOf(",");
    const signature = new Bun.CryptoHasher("sha256", ELEVENLABS_WEBHOOK_SECRET);
    signature.update(`${header.slice(2, comma)}.`).update(body);
    if (signature.digest("hex") !== header.slice(comma + 4)) return new Response(null, { status: 401 });
    const sha256 = new Bun.CryptoHasher("sha256").update(body).digest();
    const event = JSON.parse(new TextDecoder().decode(body));
    await new Promise<void>((stored) => {
      waiting.push({ body, sha256, type: event.type, conversationId: event.data.conversation_id, stored });
      if (waiting.length === 1) setImmediate(commitAll);
    });
    return Response.json({ status: "received" });
  },
});
