import { Database } from "bun:sqlite";
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import {
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { makeBackup } from "../../src/backup/backup.ts";
import { openTestApp } from "../helpers/app.ts";
import type { TestApp } from "../helpers/app.ts";
import {
  contentOf,
  deliveriesOf,
  everyFile,
  newFolder,
  runFor,
  settingsFor,
  sha256,
} from "../helpers/backups.ts";
import { audio, transcription } from "../helpers/deliveries.ts";

let app: TestApp;
let root: string;
let folder: string;

beforeEach(async () => {
  root = newFolder();
  folder = join(root, "backup");
  app = await openTestApp({ folder: join(root, "data") });
  for (const body of deliveriesOf("first")) await app.post(body);
});
afterEach(async () => {
  await app.close({ keepFolder: true });
  rmSync(root, { recursive: true, force: true });
});

const backup = (...args: string[]) => runFor(app.folder, "backup", ...args);
const stored = (kind: string) => everyFile(join(folder, kind)).map((path) => basename(path));

describe("a backup", () => {
  test("of a running receiver, restored, is the data byte for byte", async () => {
    const { status, stdout, stderr } = await backup(folder);
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    expect(stdout).toStartWith(`Backed up to ${folder}: 8 events, 4 recordings, 1 large body\n`);
    expect(await backup("verify", folder)).toMatchObject({
      status: 0,
      stdout: expect.stringContaining("is intact"),
    });

    const elsewhere = join(root, "new/place");
    expect(await runFor(elsewhere, "restore", folder)).toMatchObject({ status: 0, stderr: "" });
    expect(contentOf(elsewhere)).toEqual(contentOf(app.folder));
    const again = await openTestApp({ folder: elsewhere });
    for (const body of deliveriesOf("first")) await again.post(body);
    expect(again.rows("SELECT id FROM events")).toHaveLength(8);
    await again.close();
  });

  test.each(["stopped", "killed"])(
    "of data that an earlier version has left, %s, restored, is that data",
    async (variant) => {
      const earlier = join(root, "earlier");
      cpSync(join(import.meta.dir, "../fixtures/data-schema-1", variant), earlier, { recursive: true });
      const elsewhere = join(root, "elsewhere");
      expect(await runFor(earlier, "backup", folder)).toMatchObject({ status: 0, stderr: "" });
      expect(await runFor(elsewhere, "restore", folder)).toMatchObject({ status: 0, stderr: "" });
      expect(contentOf(elsewhere)).toEqual(contentOf(earlier));
    },
  );

  test("copies what is new only, and takes in what has come since", async () => {
    await backup(folder);
    expect((await backup(folder)).stdout).toContain(" and 0 new files (0 bytes)\n");
    const before = new Map(everyFile(join(folder, "recordings")).map((path) => [path, readFileSync(path)]));
    await app.post(audio("conv_later", Buffer.from("later")));
    expect((await backup(folder)).stdout).toContain(" and 1 new file (5 bytes)\n");
    for (const [path, bytes] of before) expect(readFileSync(path)).toEqual(bytes);
    expect(stored("recordings")).toContain(`${sha256("later")}.mp3`);
    expect(stored("database")).toHaveLength(1);
  });

  test("is nobody else's to read", async () => {
    await backup(folder);
    const modes = await Bun.$`find ${folder} -perm /077`.text();
    expect(modes).toBe("");
  });

  test("forgets what has been deleted from the data", async () => {
    await backup(folder);
    const name = `${sha256("a recording of first")}.mp3`;
    expect(stored("recordings")).toContain(name);
    deleteConversation("conv_first");
    expect(await backup(folder)).toMatchObject({ status: 0, stderr: "" });
    expect(stored("recordings")).not.toContain(name);
    expect((await backup("verify", folder)).status).toBe(0);
  });

  test("leaves what is not its own in its folder alone", async () => {
    await backup(folder);
    const notes = [join(folder, "notes.txt"), join(folder, "recordings", "notes.mp3")];
    for (const path of notes) writeFileSync(path, "mine");
    await backup(folder);
    for (const path of notes) expect(readFileSync(path, "utf8")).toBe("mine");
  });

  test("takes an interrupted one in its folder further", async () => {
    await backup(folder);
    rmSync(join(folder, "manifest.jsonl"));
    mkdirSync(join(folder, "unfinished"));
    writeFileSync(join(folder, "unfinished/1.tmp"), "half");
    const { status, stdout } = await backup(folder);
    expect(status).toBe(0);
    expect(stdout).toContain("0 new files");
    expect(readdirSync(folder)).not.toContain("unfinished");
  });

  test("mends a stored file that has been cut off", async () => {
    await backup(folder);
    const path = everyFile(join(folder, "recordings"))[0] ?? "";
    const whole = readFileSync(path);
    writeFileSync(path, "cut");
    const { status, stderr } = await backup("verify", folder);
    expect([status, stderr]).toEqual([1, expect.stringContaining("has 3 bytes instead of")]);
    await backup(folder);
    expect(readFileSync(path)).toEqual(whole);
    expect((await backup("verify", folder)).status).toBe(0);
  });
});

describe("where the data has lost a recording", () => {
  const recordingOf = (conversation: string) => {
    const [row] = app.rows<{ audio_path: string }>(
      "SELECT audio_path FROM conversations WHERE conversation_id = ?",
      conversation,
    );
    return join(app.folder, "audio", row?.audio_path ?? "none");
  };

  test("a backup says which, leaves it out, and fails", async () => {
    rmSync(recordingOf("conv_first"));
    const { status, stdout, stderr } = await backup(folder);
    expect([status, stdout]).toEqual([1, expect.stringContaining("8 events, 3 recordings")]);
    expect(stderr).toMatch(
      /^1 file of the data is missing, damaged or unreadable:\n {2}audio\/2026\/\S+conv_first\.mp3\n/,
    );
    expect(await backup("verify", folder)).toMatchObject({
      status: 0,
      stdout: expect.stringContaining("It lacks 1 file"),
    });
  });

  test("what an earlier backup has stays in it and can be restored, overtaken recordings too", async () => {
    await backup(folder);
    const before = contentOf(app.folder);
    renameSync(join(app.folder, "audio"), join(root, "unmounted"));
    const { status, stderr } = await backup(folder);
    renameSync(join(root, "unmounted"), join(app.folder, "audio"));
    expect([status, stderr]).toEqual([1, expect.stringContaining("3 files of the data are missing")]);
    expect(stderr).toContain("conv_first.mp3 (an earlier backup here has it)");
    const elsewhere = join(root, "elsewhere");
    expect((await runFor(elsewhere, "restore", folder)).status).toBe(0);
    expect(contentOf(elsewhere)).toEqual(before);
  });

  test("one without a row and with a name of nobody's is told of, and left out", async () => {
    writeFileSync(join(app.folder, "audio/2026/11/02/a\nb.mp3"), "x");
    const { status, stderr } = await backup(folder);
    expect([status, stderr]).toEqual([1, expect.stringContaining("\n  audio/2026/11/02/a b.mp3\n")]);
    expect((await backup("verify", folder)).status).toBe(0);
  });

  test.each([
    ["has another size", (path: string) => writeFileSync(path, "short")],
    ["has another content", (path: string) => writeFileSync(path, "A recording of first")],
    ["is a symlink", (path: string) => (rmSync(path), symlinkSync("/etc/hostname", path))],
  ])("one that %s is not taken for it", async (_, damage) => {
    damage(recordingOf("conv_first"));
    const { status, stderr } = await backup(folder);
    expect([status, stderr]).toEqual([1, expect.stringContaining("conv_first.mp3")]);
    expect(stored("recordings")).toHaveLength(3);
    expect((await backup("verify", folder)).status).toBe(0);
  });
});

describe("a backup is refused, and nothing is changed, where", () => {
  const refused = async (place: string, status: number, words: string, data = app.folder) => {
    const before = everyFile(root);
    const result = await runFor(data, "backup", place);
    expect([result.status, result.stdout]).toEqual([status, ""]);
    expect(result.stderr).toMatch(/^.+\n$/);
    expect(result.stderr).toContain(words);
    expect(everyFile(root)).toEqual(before);
  };

  test("its folder is a file, or something else is in it", async () => {
    writeFileSync(join(root, "file"), "x");
    await refused(join(root, "file"), 64, "is not a folder");
    await refused(join(root, "file/in"), 64, "is not a folder");
    mkdirSync(join(root, "full"));
    writeFileSync(join(root, "full/photo.jpg"), "x");
    await refused(join(root, "full"), 64, "is not empty and holds no backup");
    writeFileSync(join(root, "full/manifest.jsonl"), '{"kind":"another"}\n');
    await refused(join(root, "full"), 64, "is not the manifest of a backup");
  });

  test("its folder's folder is not there, as where a disk is not mounted", async () => {
    await refused(join(root, "not/mounted"), 64, "see whether its disk is mounted");
  });

  test("it would be in the data's folders, or they in it, by whatever way", async () => {
    symlinkSync(app.folder, join(root, "link"));
    await refused(join(app.folder, "backup"), 64, "is in the folder of the data");
    await refused(app.folder, 64, "is in the folder of the data");
    await refused(join(app.folder, "audio/2026"), 64, "is in the folder of the data");
    await refused(join(root, "link/backup"), 64, "is in the folder of the data");
    await refused(root, 64, `the folder of the data, ${app.folder}, is in ${root}`);
  });

  test("there is no database", async () => {
    await refused(folder, 1, "is not there: nothing has been stored yet", join(root, "none"));
  });

  test("the database is of another program, newer or damaged", async () => {
    const data = join(root, "other");
    mkdirSync(data);
    const path = settingsFor(data).TRANSCRIPT_STORAGE_PATH ?? "";
    const other = new Database(path);
    other.run("CREATE TABLE calls (id INTEGER)");
    mkdirSync(folder);
    writeFileSync(join(folder, "backup.lock"), "");
    await refused(folder, 1, "is not a database of this program", data);
    other.run("PRAGMA user_version = 999");
    other.close();
    await refused(folder, 1, "has schema 999", data);
    writeFileSync(path, "no database ".repeat(1000));
    await refused(folder, 1, "is not an intact SQLite database", data);
  });

  test("another one is being made there", async () => {
    await backup(folder);
    const lock = new Database(join(folder, "backup.lock"));
    lock.run("BEGIN EXCLUSIVE");
    await refused(folder, 1, "another backup is being made");
    lock.close();
  });

  test("the folder holds the backup of another database, or of one that has lost its events", async () => {
    await backup(folder);
    const other = await openTestApp({ folder: join(root, "other") });
    await refused(folder, 1, "holds a backup with events that", other.folder);
    for (const body of deliveriesOf("other")) await other.post(body);
    await refused(folder, 1, "holds a backup with events that", other.folder);
    await other.close();
    expect((await backup(folder)).status).toBe(0);
  });

  test("nothing or too much is named", async () => {
    for (const args of [[], ["a", "b"], ["verify"]]) {
      const { status, stderr } = await runFor(app.folder, "backup", ...args);
      if (args[0] !== "verify")
        expect([status, stderr]).toEqual([64, expect.stringContaining("name one folder")]);
    }
  });

  test("a setting is faulty", async () => {
    for (const command of ["backup", "restore"]) {
      const { status, stderr } = await runFor(
        app.folder,
        command,
        folder,
        "--transcript-storage-path",
        "a\0b",
      );
      expect([status, stderr]).toEqual([78, expect.stringContaining("TRANSCRIPT_STORAGE_PATH: ")]);
    }
  });
});

test("files that are deleted while a backup is made are left out, and it says so", async () => {
  const paths = { databasePath: app.config.databasePath, audioFolder: join(app.folder, "audio") };
  const clock = {
    monotonicMs: () => 0,
    // It is asked for the time right before the database is copied, in one go with that.
    nowMs: () => {
      queueMicrotask(() => deleteConversation("conv_first"));
      return 0;
    },
  };
  const report = await makeBackup({ paths, folder, clock });
  expect(report).toMatchObject({ deletedMeanwhile: 1, recordings: 3, absent: { count: 0 } });
  expect(await backup("verify", folder)).toMatchObject({
    status: 0,
    stdout: expect.stringContaining("It lacks 1 file"),
  });
});

function deleteConversation(id: string): void {
  const database = new Database(app.config.databasePath);
  const [row] = database
    .query<{ path: string }, [string]>(
      "SELECT audio_path AS path FROM conversations WHERE conversation_id = ?",
    )
    .all(id);
  database.run("DELETE FROM conversations WHERE conversation_id = ?", [id]);
  database.run("DELETE FROM events WHERE conversation_id = ?", [id]);
  database.close();
  rmSync(join(app.folder, "audio", row?.path ?? "none"));
  expect(dirname(row?.path ?? "")).toBe("2026/11/02");
}

test("a later transcription is in the backup that begins after its answer", async () => {
  await backup(folder);
  await app.post(transcription("conv_just_now"));
  await backup(folder);
  const [path = ""] = everyFile(join(folder, "database"));
  const copy = new Database(path, { readonly: true });
  expect(copy.query("SELECT 1 FROM events WHERE conversation_id = 'conv_just_now'").all()).toHaveLength(1);
  copy.close();
});
