import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { audio, fixture, sign, transcription } from "../helpers/deliveries.ts";
import { openRaw, requestHead } from "../helpers/raw.ts";
import { startReceiver } from "../helpers/receiver.ts";
import type { Receiver } from "../helpers/receiver.ts";
import { namesBesideMark } from "../helpers/folders.ts";

/** Sends all of a delivery but the end of its body. */
async function sendHalf(receiver: Receiver, body: string) {
  const connection = await openRaw(receiver.port);
  const headers = { "ElevenLabs-Signature": sign(body), "Content-Length": String(body.length) };
  await connection.write(requestHead(headers) + body.slice(0, 50));
  // What came before an answered request has been seen: by now it is in flight.
  await (await fetch(`${receiver.url}/health`)).text();
  return connection;
}

async function untilOutput(receiver: Receiver, text: string): Promise<void> {
  while (!receiver.output().includes(text)) await Bun.sleep(10);
}

const idsStored = (path: string) => {
  const database = new Database(path, { readonly: true });
  try {
    return database.query<{ id: string }, []>("SELECT conversation_id AS id FROM events").all();
  } finally {
    database.close();
  }
};

test.each(["SIGTERM", "SIGINT"] as const)("finishes what is in flight at %s, then ends", async (signal) => {
  const receiver = await startReceiver();
  const idle = await openRaw(receiver.port);
  await idle.write(requestHead({}, "GET /health HTTP/1.1"));
  await idle.response();
  const silent = await openRaw(receiver.port);

  const body = transcription("conv_in_flight");
  const halfSent = await sendHalf(receiver, body);
  await receiver.post(transcription("conv_before"));
  receiver.child.kill(signal);
  await untilOutput(receiver, "Stopping");
  await expect(fetch(`${receiver.url}/health`)).rejects.toThrow();
  expect(receiver.child.exitCode).toBeNull();

  await halfSent.write(body.slice(50));
  expect(await halfSent.response()).toMatchObject({ status: 200, body: '{"status":"received"}' });
  expect(await receiver.child.exited).toBe(0);
  for (const connection of [idle, silent, halfSent]) connection.close();

  const database = join(receiver.folder, "transcripts.sqlite");
  const left = readdirSync(receiver.folder).toSorted();
  expect(left).toEqual(["audio", "spool", "transcripts.sqlite", "transcripts.sqlite.lock"]);
  expect(readdirSync(join(receiver.folder, "spool"))).toEqual([]);
  expect(idsStored(database)).toEqual([{ id: "conv_before" }, { id: "conv_in_flight" }]);
});

test("sends a delivery that begins during the stop away, to come back later", async () => {
  const receiver = await startReceiver();
  const body = transcription("conv_early");
  const halfSent = await sendHalf(receiver, body);
  const late = transcription("conv_late");
  const head = requestHead({ "ElevenLabs-Signature": sign(late), "Content-Length": String(late.length) });
  const begun = await openRaw(receiver.port);
  await begun.write(head.slice(0, 60));
  await receiver.post(transcription("conv_before"));

  receiver.child.kill("SIGTERM");
  await untilOutput(receiver, "Stopping");
  await begun.write(head.slice(60) + late);
  const { status, headers, body: answer } = await begun.response();
  expect([status, answer]).toEqual([503, '{"error":"Shutting down","code":"shutting_down"}']);
  expect(Number(headers.get("retry-after"))).toBeGreaterThan(0);

  await halfSent.write(body.slice(50));
  expect(await halfSent.response()).toMatchObject({ status: 200 });
  expect(await receiver.child.exited).toBe(0);
  for (const connection of [begun, halfSent]) connection.close();
});

test("ends at once at a second signal", async () => {
  const receiver = await startReceiver();
  const halfSent = await sendHalf(receiver, transcription("conv_never"));
  receiver.child.kill("SIGTERM");
  await untilOutput(receiver, "Stopping");
  expect(receiver.child.exitCode).toBeNull();
  receiver.child.kill("SIGTERM");
  expect(await receiver.child.exited).toBe(1);
  halfSent.close();
});

test("has everything that it acknowledged after it was killed in the middle of it", async () => {
  const recording = fixture("tone.mp3");
  const before = await startReceiver();
  const transcripts: string[] = [];
  const recordings: string[] = [];
  const deliver = async (index: number) => {
    const id = `conv_${index}`;
    const [body, acknowledged] =
      index % 4 === 0 ? [audio(id, recording), recordings] : [transcription(id), transcripts];
    const answered = await before.post(body).catch(() => null);
    if (answered?.status === 200) acknowledged.push(id);
    if (recordings.length === 30) before.child.kill("SIGKILL");
  };
  await Promise.all(Array.from({ length: 400 }, (_, index) => deliver(index)));
  await before.stop({ signal: "SIGKILL", keepFolder: true });
  expect(transcripts.length).toBeGreaterThan(0);
  expect(recordings.length).toBeGreaterThanOrEqual(30);
  expect(existsSync(join(before.folder, "transcripts.sqlite.running"))).toBe(true);

  const after = await startReceiver({ folder: before.folder });
  const ids = (sql: string) => after.rows<{ id: string }>(sql).map(({ id }) => id);
  const stored = ids("SELECT conversation_id AS id FROM conversations WHERE turn_count = 1");
  expect(stored).toEqual(expect.arrayContaining(transcripts));
  const recorded = ids("SELECT conversation_id AS id FROM conversations WHERE audio_path IS NOT NULL");
  expect(recorded).toEqual(expect.arrayContaining(recordings));
  for (const id of recorded) {
    const path = join(after.folder, "audio/2026/11/02", `${id}.mp3`);
    expect(await Bun.file(path).bytes()).toEqual(new Uint8Array(recording));
  }
  expect(namesBesideMark(join(after.folder, "audio"))).toEqual(["2026"]);
  expect((await after.post(transcription("conv_0"))).status).toBe(200);
  expect(await after.stop()).toBe(0);
});

test("removes the temporary files that a kill left behind, and no others", async () => {
  const killed = await startReceiver();
  const { folder } = killed;
  writeFileSync(join(folder, "audio", "notes.txt"), "not ours");
  const body = audio("conv_killed", Buffer.alloc(1_000_000));
  const connection = await openRaw(killed.port);
  const headers = { "ElevenLabs-Signature": sign(body), "Content-Length": String(body.length) };
  await connection.write(requestHead(headers) + body.slice(0, 700_000));
  while (readdirSync(join(folder, "spool")).length === 0) await Bun.sleep(10);
  await killed.stop({ signal: "SIGKILL", keepFolder: true });
  connection.close();

  const receiver = await startReceiver({ folder });
  expect(readdirSync(join(folder, "spool"))).toEqual([]);
  expect(namesBesideMark(join(folder, "audio"))).toEqual(["notes.txt"]);
  await receiver.stop();
});
