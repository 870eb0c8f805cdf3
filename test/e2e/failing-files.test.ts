import { afterEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { audio, transcription } from "../helpers/deliveries.ts";
import { EXECUTABLE, startReceiver } from "../helpers/receiver.ts";
import type { Receiver } from "../helpers/receiver.ts";
import { canTraceFor, inject } from "../helpers/strace.ts";

setDefaultTimeout(60_000);

const TOKEN = "0123456789abcdef".repeat(4);
const UNLINK = "unlink,unlinkat";
const FLUSH = "fsync,fdatasync";
const LARGE_BYTES = 600_000;
const BROKEN_BODY = "x".repeat(1_100_000);
/** Of the day of `audio`. */
const DAY = "audio/2026/11/02";

const isTraced = canTraceFor("failing files");
let receiver: Receiver;
let release: (() => Promise<void>) | null = null;

async function start(folder?: string): Promise<void> {
  const environment = { API_TOKEN: TOKEN };
  receiver = await startReceiver(folder === undefined ? { environment } : { environment, folder });
}

async function restartAfter(signal: NodeJS.Signals): Promise<void> {
  await endFault();
  const { folder } = receiver;
  await receiver.stop({ signal, keepFolder: true });
  await start(folder);
}

async function beginFault(calls: string, error: string, ...paths: string[]): Promise<void> {
  release = await inject(
    receiver.child.pid,
    calls,
    error,
    ...paths.map((path) => join(receiver.folder, path)),
  );
}

async function endFault(): Promise<void> {
  await release?.();
  release = null;
}

afterEach(async () => {
  await endFault();
  await receiver.stop();
});

const files = () =>
  readdirSync(receiver.folder, { recursive: true, encoding: "utf8" })
    .filter((name) => /\.(mp3|tmp|body)$/.test(name))
    .toSorted();
const events = () => receiver.rows("SELECT type, status FROM events");
const recordings = () => receiver.rows("SELECT conversation_id, audio_path FROM conversations");
const health = async () => (await fetch(`${receiver.url}/health`)).status;

async function waitFor(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await Bun.sleep(20);
}

async function erase(conversationId: string): Promise<number> {
  const { status } = await fetch(`${receiver.url}/conversations/${conversationId}`, {
    method: "DELETE",
    headers: { authorization: `Bearer ${TOKEN}` },
  });
  return status;
}

const storedAudio = [{ type: "post_call_audio", status: "processed" }];
const adopted = [{ conversation_id: "conv_1", audio_path: "2026/11/02/conv_1.mp3" }];

describe.skipIf(!isTraced)("a temporary file that can't be removed", () => {
  test.each([
    ["a large body", transcription("conv_1").padEnd(LARGE_BYTES), 1],
    ["a recording", audio("conv_1", Buffer.from("recording")), 1],
    ["a large recording", audio("conv_1", Buffer.alloc(LARGE_BYTES, "mp3")), 2],
    ["a quarantined body", BROKEN_BODY, 1],
  ])("does not change the answer to %s, and goes later", async (_, body, count) => {
    await start();
    const isBroken = body === BROKEN_BODY;
    await beginFault(UNLINK, "error=EIO");
    expect((await receiver.post(body)).status).toBe(isBroken ? 400 : 200);
    expect(files().filter((name) => name.endsWith(".tmp"))).toHaveLength(count);
    expect(events()).toHaveLength(1);
    expect(receiver.output()).toMatch(
      /ERROR .*can't be removed yet.*\.tmp: the disk failed \(EIO\): check the disk/,
    );
    await endFault();
    await waitFor(() => files().every((name) => !name.endsWith(".tmp")));
    expect((await receiver.post(body)).status).toBe(isBroken ? 400 : 200);
    expect(events()).toHaveLength(1);
  });

  test("does not keep a start from receiving, and goes at the next one", async () => {
    await start();
    await beginFault(UNLINK, "error=EIO");
    await receiver.post(transcription("conv_1").padEnd(LARGE_BYTES));
    await endFault();
    const { folder } = receiver;
    await receiver.stop({ signal: "SIGKILL", keepFolder: true });
    expect(files()).toHaveLength(1);
    const traced = ["strace", "-D", "-f", "-o", "/dev/null", "-e", `inject=${UNLINK}:error=EIO`];
    receiver = await startReceiver({ folder, command: [...traced, EXECUTABLE, "serve"] });
    expect((await receiver.post(transcription("conv_2"))).status).toBe(200);
    expect(files()).toHaveLength(1);
    await receiver.stop({ signal: "SIGKILL", keepFolder: true });
    await start(folder);
    expect(files()).toBeEmpty();
    expect(events()).toHaveLength(2);
  });
});

describe.skipIf(!isTraced)("a file whose folder can't be flushed after it got its name", () => {
  test.each([
    ["a recording", audio("conv_1", Buffer.from("recording")), DAY, 200],
    ["a quarantined body", BROKEN_BODY, "quarantine", 400],
  ])("%s is refused and leaves nothing", async (_, body, folder, status) => {
    await start();
    // Makes the folders.
    await receiver.post(audio("conv_0", Buffer.from("before")));
    await receiver.post(`y${BROKEN_BODY}`);
    const before = files();
    await beginFault(FLUSH, "error=EIO", folder);
    expect((await receiver.post(body)).status).toBe(500);
    expect(files()).toEqual(before);
    expect(receiver.output()).toContain(
      `Not stored: ${join(receiver.folder, folder)}: the disk failed (EIO)`,
    );
    await endFault();
    expect((await receiver.post(body)).status).toBe(status);
    expect(files()).toHaveLength(before.length + 1);
    expect(events()).toHaveLength(3);
  });

  test("goes later if its name can't be taken back at once, and is not taken over meanwhile", async () => {
    await start();
    await receiver.post(audio("conv_0", Buffer.from("before")));
    const before = files();
    await beginFault(`${FLUSH},${UNLINK}`, "error=EIO", DAY, join(DAY, "conv_1.mp3"));
    const body = audio("conv_1", Buffer.from("recording"));
    expect((await receiver.post(body)).status).toBe(500);
    expect((await receiver.post(body)).status).toBe(500);
    expect(existsSync(join(receiver.folder, DAY, "conv_1.mp3"))).toBe(true);
    await endFault();
    await waitFor(() => files().length === before.length);
    expect(recordings()).toHaveLength(1);
    expect((await receiver.post(body)).status).toBe(200);
    expect(files()).toHaveLength(before.length + 1);
  });
});

describe.skipIf(!isTraced)("a file whose row the disk does not take", () => {
  const failCommits = () => beginFault("pwrite64", "error=EIO", "transcripts.sqlite-wal");
  const recording = audio("conv_1", Buffer.from("recording"));

  test("gets it as soon as the disk does, without a start and without a delivery", async () => {
    await start();
    await failCommits();
    expect((await receiver.post(recording)).status).toBe(500);
    expect((await receiver.post(recording)).status).toBe(500);
    expect((await receiver.post(BROKEN_BODY)).status).toBe(500);
    expect(files()).toEqual([join(DAY, "conv_1.mp3")]);
    expect(events()).toBeEmpty();
    expect(await health()).toBe(503);
    await endFault();
    await waitFor(() => events().length === 1);
    expect(events()).toEqual(storedAudio);
    expect(recordings()).toEqual(adopted);
    expect(await health()).toBe(200);
    expect((await receiver.post(recording)).status).toBe(200);
    expect(events()).toEqual(storedAudio);
    expect(files()).toEqual([join(DAY, "conv_1.mp3")]);
  });

  test("of a quarantined body gets it too", async () => {
    await start();
    await failCommits();
    expect((await receiver.post(BROKEN_BODY)).status).toBe(500);
    expect(files()).toHaveLength(1);
    await endFault();
    await waitFor(() => events().length === 1);
    expect(events()).toEqual([{ type: null, status: "quarantined" }]);
    expect((await receiver.post(BROKEN_BODY)).status).toBe(400);
    expect(events()).toHaveLength(1);
  });

  test("gets it at once if the fault passes, and the answer is that", async () => {
    await start();
    await beginFault("pwrite64", "error=EIO:when=1", "transcripts.sqlite-wal");
    expect((await receiver.post(recording)).status).toBe(200);
    expect(events()).toEqual(storedAudio);
  });

  test.each(["SIGTERM", "SIGKILL"] as const)("gets it after a %s", async (signal) => {
    await start();
    await failCommits();
    expect((await receiver.post(recording)).status).toBe(500);
    expect((await receiver.post(transcription("conv_2"))).status).toBe(500);
    await restartAfter(signal);
    expect(recordings()).toEqual(adopted);
    expect((await receiver.post(recording)).status).toBe(200);
    expect(recordings()).toEqual(adopted);
    expect(files()).toEqual([join(DAY, "conv_1.mp3")]);
  });

  test("of a quarantined body gets it after a kill, with its exact bytes", async () => {
    await start();
    await failCommits();
    expect((await receiver.post(BROKEN_BODY)).status).toBe(500);
    await restartAfter("SIGKILL");
    const sha256 = new Bun.CryptoHasher("sha256").update(BROKEN_BODY).digest("hex");
    expect(receiver.rows("SELECT status, error, body_sha256, body_bytes, payload_path FROM events")).toEqual([
      {
        status: "quarantined",
        error: "invalid_json: not JSON",
        body_sha256: sha256,
        body_bytes: BROKEN_BODY.length,
        payload_path: `quarantine/${sha256}.body`,
      },
    ]);
    expect((await receiver.post(BROKEN_BODY)).status).toBe(400);
    expect(events()).toHaveLength(1);
  });

  test.each(["none", "SIGTERM", "SIGKILL"] as const)(
    "is erased by a DELETE after %s, for good",
    async (signal) => {
      await start();
      await failCommits();
      expect((await receiver.post(recording)).status).toBe(500);
      if (signal === "none") await endFault();
      else await restartAfter(signal);
      expect(await erase("conv_1")).toBe(200);
      expect([files(), events(), recordings()]).toEqual([[], [], []]);
      await restartAfter("SIGKILL");
      expect([files(), events(), recordings()]).toEqual([[], [], []]);
      expect((await receiver.post(recording)).status).toBe(200);
      expect([files(), events(), recordings()]).toEqual([[], [], []]);
    },
  );
});

describe.skipIf(!isTraced)("an event whose commit could not be flushed", () => {
  test("is not there after a kill that follows its refusal", async () => {
    await start();
    expect((await receiver.post(transcription("conv_1"))).status).toBe(200);
    await beginFault(FLUSH, "error=EIO:when=1", "transcripts.sqlite-wal");
    expect((await receiver.post(transcription("conv_2"))).status).toBe(500);
    await restartAfter("SIGKILL");
    expect(receiver.rows("SELECT conversation_id FROM events")).toEqual([{ conversation_id: "conv_1" }]);
    expect((await receiver.post(transcription("conv_2"))).status).toBe(200);
  });
});
