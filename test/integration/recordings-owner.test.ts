import { Database } from "bun:sqlite";
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { OtherOwnerError } from "../../src/store/files/recordings-owner.ts";
import { DataLockedError } from "../../src/store/sqlite/data-lock.ts";
import { openTestApp } from "../helpers/app.ts";
import type { TestApp } from "../helpers/app.ts";
import { everyFile, newFolder, runFor } from "../helpers/backups.ts";
import { audio } from "../helpers/deliveries.ts";

// Two databases with their recordings in one folder: each would adopt the other's, and erase them when they are too old.

const ID = /^[0-9a-f]{32}$/;

let root: string;
let audioFolder: string;
let opened: TestApp[];

beforeEach(() => {
  root = newFolder();
  audioFolder = join(root, "audio");
  opened = [];
});
afterEach(async () => {
  for (const app of opened) await app.close({ keepFolder: true }).catch(() => {});
  rmSync(root, { recursive: true, force: true });
});

/** Opens a receiver with a database of its own and the common folder for recordings. */
async function open(name: string, more: { takesOverRecordings?: boolean; isShared?: boolean } = {}) {
  const config = { audioFolder, recordingsFolder: audioFolder };
  const app = await openTestApp({ folder: join(root, name), config, ...more });
  opened.push(app);
  return app;
}

async function close(app: TestApp): Promise<void> {
  opened = opened.filter((other) => other !== app);
  await app.close({ keepFolder: true });
}

const databaseOf = (name: string) => join(root, name, "transcripts.sqlite");

function ask(name: string, sql: string): unknown[][] {
  const database = new Database(databaseOf(name));
  try {
    return database.query(sql).values();
  } finally {
    database.close();
  }
}

const ownerOf = (name: string) =>
  ask(name, "SELECT value FROM state WHERE name = 'recordings_owner'")[0]?.[0];
const mark = () => readFileSync(join(audioFolder, ".owner"), "utf8");
const markedOwner = () => mark().split("\n")[0] ?? "";

/** Has a receiver store a recording and stop. */
async function use(name: string, conversation = `conv_${name}`): Promise<void> {
  const app = await open(name);
  expect((await app.post(audio(conversation, Buffer.from(`of ${name}`)))).status).toBe(200);
  await close(app);
}

test("a folder without a mark is marked, for its owner alone, and opened again", async () => {
  await use("first");
  expect(markedOwner()).toMatch(ID);
  expect(ownerOf("first")).toBe(markedOwner());
  expect(mark()).toContain(databaseOf("first"));
  expect(statSync(join(audioFolder, ".owner")).mode & 0o777).toBe(0o600);
  const before = mark();
  await close(await open("first"));
  expect(mark()).toBe(before);
});

test("a folder that is not there any more, and one that is new, are marked with the same id", async () => {
  await use("first");
  const id = markedOwner();
  rmSync(audioFolder, { recursive: true });
  await close(await open("first"));
  audioFolder = join(root, "new/audio");
  await close(await open("first"));
  expect(markedOwner()).toBe(id);
});

describe("another database", () => {
  test("is refused, with both sides and what to do, and nothing is changed", async () => {
    await use("first");
    const before = [mark(), everyFile(audioFolder).filter((path) => path.endsWith(".mp3"))];
    const failure = await open("second").catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(OtherOwnerError);
    const { message } = failure as Error;
    for (const part of [databaseOf("first"), databaseOf("second"), audioFolder, "--take-over-audio"])
      expect(message).toContain(part);
    expect([mark(), everyFile(audioFolder).filter((path) => path.endsWith(".mp3"))]).toEqual(before);
    expect(ownerOf("second")).toBeUndefined();
    await use("first");
  });

  test("with recordings of its own elsewhere is refused too", async () => {
    await use("first");
    const common = audioFolder;
    audioFolder = join(root, "other");
    await use("second");
    audioFolder = common;
    await expect(open("second")).rejects.toThrow(String(ownerOf("second")));
  });

  test("takes the folder over when it is told to, adopts what is there, and the first is refused from then on", async () => {
    await use("first");
    const app = await open("second", { takesOverRecordings: true });
    expect(app.rows("SELECT conversation_id FROM conversations")).toEqual([
      { conversation_id: "conv_first" },
    ]);
    expect(app.logLines.join("")).toContain(databaseOf("first"));
    await close(app);
    expect(ownerOf("second")).toBe(markedOwner());
    await expect(open("first")).rejects.toThrow(OtherOwnerError);
    await close(await open("second"));
  });

  test("does not take it over from one that is at work", async () => {
    const first = await open("first");
    await expect(open("second", { takesOverRecordings: true })).rejects.toThrow(DataLockedError);
    await close(first);
    expect(ownerOf("first")).toBe(markedOwner());
  });
});

test("a database that keeps no recordings erases none of another's", async () => {
  await use("first", "conv_1");
  const config = { storeAudio: false, recordingsFolder: audioFolder };
  const second = await openTestApp({ folder: join(root, "second"), config });
  opened.push(second);
  expect((await second.post(audio("conv_1", Buffer.from("not kept")))).status).toBe(200);
  expect(await second.erase.eraseOne("conv_1")).toEqual({ kind: "erased", announcing: 0 });
  expect(second.rows("SELECT 1 FROM events")).toEqual([]);
  expect(everyFile(audioFolder).filter((path) => path.endsWith(".mp3"))).toHaveLength(1);
});

describe("a copy of a database", () => {
  test("beside its original waits until that one has stopped", async () => {
    await use("first");
    cpSync(join(root, "first"), join(root, "copy"), { recursive: true });
    const first = await open("first");
    await expect(open("copy")).rejects.toThrow(
      `another receiver is at work on the recordings in ${audioFolder}`,
    );
    await close(first);
    const copy = await open("copy");
    await expect(open("first")).rejects.toThrow(DataLockedError);
    await close(copy);
  });

  test("with a folder of its own works beside its original", async () => {
    await use("first");
    const common = audioFolder;
    cpSync(join(root, "first"), join(root, "copy"), { recursive: true });
    const first = await open("first");
    audioFolder = join(root, "copied");
    await close(await open("copy"));
    audioFolder = common;
    await close(first);
  });
});

test("a successor shares the folder with its predecessor, and keeps others out after that one has ended", async () => {
  const first = await open("first");
  const successor = await open("first", { isShared: true });
  opened = opened.filter((app) => app !== first);
  await first.close({ keepFolder: true, isShared: true });
  cpSync(join(root, "first"), join(root, "copy"), { recursive: true });
  await expect(open("copy")).rejects.toThrow(DataLockedError);
  await close(successor);
  await close(await open("copy"));
});

describe("data of a version that knew of no owner", () => {
  /** Makes the data what schema 4 left, whose rows are the same. */
  const forget = (name: string) => ask(name, "DELETE FROM state");

  test("is marked by the first start", async () => {
    cpSync(join(import.meta.dir, "../fixtures/data-schema-4/stopped"), join(root, "old"), {
      recursive: true,
    });
    renameSync(join(root, "old/audio"), audioFolder);
    const app = await open("old");
    expect(app.logLines.filter((line) => line.includes("WARNING"))).toEqual([]);
    await close(app);
    expect(ownerOf("old")).toBe(markedOwner());
  });

  test("goes back to that version and is upgraded again, with what that one has stored", async () => {
    await use("first");
    // That version leaves the mark and the id alone.
    mkdirSync(join(audioFolder, "2026/11/03"), { recursive: true });
    writeFileSync(join(audioFolder, "2026/11/03/conv_old.mp3"), "stored by the version before");
    await use("first");
    // The copy made before the upgrade, put back, has no id; its rows name files that are there.
    forget("first");
    const app = await open("first");
    await close(app);
    expect(ownerOf("first")).toBe(markedOwner());
    await use("first");
  });

  test("is refused if its rows name nothing that is there", async () => {
    await use("first");
    const common = audioFolder;
    audioFolder = join(root, "other");
    await use("second");
    audioFolder = common;
    forget("second");
    await expect(open("second")).rejects.toThrow(OtherOwnerError);
  });
});

test("a start that is interrupted between the id and the mark is no obstacle to the next", async () => {
  await use("first");
  rmSync(join(audioFolder, ".owner"));
  writeFileSync(join(audioFolder, ".owner.tmp"), "half");
  await close(await open("first"));
  expect(ownerOf("first")).toBe(markedOwner());
  expect(readdirSync(audioFolder).filter((name) => name.endsWith(".tmp"))).toEqual([]);
});

test.each([
  ["empty", ""],
  ["of something else", "not an id\n/srv/t.sqlite\n"],
  ["without an end", `${"0".repeat(32)}\n${"x".repeat(100_000)}`],
  ["with control characters", `${"0".repeat(32)}\n/srv/\u001b[31m\u202e.sqlite\n`],
])(
  "a mark that is %s counts as another's, and is shown in one line without control characters",
  async (_, text) => {
    mkdirSync(audioFolder);
    writeFileSync(join(audioFolder, ".owner"), text);
    const failure = await open("first").catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(OtherOwnerError);
    expect((failure as Error).message).toMatch(/^[^\p{C}]{1,6000}$/u);
  },
);

test("a symlink as the mark is not followed", async () => {
  await use("first");
  renameSync(join(audioFolder, ".owner"), join(root, "elsewhere"));
  symlinkSync(join(root, "elsewhere"), join(audioFolder, ".owner"));
  await expect(open("first")).rejects.toThrow("ELOOP");
});

test("without recordings to keep, no folder is marked", async () => {
  const app = await openTestApp({ folder: join(root, "first"), config: { storeAudio: false } });
  opened.push(app);
  expect(existsSync(audioFolder)).toBe(false);
  expect(ownerOf("first")).toBeUndefined();
});

describe("a restore", () => {
  const backUp = async (data: string) => {
    expect(await runFor(data, "backup", join(root, "backup"))).toMatchObject({ status: 0, stderr: "" });
  };
  const restoreTo = (data: string) => runFor(data, "restore", join(root, "backup"));

  beforeEach(async () => {
    audioFolder = join(root, "first/audio");
    await use("first");
    await backUp(join(root, "first"));
  });

  test("on another machine marks the folder with the database's id, and the receiver starts", async () => {
    expect(
      await Bun.$`grep -rl ${markedOwner()} ${join(root, "backup")} --include=.owner`.nothrow().text(),
    ).toBe("");
    const id = markedOwner();
    audioFolder = join(root, "second/audio");
    expect(await restoreTo(join(root, "second"))).toMatchObject({ status: 0, stderr: "" });
    expect(mark()).toBe(`${id}\n${databaseOf("second")}\n`);
    await use("second", "conv_first");
  });

  test("where the recordings were moved away replaces the mark that they left", async () => {
    audioFolder = join(root, "second/audio");
    await use("second");
    for (const name of readdirSync(join(root, "second")).filter((each) => each !== "audio"))
      rmSync(join(root, "second", name), { recursive: true });
    rmSync(join(audioFolder, readdirSync(audioFolder).find((name) => /^\d{4}$/.test(name)) ?? ""), {
      recursive: true,
    });
    expect(await restoreTo(join(root, "second"))).toMatchObject({ status: 0, stderr: "" });
    expect(ownerOf("second")).toBe(markedOwner());
    await use("second");
  });

  test("of a database without an id leaves no other's mark", async () => {
    ask("first", "DELETE FROM state");
    await backUp(join(root, "first"));
    audioFolder = join(root, "second/audio");
    mkdirSync(audioFolder, { recursive: true });
    writeFileSync(join(audioFolder, ".owner"), `${"0".repeat(32)}\n`);
    expect(await restoreTo(join(root, "second"))).toMatchObject({ status: 0, stderr: "" });
    expect(existsSync(join(audioFolder, ".owner"))).toBe(false);
    await use("second");
  });

  test("is refused while another receiver keeps its recordings in the folder", async () => {
    audioFolder = join(root, "common");
    const app = await open("third");
    const { status, stderr } = await runFor(
      join(root, "second"),
      "restore",
      join(root, "backup"),
      "--audio-storage-path",
      audioFolder,
    );
    expect([status, stderr]).toEqual([1, expect.stringContaining("another receiver is at work")]);
    await close(app);
    expect(markedOwner()).toBe(String(ownerOf("third")));
  });
});
