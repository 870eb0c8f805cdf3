import { Database } from "bun:sqlite";
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { copyFileSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { audio, SECRET, transcription } from "../helpers/deliveries.ts";
import { handOver, stopAll, untilOutput } from "../helpers/reload.ts";
import { freePort } from "../helpers/ports.ts";
import { EXECUTABLE, runExecutable, startReceiver } from "../helpers/receiver.ts";

setDefaultTimeout(60_000);

const PAGE_BYTES = 8192;

/** A folder with data of a receiver that has stopped. */
async function usedFolder(signal: NodeJS.Signals = "SIGTERM"): Promise<{ folder: string; database: string }> {
  const receiver = await startReceiver();
  for (let index = 0; index < 50; index += 1) {
    await receiver.post(transcription(`conv_${index}`).padEnd(5_000));
  }
  await receiver.post(audio("conv_audio", Buffer.from("recording")));
  await receiver.stop({ signal, keepFolder: true });
  return { folder: receiver.folder, database: join(receiver.folder, "transcripts.sqlite") };
}

async function startOn(folder: string) {
  return runExecutable(
    ["serve"],
    {
      ELEVENLABS_WEBHOOK_SECRET: SECRET,
      ELEVENLABS_WEBHOOK_HOST: "127.0.0.1",
      ELEVENLABS_WEBHOOK_PORT: String(await freePort()),
      TRANSCRIPT_STORAGE_PATH: join(folder, "transcripts.sqlite"),
      AUDIO_STORAGE_PATH: join(folder, "audio"),
    },
    folder,
  );
}

/** Every file with a hash of its content. */
function contents(folder: string): Map<string, string> {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  );
  return new Map(
    entries.map(({ parentPath, name }) => {
      const path = join(parentPath, name);
      return [path, Bun.hash(readFileSync(path)).toString()];
    }),
  );
}

const overwrite = (database: string, from: number, to: number) => {
  const bytes = readFileSync(database);
  bytes.fill(0x5a, from, to);
  writeFileSync(database, bytes);
};

describe("a start refuses, says what to do, and touches nothing, where the database", () => {
  test.each([
    ["is no database", (database: string) => writeFileSync(database, "no database ".repeat(1000))],
    ["is cut off", (database: string) => truncateSync(database, 3 * PAGE_BYTES)],
    ["has a broken schema", (database: string) => overwrite(database, 100, PAGE_BYTES)],
    [
      "has broken tables",
      (database: string) => overwrite(database, PAGE_BYTES, readFileSync(database).byteLength),
    ],
  ])("%s", async (_, damage) => {
    const { folder, database } = await usedFolder();
    damage(database);
    const before = contents(folder);
    const { status, stdout } = await startOn(folder);
    expect([status, stdout]).toEqual([
      1,
      expect.stringContaining(`${database}: it does not read as an intact SQLite database`),
    ]);
    // The disk first: a failed read looks the same.
    expect(stdout).toMatch(
      /check the disk .* first: .* restore a backup, or move the database away together with its -wal/,
    );
    expect(contents(folder)).toEqual(before);
    rmSync(folder, { recursive: true });
  });

  test("has a newer schema", async () => {
    const { folder, database } = await usedFolder();
    const newer = new Database(database);
    newer.run("PRAGMA user_version = 999");
    newer.run("UPDATE schema_compatibility SET oldest_writer = 999");
    newer.close();
    const before = contents(folder);
    const { status, stdout } = await startOn(folder);
    expect([status, stdout]).toEqual([1, expect.stringContaining(`${database} has schema 999`)]);
    expect(stdout).toContain("run the newer version, or restore the copy");
    expect(contents(folder)).toEqual(before);
    rmSync(folder, { recursive: true });
  });
});

test("a start after a kill tells of recordings that are missing or of another size", async () => {
  const { folder } = await usedFolder("SIGKILL");
  const path = [...contents(folder).keys()].find((name) => name.endsWith(".mp3")) ?? "";
  writeFileSync(path, "rec");
  const receiver = await startReceiver({ folder });
  expect(receiver.output()).toMatch(/WARNING .*another size.*conv_audio\.mp3 bytes=3 bytes_expected=9/);
  expect(receiver.rows("SELECT count(*) AS n FROM events")).toEqual([{ n: 51 }]);
  await receiver.stop();
});

test("a start on another database's recordings ends with 78, names both, and takes them over when it is told to", async () => {
  const { folder, database } = await usedFolder();
  const before = readFileSync(join(folder, "audio/.owner"), "utf8");
  rmSync(database);
  const { status, stdout } = await startOn(folder);
  expect([status, stdout]).toEqual([78, expect.stringContaining("--take-over-audio")]);
  expect(stdout).toContain(`(owner ${before.split("\n")[0]}, at ${database})`);
  expect(readFileSync(join(folder, "audio/.owner"), "utf8")).toBe(before);

  const receiver = await startReceiver({ folder, command: [EXECUTABLE, "--take-over-audio"] });
  expect(receiver.rows("SELECT conversation_id FROM conversations")).toEqual([
    { conversation_id: "conv_audio" },
  ]);
  // The flag is not for its successors: it would take the folder from the one that has it by then.
  const successor = await handOver(receiver);
  expect(readFileSync(`/proc/${successor}/cmdline`, "utf8")).not.toContain("take-over");
  expect((await receiver.post(audio("conv_later", Buffer.from("later")))).status).toBe(200);
  await stopAll(receiver, { keepFolder: true });
  await (await startReceiver({ folder })).stop();
});

test("a copy of a database does not start beside its original on one folder of recordings, also after a reload", async () => {
  const { folder, database } = await usedFolder();
  const copy = join(folder, "copy.sqlite");
  copyFileSync(database, copy);
  const receiver = await startReceiver({ folder });
  const startCopy = async () =>
    runExecutable(["serve"], {
      ELEVENLABS_WEBHOOK_SECRET: SECRET,
      ELEVENLABS_WEBHOOK_HOST: "127.0.0.1",
      ELEVENLABS_WEBHOOK_PORT: String(await freePort()),
      TRANSCRIPT_STORAGE_PATH: copy,
      AUDIO_STORAGE_PATH: join(folder, "audio"),
    });
  const refused = {
    status: 1,
    stdout: expect.stringContaining("another receiver is at work on the recordings"),
  };
  expect(await startCopy()).toMatchObject(refused);
  await handOver(receiver);
  expect(await startCopy()).toMatchObject(refused);
  // The predecessor lets go of its lock, and the successor keeps its own.
  await untilOutput(receiver, "Handed over");
  expect(await startCopy()).toMatchObject(refused);
  expect((await receiver.post(audio("conv_after", Buffer.from("after")))).status).toBe(200);
  await stopAll(receiver);
});
