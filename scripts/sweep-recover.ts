// The run of scripts/sweep that breaks a recovery at every call: what it has fetched is there whole or not at all, never
// twice, nothing erased returns, and the next run fetches the rest.
import { Database } from "bun:sqlite";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { sha256 } from "../test/helpers/backups.ts";
import { fakeConversation } from "../test/helpers/fake-elevenlabs/conversation.ts";
import { startFakeElevenLabs } from "../test/helpers/fake-elevenlabs/server.ts";
import type { FakeElevenLabs } from "../test/helpers/fake-elevenlabs/server.ts";
import { deliver, erase, transcript } from "./sweep-ledger.ts";
import type { Ledger } from "./sweep-ledger.ts";
import { judgeNextStart, judgeOutput } from "./sweep-judge.ts";
import { runProgram, startProgram, surroundings } from "./sweep-program.ts";
import type { Complain, Scenario, Surroundings } from "./sweep-program.ts";

const MP3 = Buffer.alloc(700_000, "recording");
/** Half a day, so that nothing is awaited any more. */
const AGO_SECONDS = 43_200;

/** Two calls that did not arrive, one with a recording, and one that was erased here. */
async function startVendor(): Promise<FakeElevenLabs> {
  const startedAt = Math.floor(Date.now() / 1000) - AGO_SECONDS;
  const call = (id: string, recording: Uint8Array | null) => fakeConversation({ id, startedAt, recording });
  const conversations = [call("missed_1", MP3), call("missed_2", null), call("sweep_erased", MP3)];
  return startFakeElevenLabs({ workspace: { conversations } });
}

function placeOf(folder: string, { key, url }: FakeElevenLabs): Surroundings {
  const { environment } = surroundings(folder);
  return { folder, environment: { ...environment, ELEVENLABS_API_KEY: key, ELEVENLABS_API_URL: url } };
}

const recover = (place: Surroundings) => runProgram(["recover"], place, null);

/** Recovers while calls fail. */
export const recovering: Scenario = {
  name: "recover",
  classes: "wsont",
  sampleMax: 6,
  async prepare(folder) {
    const ledger: Ledger = { sent: [], erasures: new Map() };
    const program = await startProgram(surroundings(folder), null);
    for (const id of ["sweep_first", "sweep_erased"]) await deliver(program.url, ledger, transcript(id));
    await erase(program.url, ledger, "sweep_erased");
    await program.stop();
    // A socket can't be copied; the next start replaces it.
    rmSync(join(folder, "transcripts.sqlite.control"), { force: true });
    return ledger;
  },
  async run(folder, ledger, tracing, complain) {
    const vendor = await startVendor();
    try {
      const place = placeOf(folder, vendor);
      const program = await startProgram(place, tracing);
      // One that is gone by now is not asked: the command would open the data itself.
      if (program.isUp) await recover(place);
      if ((await program.stop()) === null) complain("it had to be killed");
      judgeOutput(program.output(), complain);
      await judgeRest(place, complain);
      await judgeNextStart(place, ledger, complain);
    } finally {
      await vendor.stop();
    }
  },
};

/** Starts again without a fault: what was not fetched before is fetched now. */
async function judgeRest(place: Surroundings, complain: Complain): Promise<void> {
  const program = await startProgram(place, null);
  const { status, output } = await recover(place);
  if (status !== 0) complain(`recover after it: exit ${status}, ${output}`);
  await program.stop();
  const database = new Database(join(place.folder, "transcripts.sqlite"), { readonly: true });
  try {
    const events = database
      .query("SELECT conversation_id, type FROM events WHERE source = 'recovered' ORDER BY 1, 2")
      .values()
      .map((row) => row.join(" "));
    // A recording that a kill has left without its row is adopted by the next start, without an event.
    const transcripts = events.filter((text) => text !== "missed_1 post_call_audio");
    const wanted = ["missed_1 post_call_transcription", "missed_2 post_call_transcription"];
    if (transcripts.join() !== wanted.join() || events.length > wanted.length + 1)
      complain(`recovered are ${events.join() || "none"}`);
    const path = database
      .query("SELECT audio_path FROM conversations WHERE conversation_id = 'missed_1'")
      .values()[0]?.[0];
    const file = join(place.folder, "audio", String(path));
    if (!existsSync(file) || sha256(readFileSync(file)) !== sha256(MP3)) complain("the recording differs");
  } finally {
    database.close();
  }
}
