import { afterAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { randomBytes } from "node:crypto";
import { closeSync, mkdirSync, mkdtempSync, openSync, readdirSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { audio, sign, transcription } from "../helpers/deliveries.ts";
import { chunk, openRaw, requestHead } from "../helpers/raw.ts";
import { startReceiver } from "../helpers/receiver.ts";

setDefaultTimeout(60_000);

const MIB = 1024 * 1024;
const PIECE_BYTES = 64 * 1024;
const PIECE_MS = 120;
const folder = mkdtempSync(join(tmpdir(), "receiver-small-"));
const disks = { data: join(folder, "data"), audio: join(folder, "recordings") };

// A small disk needs a right that only some machines give.
const areMounted = Object.values(disks)
  .map((path) => {
    mkdirSync(path);
    return Bun.spawnSync(["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", path]).success;
  })
  .every(Boolean);
if (!areMounted) console.warn("SKIPPED: small disks: no right to mount");

afterAll(() => {
  for (const path of Object.values(disks)) Bun.spawnSync(["umount", "--lazy", path]);
  rmSync(folder, { recursive: true, force: true });
});

const start = (floor: string) =>
  startReceiver({
    environment: {
      TRANSCRIPT_STORAGE_PATH: join(disks.data, "transcripts.sqlite"),
      AUDIO_STORAGE_PATH: join(disks.audio, "audio"),
      MIN_FREE_DISK_BYTES: floor,
    },
  });

async function healthOf(url: string): Promise<unknown[]> {
  const response = await fetch(`${url}/health`);
  const { reason } = (await response.json()) as { reason?: string };
  return [response.status, reason];
}

describe.skipIf(!areMounted)("on a small disk", () => {
  test.each(Object.entries(disks))("the floor holds on the one for %s", async (_, disk) => {
    const receiver = await start("4MiB");
    const body = transcription(`conv_floor_${disk}`);
    const release = fill(disk, 6 * MIB);
    const { status, answer } = await receiver.post(body);
    expect([status, answer.code]).toEqual([503, "disk_low"]);
    expect(await healthOf(receiver.url)).toEqual([503, "disk_low"]);
    expect(receiver.rows("SELECT id FROM events WHERE conversation_id = ?", `conv_floor_${disk}`)).toEqual(
      [],
    );

    release();
    expect(await healthOf(receiver.url)).toEqual([200, undefined]);
    expect((await receiver.post(body)).status).toBe(200);
    await receiver.stop();
  });

  test("a delivery that would cross the floor is turned away before it is sent", async () => {
    const receiver = await start("4MiB");
    const connection = await openRaw(receiver.port);
    const headers = { "ElevenLabs-Signature": sign(""), "Content-Length": String(4 * MIB) };
    await connection.write(requestHead(headers));
    const { status, body, headers: answered } = await connection.response();
    expect([status, JSON.parse(body).code]).toEqual([503, "disk_low"]);
    expect(Number(answered.get("retry-after"))).toBeGreaterThan(0);
    connection.close();
    expect((await receiver.post(transcription("conv_small_enough"))).status).toBe(200);
    await receiver.stop();
  });

  test.each([1_000, 600_000])(
    "a recording of %d bytes is refused while its disk is full",
    async (byteCount) => {
      const receiver = await start("0");
      const body = audio(`conv_full_${byteCount}`, Buffer.alloc(byteCount, "mp3"));
      const release = fill(disks.audio);
      // What would not fit is seen coming; what is small fails when it is written.
      const refused = [await receiver.post(body), await receiver.post(body)];
      for (const { status } of refused) expect([500, 503]).toContain(status);
      expect(files(disks.audio)).not.toContainEqual(expect.stringContaining(`conv_full_${byteCount}.mp3`));
      expect(files(disks.audio)).not.toContainEqual(expect.stringMatching(/\.tmp$/));

      release();
      expect((await receiver.post(body)).status).toBe(200);
      expect(files(disks.audio)).toContainEqual(expect.stringContaining(`conv_full_${byteCount}.mp3`));
      await receiver.stop();
    },
  );

  test("a recording does not make room for a stranger who sent much and now trickles", async () => {
    const receiver = await start("0");
    const recording = Buffer.from(audio("conv_beside_stranger", randomBytes(1.5 * MIB)));
    const connection = await openRaw(receiver.port);
    const stranger = await openRaw(receiver.port, { localAddress: "127.0.0.2" });
    const headers = { "Transfer-Encoding": "chunked" };
    await connection.write(requestHead({ ...headers, "ElevenLabs-Signature": sign(recording) }));
    const unsigned = `t=${Math.floor(Date.now() / 1000)},v0=${"0".repeat(64)}`;
    await stranger.write(requestHead({ ...headers, "ElevenLabs-Signature": unsigned }));
    for (let from = 0; from < recording.byteLength; from += PIECE_BYTES) {
      await connection.write(chunk(recording.subarray(from, from + PIECE_BYTES)));
      await Bun.sleep(PIECE_MS);
      await stranger.write(chunk(from === 10 * PIECE_BYTES ? Buffer.alloc(3.5 * MIB, " ") : " "));
    }
    await connection.write(chunk(""));
    expect(await connection.response()).toMatchObject({ status: 200 });
    connection.close();
    stranger.close();
    await receiver.stop();
  });

  test("recordings go on by themselves when their disk can be written again", async () => {
    const receiver = await start("0");
    const body = audio("conv_read_only", Buffer.from("recording"));
    const run = (...command: string[]) => expect(Bun.spawnSync(command).exitCode).toBe(0);
    // Over it: the disk itself can't be made read-only while the receiver holds its lock there.
    run("mount", "-t", "tmpfs", "tmpfs", disks.audio);
    mkdirSync(join(disks.audio, "audio"));
    run("mount", "-o", "remount,ro", disks.audio);
    const { status, answer } = await receiver.post(body);
    const event = await receiver.post(transcription("conv_beside"));
    run("umount", disks.audio);
    expect([status, answer.code, event.status]).toEqual([500, "storage_failed", 200]);
    expect((await receiver.post(body)).status).toBe(200);
    await receiver.stop();
  });

  test("events are refused while their disk is full, and stored afterwards", async () => {
    const receiver = await start("0");
    const body = transcription("conv_full").padEnd(100_000);
    const release = fill(disks.data);
    const { status } = await receiver.post(body);
    expect([500, 503]).toContain(status);
    expect(receiver.rows("SELECT id FROM events WHERE conversation_id = 'conv_full'")).toEqual([]);
    release();
    expect((await receiver.post(body)).status).toBe(200);
    expect(await healthOf(receiver.url)).toEqual([200, undefined]);
    expect(receiver.rows("PRAGMA integrity_check")).toEqual([{ integrity_check: "ok" }]);
    await receiver.stop();
  });
});

const files = (path: string) => readdirSync(path, { recursive: true, encoding: "utf8" });

/** Takes so many bytes of a disk, or all; returns what gives them back. */
function fill(disk: string, bytesMax = Number.POSITIVE_INFINITY): () => void {
  const path = join(disk, "filler");
  const file = openSync(path, "w");
  try {
    for (let bytes = 0; bytes < bytesMax;) bytes += writeSync(file, new Uint8Array(4096));
  } catch {
    // Full.
  } finally {
    closeSync(file);
  }
  return () => rmSync(path);
}
