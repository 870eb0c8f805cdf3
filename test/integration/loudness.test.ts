import { afterAll, beforeAll, expect, test } from "bun:test";
import { rmSync, truncateSync } from "node:fs";
import { join } from "node:path";
import { openTestApp } from "../helpers/app.ts";
import type { TestApp } from "../helpers/app.ts";
import { audio, fixture, transcription } from "../helpers/deliveries.ts";

const TOKEN = "0123456789abcdef0123456789abcdef";

type Loudness = { seconds: number; step_seconds: number; levels: string };

let receiver: TestApp;

beforeAll(async () => {
  receiver = await openTestApp({ config: { apiTokens: [TOKEN] } });
  const bodies = [
    audio("conv_tone", fixture("tone.mp3")),
    audio("conv_cut", fixture("tone.mp3")),
    audio("conv_gone", fixture("tone.mp3")),
    audio("conv_noise", Buffer.from("no MP3")),
    transcription("conv_text"),
  ];
  for (const body of bodies) expect((await receiver.post(body)).status).toBe(200);
});
afterAll(() => receiver.close());

const loudnessOf = (id: string) => receiver.ask<Loudness>(`/conversations/${id}/loudness`);

function fileOf(id: string): string {
  const sql = "SELECT audio_path AS path FROM conversations WHERE conversation_id = ?";
  return join(receiver.config.recordingsFolder, receiver.rows<{ path: string }>(sql, id)[0]?.path ?? "");
}

test("gives a curve that is as long as the recording", async () => {
  const { status, answer } = await loudnessOf("conv_tone");
  expect(status).toBe(200);
  const levels = Buffer.from(answer.levels, "base64");
  expect(answer.seconds).toBeGreaterThan(0.1);
  expect(levels.length * answer.step_seconds).toBeGreaterThanOrEqual(answer.seconds);
  expect(Math.max(...levels)).toBeGreaterThan(200);
});

test("who has the curve is told so", async () => {
  const { headers } = await loudnessOf("conv_tone");
  const etag = headers.get("etag") ?? "";
  expect(etag).toMatch(/^W\/"loudness-1-[0-9a-f]{64}"$/);
  const again = await receiver.handle("/conversations/conv_tone/loudness", {
    headers: { authorization: `Bearer ${TOKEN}`, "if-none-match": `"other", ${etag}` },
  });
  expect([again.status, again.headers.get("etag"), await again.text()]).toEqual([304, etag, ""]);
});

test("many at once are each answered", async () => {
  const answers = await Promise.all(Array.from({ length: 8 }, () => loudnessOf("conv_tone")));
  expect(answers.map(({ status }) => status)).toEqual(Array(8).fill(200));
});

test("one that is no MP3 has an empty curve", async () => {
  expect((await loudnessOf("conv_noise")).answer).toEqual({ seconds: 0, step_seconds: 0, levels: "" });
});

test("without a recording there is no curve, and a file that is gone or cut is told of", async () => {
  rmSync(fileOf("conv_gone"));
  truncateSync(fileOf("conv_cut"), 100);
  const codes = await Promise.all(
    ["conv_text", "conv_gone", "conv_cut", "conv_unknown"].map(async (id) => (await loudnessOf(id)).answer),
  );
  expect(codes).toMatchObject([
    { code: "not_found", error: "This conversation has no recording" },
    { code: "audio_missing" },
    { code: "audio_missing" },
    { code: "not_found" },
  ]);
});
