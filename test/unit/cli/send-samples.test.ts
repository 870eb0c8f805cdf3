import { afterAll, beforeEach, expect, test } from "bun:test";
import { join } from "node:path";
import { samples } from "../../../src/samples/samples.ts";
import { eventKind } from "../../../src/vendor/event-type.ts";
import { openTestApp } from "../../helpers/app.ts";
import { fixture } from "../../helpers/deliveries.ts";
import { startTarget } from "../../helpers/target.ts";

const target = startTarget();
afterAll(() => target.stop());
beforeEach(() => target.reset());

for (const { name, type } of samples) {
  test(`the sample ${name} is stored by the receiver, with fresh ids each time`, async () => {
    const app = await openTestApp();
    target.answer = async ({ body, headers }) => {
      const result = await app.post(body, headers.get("elevenlabs-signature"));
      return Response.json(result.answer, { status: result.status });
    };
    expect((await target.send(["--sample", name])).status).toBe(0);
    expect((await target.send(["--sample", name])).status).toBe(0);
    expect(app.rows("SELECT type, status FROM events")).toEqual([
      { type, status: "processed" },
      { type, status: "processed" },
    ]);
    await app.close();
  });
}

test("there is a sample of every type that is documented for the wire", () => {
  const documented = [
    "post_call_transcription",
    "post_call_audio",
    "call_initiation_failure",
    "post_call_transcription_otel",
    "speech_to_text_transcription",
    "voice_removal_notice",
    "voice_removal_notice_withdrawn",
    "voice_removed",
    "flows_generation",
    "flows_template_run",
    "dubbing_project_ready",
    "dubbing_project_failed",
    "dubbing_language_completed",
    "dubbing_language_failed",
    "answering_machine_detection",
  ];
  expect([...new Set(samples.map(({ type }) => type))].toSorted()).toEqual(documented.toSorted());
  expect(documented.every((type) => eventKind(type) !== null)).toBe(true);
});

test("a sample's conversation is legible in the receiver", async () => {
  const app = await openTestApp();
  target.answer = async ({ body, headers }) => {
    await app.post(body, headers.get("elevenlabs-signature"));
    return new Response("ok");
  };
  await target.send(["--sample", "transcription"]);
  await target.send(["--sample", "otel"]);
  expect(app.rows("SELECT external_number, turn_count, channel FROM conversations")).toMatchObject([
    { external_number: "+15550100123", turn_count: 4 },
    { external_number: "+15550100123", turn_count: 4 },
  ]);
  await app.close();
});

test("a sample is named by its type too", async () => {
  expect((await target.send(["--sample", "voice_removed"])).status).toBe(0);
  expect(JSON.parse(target.only().body.toString()).type).toBe("voice_removed");
});

test("--list shows every sample and sends nothing", async () => {
  const { status, stdout } = await target.send(["--list"]);
  expect([status, stdout.trim().split("\n").length, target.received.length]).toEqual([0, samples.length, 0]);
  expect(JSON.parse((await target.send(["--list", "--json"])).stdout)).toHaveLength(samples.length);
});

test("--audio sends a recording of one's own", async () => {
  const recording = fixture("tone.mp3").subarray(100);
  await Bun.write(join(target.folder, "own.mp3"), recording);
  expect((await target.send(["--audio", "own.mp3"])).status).toBe(0);
  const { data } = JSON.parse(target.only().body.toString());
  expect(Buffer.from(data.full_audio, "base64").equals(recording)).toBe(true);
});

test("the built-in recording is the tone", async () => {
  await target.send(["--sample", "audio"]);
  const { data } = JSON.parse(target.only().body.toString());
  expect(Buffer.from(data.full_audio, "base64").equals(fixture("tone.mp3"))).toBe(true);
});
