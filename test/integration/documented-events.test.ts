import { expect, test } from "bun:test";
import { openTestApp } from "../helpers/app.ts";
import { eventFixtures, fixture, audio } from "../helpers/deliveries.ts";

test("stores every documented event", async () => {
  const app = await openTestApp();
  for (const name of eventFixtures()) {
    const { status } = await app.post(fixture(name));
    expect([name, status]).toEqual([name, name === "unknown_future.json" ? 400 : 200]);
  }
  expect((await app.post(audio("conv_a", Buffer.from("recording")))).status).toBe(200);
  expect(app.rows("SELECT count(*) AS n FROM events")).toEqual([{ n: eventFixtures().length + 1 }]);
  await app.close();
});

test.each([
  ["agent_qa"],
  ["speech_to_text_transcription"],
  ["speech_to_text.completed"],
  ["voice_removal_notice"],
  ["voice_removal_notice_withdrawn"],
  ["voice_removed"],
  ["flows_generation"],
  ["flows_template_run"],
  ["dubbing_project_ready"],
  ["dubbing_project_failed"],
  ["dubbing_language_completed"],
  ["dubbing_language_failed"],
  ["audio.generated"],
  ["voice.cloned"],
  ["usage.threshold"],
])("stores %s, which is about no conversation, as an event and nothing more", async (type) => {
  const app = await openTestApp();
  expect((await app.post(JSON.stringify({ type, data: { voice_id: "voice_1" } }))).status).toBe(200);
  expect(app.rows("SELECT type, conversation_id, status FROM events")).toEqual([
    { type, conversation_id: null, status: "processed" },
  ]);
  expect(app.rows("SELECT * FROM conversations")).toBeEmpty();
  await app.close();
});
