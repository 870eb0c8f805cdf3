import { Database } from "bun:sqlite";
import { afterAll, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, readdirSync } from "node:fs";
import { createConnection } from "node:net";
import { join } from "node:path";
import { audio, transcription } from "../helpers/deliveries.ts";
import { temporaryFolder } from "../helpers/folders.ts";
import { promtool } from "../helpers/promtool.ts";
import { isShared } from "../helpers/shared-store.ts";
import { quarantineIn } from "../helpers/quarantine.ts";
import { startReceiver } from "../helpers/receiver.ts";
import type { Receiver } from "../helpers/receiver.ts";

setDefaultTimeout(60_000);

const TOKEN = "0123456789abcdef0123456789abcdef";
const MIB = 1024 * 1024;
const headers = { authorization: `Bearer ${TOKEN}` };

type Feed = { events: { id: number; conversation_id: string }[]; next_after: number };

const start = (folder = temporaryFolder()) => startReceiver({ environment: { API_TOKEN: TOKEN }, folder });

const get = (receiver: Receiver, path: string) => fetch(`${receiver.url}${path}`, { headers });

/** Transactions that are open although nobody asks anything. */
function leftOpen({ folder, rows }: Receiver): number {
  if (isShared) {
    const sql = `SELECT 1 AS one FROM pg_stat_activity
      WHERE datname = current_database() AND state LIKE 'idle in transaction%'`;
    return rows(sql).length;
  }
  const database = new Database(join(folder, "transcripts.sqlite"));
  try {
    const [row] = database.query<{ busy: number }, []>("PRAGMA wal_checkpoint(TRUNCATE)").all();
    return row?.busy ?? 1;
  } finally {
    database.close();
  }
}

const receiver = await start();
afterAll(() => receiver.stop());

async function feed(after: number): Promise<Feed> {
  const response = await get(receiver, `/events?after=${after}&limit=100`);
  // The integration tests look at all of its members.
  return (await response.json()) as Feed;
}

test("a follower of the feed sees every event once and in order, while they arrive", async () => {
  const ids = Array.from({ length: 600 }, (_, index) => `conv_${index}`);
  const deliveries = Promise.all(ids.map((id) => receiver.post(transcription(id))));
  const seen: Feed["events"] = [];
  for (let after = 0; seen.length < ids.length;) {
    const { events, next_after: next } = await feed(after);
    seen.push(...events);
    after = next;
  }
  await deliveries;
  const places = seen.map(({ id }) => id);
  expect(places).toEqual([...new Set(places)].toSorted((a, b) => a - b));
  expect(seen.map((event) => event.conversation_id).toSorted()).toEqual(ids.toSorted());
});

test("a payload comes as it was delivered", async () => {
  const body = transcription("conv_payload", { filler: "ü€🎧".repeat(300_000) });
  await receiver.post(body);
  const [{ id } = { id: 0 }] = receiver.rows<{ id: number }>("SELECT max(id) AS id FROM events");
  const response = await get(receiver, `/events/${id}/payload`);
  expect(await response.text()).toBe(body);
});

test("an export of many rows stays small, waits for a slow client, and ends with one that hangs up", async () => {
  receiver.execute({
    sqlite: `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000)
      INSERT INTO conversations (conversation_id, summary, updated_at)
      SELECT printf('conv_many_%06d', i), printf('%.1000c', 'x'), 1 FROM n`,
    postgres: `INSERT INTO conversations (conversation_id, summary, updated_at)
      SELECT 'conv_many_' || lpad(i::text, 6, '0'), repeat('x', 1000), 1 FROM generate_series(1, 100000) AS i`,
  });

  let rows = 0;
  const { body } = await get(receiver, "/export?format=csv");
  for await (const piece of body ?? []) rows += Buffer.from(piece).toString("latin1").split("\n").length - 1;
  expect(rows).toBe(1 + 600 + 1 + 100_000);

  const before = receiver.memoryBytes();
  const stalled = Array.from({ length: 8 }, () => {
    const socket = createConnection(receiver.port, "127.0.0.1");
    socket.once("data", () => socket.pause());
    socket.write(`GET /export HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${TOKEN}\r\n\r\n`);
    return socket;
  });
  await Bun.sleep(1000);
  // Each of these answers has 110 MB.
  expect(receiver.memoryBytes() - before).toBeLessThan(150 * MIB);
  expect((await receiver.post(transcription("conv_meanwhile"))).status).toBe(200);
  expect((await get(receiver, "/call-failures")).status).toBe(200);
  for (const socket of stalled) socket.destroy();
  // No read transaction is left open: of SQLite the log can be copied back.
  while (leftOpen(receiver) > 0) await Bun.sleep(100);
  expect(receiver.peakMemoryBytes()).toBeLessThan(400 * MIB);
});

test("what was quarantined is processed, however often the program is killed meanwhile", async () => {
  const COUNT = 120;
  const recording = Buffer.alloc(1_200_000, "recording");
  let killed = await start();
  const { folder } = killed;
  for (let index = 0; index < COUNT; index += 1) {
    const body = index % 4 === 0 ? audio(`conv_${index}`, recording) : transcription(`conv_${index}`);
    await quarantineIn(killed, body);
  }
  const count = (status: string) =>
    killed.rows<{ n: number }>("SELECT count(*) AS n FROM events WHERE status = ?", status)[0]?.n ?? 0;
  const reprocess = () => fetch(`${killed.url}/events/reprocess`, { method: "POST", headers });

  let kills = 0;
  for (let done = 0; done < COUNT - 20; done = count("processed")) {
    const answer = reprocess().catch(() => null);
    while (count("processed") < done + 15) await Bun.sleep(1);
    await killed.stop({ signal: "SIGKILL", keepFolder: true });
    await answer;
    kills += 1;
    killed = await start(folder);
    if (!isShared) expect(killed.rows("PRAGMA integrity_check")).toEqual([{ integrity_check: "ok" }]);
    expect(count("processed") + count("quarantined")).toBe(COUNT);
  }
  expect(kills).toBeGreaterThan(2);

  const answer = await (await reprocess()).json();
  expect(answer).toMatchObject({ quarantined: 0, reasons: [] });
  expect(killed.rows("SELECT count(*) AS n FROM conversations WHERE turn_count = 1")).toEqual([{ n: 90 }]);
  expect(killed.rows("SELECT count(*) AS n FROM conversations WHERE audio_bytes = 1200000")).toEqual([
    { n: 30 },
  ]);
  const recordings = await killed.recordingNames();
  expect(recordings).toHaveLength(30);
  for (const name of recordings)
    expect(Buffer.from(await killed.recording(name)).equals(recording)).toBe(true);
  expect(existsSync(join(folder, "quarantine")) ? readdirSync(join(folder, "quarantine")) : []).toEqual([]);
  await killed.stop();
});

test("metrics are there where there is a token, as promtool wants them", async () => {
  const response = await get(receiver, "/metrics");
  const text = await response.text();
  expect(response.headers.get("content-type")).toStartWith("text/plain; version=0.0.4");
  expect(text).toMatch(/^elevenlabs_webhook_deliveries_total\{outcome="stored"\} 60\d$/m);
  if (promtool === null) return;
  const checked = Bun.spawnSync([promtool, "check", "metrics"], { stdin: Buffer.from(text) });
  expect(`${checked.stdout}${checked.stderr}`).toBe("");
});
