// Makes test/fixtures/data-schema-N: the data of a receiver with the present schema, once after an orderly stop and once
// after a kill, and backup-schema-N, a backup of the first. Every later version opens and restores them in its tests. Run it
// before the first change of a new schema is made, and commit what it writes: scripts/build && scripts/bun
// scripts/data-fixture.ts
import { cpSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { schemaVersion } from "../src/store/sqlite/database.ts";
import { audio, eventFixtures, fixture, transcription } from "../test/helpers/deliveries.ts";
import { runExecutable, startReceiver } from "../test/helpers/receiver.ts";

const LARGE_BYTES = 1.1 * 1024 * 1024;
const target = join(import.meta.dir, `../test/fixtures/data-schema-${schemaVersion}`);
const backup = join(import.meta.dir, `../test/fixtures/backup-schema-${schemaVersion}`);
const tone = fixture("tone.mp3");

const documented = eventFixtures()
  .filter((name) => name !== "transcription_very_long.json")
  .map(fixture);

const deliveries: (string | Uint8Array)[] = [
  ...documented,
  // Each of these again: duplicates.
  ...documented.slice(0, 4),
  transcription("conv_then_audio"),
  audio("conv_then_audio", tone),
  audio("conv_audio_first", tone.subarray(0, 1000)),
  transcription("conv_audio_first"),
  audio("conv_two_recordings", tone.subarray(0, 700)),
  audio("conv_two_recordings", tone.subarray(0, 800)),
  audio("an id that is no name/../..", tone.subarray(0, 900)),
  '{"type": "post_call_transcription", "data": ',
  Buffer.from([0xff, 0xfe, 0x00, 0x7b]),
  transcription("").padEnd(LARGE_BYTES),
];

rmSync(target, { recursive: true, force: true });
mkdirSync(target, { recursive: true });
const { stdout } = await runExecutable(["--version"]);
writeFileSync(join(target, "made-by.txt"), stdout);
for (const [variant, signal] of [
  ["stopped", "SIGTERM"],
  ["killed", "SIGKILL"],
] as const) {
  const receiver = await startReceiver();
  for (const body of deliveries) console.log((await receiver.post(body)).status);
  await receiver.stop({ signal, keepFolder: true });
  // A kill between a recording and its row leaves the recording alone.
  const orphan = join(receiver.folder, "audio/2026/11/02/conv_without_row.mp3");
  if (variant === "killed") cpSync(join(dirname(target), "tone.mp3"), orphan);
  // The socket by which a running receiver is asked to hand over is no data.
  const isData = (path: string) => !path.endsWith(".control");
  cpSync(receiver.folder, join(target, variant), { recursive: true, filter: isData });
  if (variant === "stopped") await backUp(receiver.folder);
  rmSync(receiver.folder, { recursive: true });
}

async function backUp(folder: string): Promise<void> {
  rmSync(backup, { recursive: true, force: true });
  const settings = {
    TRANSCRIPT_STORAGE_PATH: join(folder, "transcripts.sqlite"),
    AUDIO_STORAGE_PATH: join(folder, "audio"),
  };
  console.log(await runExecutable(["backup", backup], settings));
  for (const name of ["backup.lock", "unfinished"])
    rmSync(join(backup, name), { recursive: true, force: true });
}
