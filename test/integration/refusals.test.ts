import { Database } from "bun:sqlite";
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { openTestApp } from "../helpers/app.ts";
import type { TestApp } from "../helpers/app.ts";
import { audio, sign, transcription } from "../helpers/deliveries.ts";

const BODIES_IN_FLIGHT_MAX = 1024;

let app: TestApp;

beforeEach(async () => {
  app = await openTestApp();
});

afterEach(() => app.close());

/** Starts again with other settings, on an empty folder. */
async function reopen(options: Parameters<typeof openTestApp>[0]): Promise<void> {
  await app.close();
  app = await openTestApp(options);
}

/** Delivers a body as a stream, as the runtime hands over what comes in chunks. */
async function postStream(body: ReadableStream<Uint8Array>, header: string, headers = {}) {
  const init = { method: "POST", headers: { "elevenlabs-signature": header, ...headers }, body };
  const response = await app.handle("/webhook", init);
  return { status: response.status, headers: response.headers, answer: await response.json() };
}

describe("a body over the limit", () => {
  const tooLarge = { status: 413, answer: { error: "Request body too large", code: "body_too_large" } };

  beforeEach(() => reopen({ config: { bodyBytesMax: 1024 } }));

  test("is refused by its announced length, unread", async () => {
    let pulled = 0;
    const stream = new ReadableStream<Uint8Array>({ pull: () => void (pulled += 1) }, { highWaterMark: 0 });
    const answer = await postStream(stream, sign("x"), { "content-length": "1025" });
    expect(answer).toMatchObject(tooLarge);
    expect(pulled).toBe(0);
  });

  test("is refused while it streams, before its end", async () => {
    const stream = new ReadableStream<Uint8Array>({ pull: (to) => to.enqueue(new Uint8Array(512)) });
    expect(await postStream(stream, sign("x"))).toMatchObject(tooLarge);
  });

  test("is one byte longer than what is accepted", async () => {
    const body = transcription("conv_1").padEnd(1024);
    expect((await app.post(body)).status).toBe(200);
    expect(await app.post(`${body} `)).toMatchObject(tooLarge);
  });
});

describe("a large body leaves nothing behind", () => {
  const large = transcription("conv_1").padEnd(600_000);

  afterEach(() => {
    expect(readdirSync(join(app.folder, "spool"))).toBeEmpty();
    expect(app.rows("SELECT id FROM events")).toBeEmpty();
  });

  test("when its signature does not hold", async () => {
    expect((await app.post(large, sign("another"))).status).toBe(401);
  });

  test("when it grows over the limit", async () => {
    await reopen({ config: { bodyBytesMax: 500_000 } });
    const stream = new ReadableStream<Uint8Array>({ pull: (to) => to.enqueue(new Uint8Array(100_000)) });
    expect((await postStream(stream, sign("x"))).status).toBe(413);
  });

  test("when its sender goes away", async () => {
    const parts = [large.slice(0, 300_000), large.slice(300_000, 500_000)];
    const stream = new ReadableStream<Uint8Array>({
      pull(to) {
        const part = parts.shift();
        if (part === undefined) to.error(new DOMException("The connection was closed.", "AbortError"));
        else to.enqueue(Buffer.from(part));
      },
    });
    expect(await postStream(stream, sign(large))).toMatchObject({
      status: 400,
      answer: { error: "Request body incomplete", code: "body_incomplete" },
    });
    await app.drain();
  });
});

describe("while there is no room for another delivery", () => {
  test("it waits until one of 1,024 bodies in flight has ended", async () => {
    const senders: ReadableStreamDefaultController<Uint8Array>[] = [];
    const header = sign("");
    const inFlight = Array.from({ length: BODIES_IN_FLIGHT_MAX }, () =>
      postStream(new ReadableStream<Uint8Array>({ start: (sender) => void senders.push(sender) }), header),
    );
    const waiting = app.post(transcription("conv_1"));
    await Bun.sleep(50);
    expect(Bun.peek.status(waiting)).toBe("pending");

    senders.shift()?.close();
    expect((await waiting).status).toBe(200);
    for (const sender of senders) sender.close();
    await Promise.all(inFlight);
  });

  test("it is told to come again when the disk is nearly full, and so says health", async () => {
    await reopen({ config: { freeDiskBytesMin: Number.MAX_SAFE_INTEGER } });
    const refused = await app.post(transcription("conv_1"));
    expect(refused).toMatchObject({
      status: 503,
      answer: { error: "Not enough free disk space", code: "disk_low" },
    });
    expect(refused.headers.get("retry-after")).toBe("60");
    const health = await app.handle("/health");
    expect(health.status).toBe(503);
    expect(await health.json()).toEqual({
      status: "unhealthy",
      service: "elevenlabs-webhook",
      reason: "disk_low",
    });
  });

  test("it is told to come again after the drain began, while those in flight are stored", async () => {
    let send: ReadableStreamDefaultController<Uint8Array> | null = null;
    const body = transcription("conv_1");
    const inFlight = postStream(
      new ReadableStream<Uint8Array>({ start: (sender) => void (send = sender) }),
      sign(body),
    );
    const drained = app.drain();
    const refused = await app.post(transcription("conv_2"));
    expect(refused).toMatchObject({ status: 503, answer: { error: "Shutting down", code: "shutting_down" } });
    expect(refused.headers.get("retry-after")).toBe("5");
    expect(await (await app.handle("/health")).json()).toMatchObject({ reason: "shutting_down" });

    finish(send, body);
    expect((await inFlight).status).toBe(200);
    await drained;
    expect(app.rows("SELECT conversation_id FROM events")).toEqual([{ conversation_id: "conv_1" }]);
  });
});

function finish(sender: ReadableStreamDefaultController<Uint8Array> | null, body: string): void {
  sender?.enqueue(Buffer.from(body));
  sender?.close();
}

describe("where storage fails, nothing is acknowledged", () => {
  const failed = { status: 500, answer: { error: "Internal server error", code: "storage_failed" } };

  test("a database that takes no event, until it does again", async () => {
    alterDatabase("ALTER TABLE events RENAME TO elsewhere");
    expect(await app.post(transcription("conv_1"))).toMatchObject(failed);
    const health = await app.handle("/health");
    expect(health.status).toBe(503);
    expect(await health.json()).toMatchObject({ status: "unhealthy", reason: "storage_failed" });

    alterDatabase("ALTER TABLE elsewhere RENAME TO events");
    expect((await app.handle("/health")).status).toBe(200);
    expect((await app.post(transcription("conv_1"))).status).toBe(200);
  });

  test("a folder of recordings that is gone", async () => {
    const folder = join(app.folder, "audio");
    renameSync(folder, `${folder}.old`);
    writeFileSync(folder, "");
    expect(await app.post(audio("conv_1", Buffer.from("recording")))).toMatchObject(failed);
    expect(app.rows("SELECT id FROM events")).toBeEmpty();
    // Once, not once more as a request that failed.
    expect(app.logLines.filter((line) => line.includes("ERROR"))).toEqual([
      expect.stringContaining(`Not stored: ${folder}`),
    ]);

    rmSync(folder);
    renameSync(`${folder}.old`, folder);
    expect((await app.post(audio("conv_1", Buffer.from("recording")))).status).toBe(200);
  });

  test("a folder for large bodies that can't be written, and health says so until it can", async () => {
    const folder = join(app.folder, "spool");
    rmSync(folder, { recursive: true });
    writeFileSync(folder, "");
    expect((await app.handle("/health")).status).toBe(200);
    expect(await app.post(transcription("conv_1").padEnd(300_000))).toMatchObject(failed);
    const health = await app.handle("/health");
    expect(health.status).toBe(503);
    expect(await health.json()).toMatchObject({ reason: "storage_failed" });

    rmSync(folder);
    expect((await app.handle("/health")).status).toBe(200);
    expect((await app.post(transcription("conv_1").padEnd(300_000))).status).toBe(200);
    expect(readdirSync(folder)).toBeEmpty();
  });
});

test("a folder for large bodies that is gone is made again", async () => {
  rmSync(join(app.folder, "spool"), { recursive: true });
  expect((await app.post(transcription("conv_1").padEnd(300_000))).status).toBe(200);
  expect((await app.handle("/health")).status).toBe(200);
  expect(readdirSync(join(app.folder, "spool"))).toBeEmpty();
});

function alterDatabase(sql: string): void {
  const database = new Database(app.config.databasePath);
  database.run(sql);
  database.close();
}

test("health says so where the folder of the recordings is gone", async () => {
  rmSync(join(app.folder, "audio"), { recursive: true });
  const health = await app.handle("/health");
  expect([health.status, await health.json()]).toEqual([
    503,
    { status: "unhealthy", service: "elevenlabs-webhook", reason: "storage_failed" },
  ]);
});
