import { Database } from "bun:sqlite";
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { openTestApp } from "../helpers/app.ts";
import type { TestApp } from "../helpers/app.ts";
import { everyFile, newFolder, runFor } from "../helpers/backups.ts";
import { audio, transcription } from "../helpers/deliveries.ts";
import { quarantineAsBefore } from "../helpers/quarantine.ts";

// What the data folders hold may be changed by an intruder in the receiver, and a database may come from a backup
// that somebody else has made: no symlink in the folders and no path in a row leads the program elsewhere.

const TOKEN = "0123456789abcdef0123456789abcdef";
const LARGE = JSON.stringify({ type: "new", name: "large" }).padEnd(1_100_000);

let root: string;
let outside: string;
let receiver: TestApp;

const open = () => openTestApp({ folder: join(root, "data"), config: { apiTokens: [TOKEN] } });

beforeEach(async () => {
  root = newFolder();
  outside = join(root, "outside");
  mkdirSync(outside);
  receiver = await open();
});
afterEach(async () => {
  await receiver.close();
  rmSync(root, { recursive: true, force: true });
});

const at = (path: string) => join(receiver.folder, path);

/** Moves a file or folder of the data away and puts a symlink in its place. Returns where it is now. */
function replaceByLink(path: string): string {
  const target = join(outside, "moved");
  renameSync(at(path), target);
  symlinkSync(target, at(path));
  return target;
}

async function erase(id: string): Promise<number> {
  const headers = { authorization: `Bearer ${TOKEN}` };
  return (await receiver.handle(`/conversations/${id}`, { method: "DELETE", headers })).status;
}

function change(sql: string): void {
  const database = new Database(receiver.config.databasePath);
  database.run(sql);
  database.close();
}

const recordingPath = () =>
  String(receiver.rows("SELECT audio_path FROM conversations WHERE audio_path IS NOT NULL")[0]?.audio_path);

/** Stores a conversation with a recording. Returns the folder of the recording's year. */
async function storeRecording(): Promise<string> {
  expect((await receiver.post(transcription("conv_1"))).status).toBe(200);
  expect((await receiver.post(audio("conv_1", Buffer.from("a recording")))).status).toBe(200);
  return `audio/${recordingPath().slice(0, 4)}`;
}

describe("a recording behind a symlink in the place of a date's folder", () => {
  test("is not served", async () => {
    replaceByLink(await storeRecording());
    expect(await receiver.ask("/conversations/conv_1/audio")).toMatchObject({
      status: 404,
      answer: { code: "audio_missing" },
    });
  });

  test("is not removed with its conversation, which is not said to be erased", async () => {
    const target = replaceByLink(await storeRecording());
    expect(await erase("conv_1")).toBe(500);
    expect(everyFile(target)).toHaveLength(1);
  });

  test("is not taken into a backup, which says so", async () => {
    replaceByLink(await storeRecording());
    const { status, stderr } = await runFor(receiver.folder, "backup", join(root, "backup"));
    expect([status, stderr]).toEqual([1, expect.stringContaining(recordingPath())]);
    expect(existsSync(join(root, "backup/recordings"))).toBe(false);
  });

  test("is reported missing by a start after an interruption", async () => {
    replaceByLink(await storeRecording());
    await receiver.close({ keepFolder: true });
    writeFileSync(`${receiver.config.databasePath}.running`, "");
    receiver = await open();
    expect(receiver.logLines.join("")).toContain("A file that the database names is missing");
  });
});

describe("a quarantined body behind a symlink", () => {
  test.each(["the folder", "the file"])(
    "in the place of %s is neither served nor processed",
    async (place) => {
      await receiver.post(LARGE);
      const id = quarantineAsBefore(receiver.config.databasePath, transcription("conv_2").padEnd(1_100_000));
      const [row] = receiver.rows("SELECT payload_path FROM events WHERE id = ?", id);
      replaceByLink(place === "the folder" ? "quarantine" : String(row?.payload_path));
      expect(await receiver.ask(`/events/${id}/payload`)).toMatchObject({
        status: 404,
        answer: { code: "payload_missing" },
      });
      expect((await receiver.command(`/events/${id}/reprocess`)).answer).toMatchObject({
        code: "payload_missing",
      });
    },
  );

  test("is not removed with its conversation", async () => {
    quarantineAsBefore(receiver.config.databasePath, LARGE, { conversationId: "conv_3" });
    const target = replaceByLink("quarantine");
    expect(await erase("conv_3")).toBe(500);
    expect(everyFile(target)).toHaveLength(1);
  });

  test("is not written", async () => {
    symlinkSync(outside, at("quarantine"));
    expect((await receiver.post(LARGE)).status).toBe(500);
    expect(readdirSync(outside)).toEqual([]);
  });

  test("is not tidied away by a start after an interruption", async () => {
    await receiver.post(transcription("conv_4").padEnd(300_000));
    const [row] = receiver.rows("SELECT body_sha256 FROM events");
    writeFileSync(join(outside, `${String(row?.body_sha256)}.body`), "mine");
    symlinkSync(outside, at("quarantine"));
    await receiver.close({ keepFolder: true });
    writeFileSync(`${receiver.config.databasePath}.running`, "");
    receiver = await open();
    expect(receiver.logLines).toContainEqual(expect.stringMatching(/ERROR .*quarantine is not a folder/));
    expect(readdirSync(outside)).toHaveLength(1);
  });
});

test("a symlink in the place of the folder for bodies on their way in is refused, and nothing behind it cleared away", async () => {
  await receiver.close({ keepFolder: true });
  rmSync(at("spool"), { recursive: true });
  const owner = new Bun.CryptoHasher("sha256")
    .update(receiver.config.databasePath)
    .digest("hex")
    .slice(0, 12);
  writeFileSync(join(outside, `.${owner}-0123456789abcdef-1.tmp`), "mine");
  symlinkSync(outside, at("spool"));
  await expect(open()).rejects.toThrow("is not a folder");
  expect(readdirSync(outside)).toHaveLength(1);
  rmSync(at("spool"));
  receiver = await open();
});

test("a symlink under the name of a copy made before an upgrade is not followed when a conversation is erased", async () => {
  await receiver.post(transcription("conv_5"));
  const copy = join(outside, "copy.sqlite");
  const database = new Database(receiver.config.databasePath);
  database.query("VACUUM INTO ?").run(copy);
  database.close();
  const before = readFileSync(copy);
  symlinkSync(copy, at("transcripts.sqlite.before-schema-2"));
  expect(await erase("conv_5")).toBe(500);
  expect(readFileSync(copy).equals(before)).toBe(true);
});

describe("a row that names a file elsewhere", () => {
  const secret = () => join(root, "secret.mp3");
  /** From the folder of the database, and from that of the recordings. */
  const paths = ["../secret.mp3", "audio/../../secret.mp3", "quarantine/../../secret.mp3"];

  beforeEach(async () => {
    writeFileSync(secret(), LARGE);
    await storeRecording();
  });

  test.each(paths)("as the body of an event, %s, is neither served, processed nor removed", async (path) => {
    mkdirSync(at("quarantine"), { recursive: true });
    const id = quarantineAsBefore(receiver.config.databasePath, LARGE, { conversationId: "conv_6" });
    change(`UPDATE events SET payload_path = '${path}' WHERE id = ${id}`);
    expect((await receiver.ask(`/events/${id}/payload`)).answer).toMatchObject({ code: "payload_missing" });
    expect((await receiver.command(`/events/${id}/reprocess`)).answer).toMatchObject({
      code: "payload_missing",
    });
    expect(await erase("conv_6")).toBe(200);
    expect(existsSync(secret())).toBe(true);
  });

  test("as a recording is neither served, backed up nor removed", async () => {
    const path = "../../secret.mp3";
    change(
      `UPDATE conversations SET audio_path = '${path}', audio_bytes = ${LARGE.length}, audio_sha256 = NULL`,
    );
    expect((await receiver.ask("/conversations/conv_1/audio")).answer).toMatchObject({
      code: "audio_missing",
    });
    const { status } = await runFor(receiver.folder, "backup", join(root, "backup"));
    expect(status).toBe(1);
    expect(everyFile(join(root, "backup")).filter((file) => readFileSync(file, "utf8") === LARGE)).toEqual(
      [],
    );
    expect(await erase("conv_1")).toBe(200);
    expect(existsSync(secret())).toBe(true);
  });

  test("as a recording is not removed when it is too old", async () => {
    change("UPDATE conversations SET audio_path = '../../secret.mp3'");
    await receiver.store.events.eraser.eraseRecordings(["conv_1"], Infinity);
    expect(existsSync(secret())).toBe(true);
  });
});
