import { afterAll, afterEach, beforeEach, describe, expect, test } from "bun:test";
import { closeSync, mkdtempSync, openSync, readdirSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openTestApp } from "../helpers/app.ts";
import type { TestApp } from "../helpers/app.ts";
import { audio, transcription } from "../helpers/deliveries.ts";
import { namesBesideMark } from "../helpers/folders.ts";

const folder = mkdtempSync(join(tmpdir(), "receiver-disk-"));
const filler = join(folder, "filler");
const failed = { status: 500, answer: { code: "storage_failed" } };

// A small disk needs a right that only some machines give.
const isMounted = Bun.spawnSync(["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", folder]).success;

let app: TestApp;

beforeEach(async () => {
  app = await openTestApp({ folder: mkdtempSync(join(folder, "data-")) });
});
afterEach(async () => {
  rmSync(filler, { force: true });
  await app.close();
});
afterAll(() => {
  // The runtime keeps a closed database's files open until its statements are collected.
  if (isMounted) Bun.spawnSync(["umount", "--lazy", folder]);
  rmSync(folder, { recursive: true, force: true });
});

describe.skipIf(!isMounted)("on a full disk", () => {
  test("an event is not acknowledged, and is stored once there is room again", async () => {
    const body = transcription("conv_1").padEnd(20_000);
    fillDisk();
    expect(await app.post(body)).toMatchObject(failed);
    expect((await app.handle("/health")).status).toBe(503);

    rmSync(filler);
    expect((await app.post(body)).status).toBe(200);
    expect(app.rows("SELECT conversation_id FROM events")).toEqual([{ conversation_id: "conv_1" }]);
    expect(app.rows("PRAGMA integrity_check")).toEqual([{ integrity_check: "ok" }]);
  });

  test("health says so before a delivery was refused, without a floor too", async () => {
    expect((await app.handle("/health")).status).toBe(200);
    fillDisk();
    const health = await app.handle("/health");
    expect(health.status).toBe(503);
    expect(await health.json()).toMatchObject({ reason: "disk_low" });
    rmSync(filler);
    expect((await app.handle("/health")).status).toBe(200);
  });

  test("a recording is not acknowledged, and nothing of it is left", async () => {
    fillDisk();
    expect(await app.post(audio("conv_1", Buffer.alloc(100_000, "mp3")))).toMatchObject(failed);
    expect(namesBesideMark(join(app.folder, "audio"))).toBeEmpty();
    expect(app.rows("SELECT id FROM events")).toBeEmpty();
  });

  test("a body that does not fit into memory leaves nothing", async () => {
    fillDisk();
    const refused = { status: 503, answer: { code: "disk_low" } };
    expect(await app.post(transcription("conv_1").padEnd(400_000))).toMatchObject(refused);
    expect(readdirSync(join(app.folder, "spool"))).toBeEmpty();
  });
});

function fillDisk(): void {
  const file = openSync(filler, "w");
  try {
    for (;;) writeSync(file, new Uint8Array(4096));
  } catch {
    // Full.
  } finally {
    closeSync(file);
  }
}
