import { afterEach, beforeEach, expect, test } from "bun:test";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { openTestApp } from "../helpers/app.ts";
import { runCommand } from "../helpers/command.ts";
import { fakeConversation } from "../helpers/fake-elevenlabs/conversation.ts";
import { startFakeElevenLabs } from "../helpers/fake-elevenlabs/server.ts";
import type { FakeElevenLabs } from "../helpers/fake-elevenlabs/server.ts";

// Without a receiver the command does all the work itself, in this process.

const TWO_HOURS = 7200;

let fake: FakeElevenLabs;
let folder: string;
const umask = process.umask();

/** Data that no receiver has open. */
beforeEach(async () => {
  fake = await startFakeElevenLabs();
  const app = await openTestApp();
  ({ folder } = app);
  await app.close({ keepFolder: true });
  const startedAt = Math.floor(Date.now() / 1000) - TWO_HOURS;
  for (const id of ["conv_1", "conv_2"]) {
    fake.workspace.conversations.push(
      fakeConversation({ id, startedAt, recording: Buffer.from(`recording of ${id}`) }),
    );
  }
});
afterEach(async () => {
  process.umask(umask);
  await fake.stop();
  rmSync(folder, { recursive: true, force: true });
});

const recover = (...args: string[]) =>
  runCommand(["recover", ...args], {
    folder,
    environment: {
      ELEVENLABS_API_KEY: fake.key,
      ELEVENLABS_API_URL: fake.url,
      TRANSCRIPT_STORAGE_PATH: join(folder, "transcripts.sqlite"),
      AUDIO_STORAGE_PATH: join(folder, "audio"),
    },
  });

async function recordingOf(conversationId: string): Promise<string | null> {
  const app = await openTestApp({ folder });
  const [row] = app.rows<{ audio_path: string | null }>(
    "SELECT audio_path FROM conversations WHERE conversation_id = ?",
    conversationId,
  );
  const path = row?.audio_path ?? null;
  const text = path === null ? null : await Bun.file(join(folder, "audio", path)).text();
  await app.close({ keepFolder: true });
  return text;
}

test("what is missing is counted, then fetched, then nothing is missing", async () => {
  const counted = await recover("--dry-run");
  expect(counted).toMatchObject({ status: 0, stderr: "" });
  expect(counted.stdout).toContain("missing   2 transcripts, 2 recordings");
  expect(await recordingOf("conv_1")).toBeNull();

  const fetched = await recover("--since", "1d");
  expect(fetched).toMatchObject({ status: 0, stderr: "" });
  expect(fetched.stdout).toContain("Recovered 2 transcripts and 2 recordings");
  expect(await recordingOf("conv_1")).toBe("recording of conv_1");

  expect((await recover()).stdout).toContain("Nothing is missing.");
});

test("one conversation is fetched, without its recording if so told", async () => {
  const fetched = await recover("--conversation", "conv_2", "--no-recordings");
  expect(fetched.stdout).toContain("Recovered 1 transcript and 0 recordings");
  expect(await recordingOf("conv_2")).toBeNull();
});

test("what could not be fetched is named, and the status says so", async () => {
  fake.setFault(({ path }) => (path.endsWith("/audio") ? { kind: "status", status: 404 } : null));
  const { status, stdout } = await recover("--json");
  expect(status).toBe(1);
  expect(JSON.parse(stdout)).toMatchObject({ failed: { count: 2 } });
});

test("a wrong key stops it, and is never written", async () => {
  fake.setFault(() => ({ kind: "status", status: 401 }));
  const { status, stdout, stderr } = await recover();
  expect(status).toBe(1);
  expect(stderr).toContain("ELEVENLABS_API_KEY");
  expect(stdout + stderr).not.toContain(fake.key);
});
