import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { openTestApp } from "../helpers/app.ts";
import type { TestApp } from "../helpers/app.ts";
import { audio, fixture } from "../helpers/deliveries.ts";

const tone = fixture("tone.mp3");
const RECEIVED_MS = Date.UTC(2026, 0, 31, 23, 59, 59);
const TODAY = "2026/01/31";

let app: TestApp;

beforeEach(async () => {
  app = await openTestApp({
    clock: { nowMs: () => RECEIVED_MS, monotonicMs: () => 0 },
    config: { toleranceSeconds: 1e12 },
  });
});

afterEach(async () => {
  await app.close();
});

const sha256 = (data: string | Uint8Array) => createHash("sha256").update(data).digest("hex");
const seconds = (date: string) => Date.parse(date) / 1000;
const audioFolder = () => join(app.folder, "audio");
const pathInRow = () =>
  app.rows<{ audio_path: string }>("SELECT audio_path FROM conversations")[0]?.audio_path;

/** Every file below the folder of the recordings. */
function files(): string[] {
  const paths = readdirSync(audioFolder(), { recursive: true, encoding: "utf8" });
  return paths
    .filter((path) => !path.startsWith(".owner") && !statSync(join(audioFolder(), path)).isDirectory())
    .toSorted();
}

async function store(body: string): Promise<void> {
  expect((await app.post(body)).status).toBe(200);
}

describe("the folder of a recording is the date", () => {
  test.each([
    ["of the event in UTC, just before midnight", seconds("2026-12-31T23:59:59Z"), "2026/12/31"],
    ["of the event in UTC, at midnight", seconds("2027-01-01T00:00:00Z"), "2027/01/01"],
    ["of a leap day", seconds("2028-02-29T12:00:00Z"), "2028/02/29"],
    ["in milliseconds", Date.parse("2026-03-04T05:06:07Z"), "2026/03/04"],
    ["as text", "1793620890", "2026/11/02"],
    ["in words", "2026-03-04T23:30:00-01:00", "2026/03/05"],
    ["of receipt, where there is none", null, TODAY],
    ["of receipt, where it is before all calls", 0, TODAY],
    ["of receipt, where it is negative", -5, TODAY],
    ["of receipt, where it is in the far future", seconds("2100-01-01T00:00:00Z"), TODAY],
    ["of receipt, where it is no date", "../../../etc", TODAY],
    ["of receipt, where it is out of range", 1e300, TODAY],
  ])("%s", async (_name, event_timestamp, folder) => {
    const data = { conversation_id: "conv_1", full_audio: tone.toBase64() };
    await store(JSON.stringify({ type: "post_call_audio", event_timestamp, data }));
    expect(files()).toEqual([`${folder}/conv_1.mp3`]);
    expect(pathInRow()).toBe(`${folder}/conv_1.mp3`);
  });
});

describe("the name of a recording", () => {
  test("differs where ids differ by case only", async () => {
    await store(audio("conv_case", tone));
    await store(audio("CONV_CASE", tone));
    expect(files().toSorted()).toEqual(["2026/11/02/CONV_CASE.mp3", "2026/11/02/conv_case.mp3"]);
  });

  test.each([["conv_1"], ["a"], ["-"], ["x".repeat(128)]])("is the id where that is safe: %s", async (id) => {
    await store(audio(id, tone));
    expect(files()).toEqual([`2026/11/02/${id}.mp3`]);
  });

  test.each([
    ["../../etc/passwd"],
    ["/etc/passwd"],
    ["."],
    [".."],
    ["conv 1"],
    ["conv_1\n"],
    ["conv\0"],
    ["gespräch"],
    ["x".repeat(129)],
  ])("is the hash of the id where that is not: %j", async (id) => {
    await store(audio(id, tone));
    expect(files()).toEqual([`2026/11/02/sha256-${sha256(id)}.mp3`]);
    expect(pathInRow()).toBe(`2026/11/02/sha256-${sha256(id)}.mp3`);
  });
});
