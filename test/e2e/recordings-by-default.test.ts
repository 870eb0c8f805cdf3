import { expect, test } from "bun:test";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { audio } from "../helpers/deliveries.ts";
import { temporaryFolder } from "../helpers/folders.ts";
import { startReceiver } from "../helpers/receiver.ts";

const WARNING = "Recordings are kept from now on";

/** With nothing said of recordings but what is given. */
async function run<T>(
  folder: string,
  environment: Record<string, string>,
  use: (receiver: Awaited<ReturnType<typeof startReceiver>>) => Promise<T>,
): Promise<{ result: T; output: string }> {
  const receiver = await startReceiver({ folder, environment: { AUDIO_STORAGE_PATH: "", ...environment } });
  const result = await use(receiver);
  await receiver.stop({ keepFolder: true });
  return { result, output: receiver.output() };
}

const deliver = (id: string) => async (receiver: Awaited<ReturnType<typeof startReceiver>>) =>
  (await receiver.post(audio(id, Buffer.from("mp3")))).status;
const off = { ENABLE_AUDIO_STORAGE: "false" };

test("recordings are kept unless something else is said", async () => {
  const folder = temporaryFolder();
  const { output } = await run(folder, {}, deliver("conv_1"));
  expect(existsSync(join(folder, "data/audio/2026/11/02/conv_1.mp3"))).toBe(true);
  expect(output).toContain(`Recordings go to ${join(folder, "data/audio")}`);
  expect(output).not.toContain(WARNING);
  expect(output).not.toContain("not kept");
});

test("an explicit value wins, and each recording that is dropped is logged as not kept", async () => {
  const folder = temporaryFolder();
  const { result, output } = await run(folder, off, async (receiver) => [
    await deliver("conv_1")(receiver),
    await deliver("conv_1")(receiver),
  ]);
  expect(result).toEqual([200, 200]);
  expect(existsSync(join(folder, "data/audio"))).toBe(false);
  expect(output).toMatch(
    /INFO +Received, its recording is not kept type=post_call_audio conversation=conv_1/,
  );
  expect(output).toMatch(/INFO +Received again type=post_call_audio conversation=conv_1/);
});

test("the first start that keeps recordings after others were dropped says so once", async () => {
  const folder = temporaryFolder();
  await run(folder, off, deliver("conv_1"));
  const outputs = [];
  for (const id of ["conv_2", "conv_3"]) outputs.push((await run(folder, {}, deliver(id))).output);
  await run(folder, off, deliver("conv_4"));
  outputs.push((await run(folder, {}, deliver("conv_5"))).output);
  expect(outputs.map((output) => output.split(WARNING).length - 1)).toEqual([1, 0, 0]);
  expect(outputs[0]).toMatch(/WARNING +Recordings are kept from now on: ENABLE_AUDIO_STORAGE=false /);
});

// A folder that root can write as well as anybody else is one that is none: its parent is a file.
test("an upgrade that can't make their folder goes on without them, and says so at each start", async () => {
  const folder = temporaryFolder();
  await run(folder, off, deliver("conv_1"));
  writeFileSync(join(folder, "data"), "");
  for (const id of ["conv_2", "conv_3"]) {
    const { result, output } = await run(folder, {}, deliver(id));
    expect(result).toBe(200);
    expect(output).toMatch(
      /ERROR +Recordings can't be kept: .*data is not a folder.* AUDIO_STORAGE_PATH .* ENABLE_AUDIO_STORAGE=false/,
    );
    expect(output).toContain("Received, its recording is not kept");
    expect(output).not.toContain(WARNING);
  }
});

test.each([
  ["a new database", {}, false],
  ["recordings that are asked for", { ENABLE_AUDIO_STORAGE: "true" }, true],
  ["a folder that is named", { AUDIO_STORAGE_PATH: "data/audio" }, true],
])("%s: a folder that can't be made keeps it from starting", async (_, environment, isUpgrade) => {
  const folder = temporaryFolder();
  if (isUpgrade) await run(folder, off, deliver("conv_1"));
  writeFileSync(join(folder, "data"), "");
  await expect(run(folder, environment, deliver("conv_2"))).rejects.toThrow(/data is not a folder/);
});
