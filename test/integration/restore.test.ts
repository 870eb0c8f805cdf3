import { Database } from "bun:sqlite";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  lchownSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { schemaVersion } from "../../src/store/sqlite/database.ts";
import { openTestApp } from "../helpers/app.ts";
import { transcription } from "../helpers/deliveries.ts";
import {
  contentOf,
  deliveriesOf,
  everyFile,
  newFolder,
  recordingsIn,
  runFor,
  sha256,
} from "../helpers/backups.ts";

let source: string;
let root: string;
let folder: string;
let place: string;

beforeAll(async () => {
  source = newFolder();
  const app = await openTestApp({ folder: join(source, "data") });
  for (const body of deliveriesOf("first")) await app.post(body);
  await runFor(app.folder, "backup", join(source, "backup"));
  await app.close({ keepFolder: true });
});
afterAll(() => rmSync(source, { recursive: true, force: true }));

beforeEach(() => {
  root = newFolder();
  folder = join(root, "backup");
  place = join(root, "place");
  cpSync(join(source, "backup"), folder, { recursive: true, preserveTimestamps: true });
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const restore = () => runFor(place, "restore", folder);
const manifestPath = () => join(folder, "manifest.jsonl");

/** Changes the manifest as somebody would who knows how it is made. */
function forge(change: (lines: Record<string, unknown>[]) => void): void {
  const lines = readFileSync(manifestPath(), "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
  change(lines);
  const last = lines.pop();
  const text = lines.map((line) => `${JSON.stringify(line)}\n`).join("");
  const files = lines.filter((line) => "path" in line).length;
  writeFileSync(manifestPath(), `${text}${JSON.stringify({ ...last, files, sha256: sha256(text) })}\n`);
}

/** Changes the database in the backup, and the manifest so that it fits. */
function forgeDatabase(change: (path: string) => void): void {
  const [path = ""] = everyFile(join(folder, "database"));
  change(path);
  const bytes = readFileSync(path);
  const hash = sha256(bytes);
  mkdirSync(join(folder, "database", hash.slice(0, 2)), { recursive: true });
  writeFileSync(join(folder, "database", hash.slice(0, 2), `${hash}.sqlite`), bytes);
  forge(([header]) => Object.assign(header ?? {}, { database: { bytes: bytes.byteLength, sha256: hash } }));
}

async function expectRefused(words: string, status = 1): Promise<void> {
  // To look whether a receiver runs, its lock is taken.
  const files = () => everyFile(root).filter((path) => !path.endsWith(".sqlite.lock"));
  const before = files();
  const result = await restore();
  expect([result.status, result.stdout]).toEqual([status, ""]);
  expect(result.stderr).toContain(words);
  expect(result.stderr).toMatch(/^[^\p{C}]+\n$/u);
  expect(files()).toEqual(before);
}

function runIn(path: string, sql: string): void {
  const database = new Database(path);
  database.run(sql);
  database.close();
}

describe("a restore", () => {
  test("brings the data back, for its owner alone, with a mark that has the first start look at all of it", async () => {
    expect(await restore()).toMatchObject({ status: 0, stderr: "" });
    expect(contentOf(place)).toEqual(contentOf(join(source, "data")));
    expect(await Bun.$`find ${place} -perm /077`.text()).toBe("");
    expect(existsSync(join(place, "transcripts.sqlite.restoring"))).toBe(false);
    expect(existsSync(join(place, "transcripts.sqlite.running"))).toBe(true);
    const app = await openTestApp({ folder: place });
    expect(app.logLines.join("")).not.toContain("missing");
    await app.close();
  });

  test("takes the times of recordings along", async () => {
    const [path = ""] = recordingsIn(join(source, "data/audio"));
    await restore();
    const [restored = ""] = recordingsIn(join(place, "audio"));
    expect(statSync(restored).mtimeMs).toBeCloseTo(statSync(path).mtimeMs, -1);
  });

  test("goes on where it was interrupted, and no receiver starts before it is done", async () => {
    await restore();
    const mark = join(place, "transcripts.sqlite.restoring");
    rmSync(join(place, "transcripts.sqlite"));
    rmSync(recordingsIn(join(place, "audio"))[0] ?? "");
    const header = JSON.parse(readFileSync(manifestPath(), "utf8").split("\n")[0] ?? "");
    writeFileSync(mark, header.database.sha256);
    writeFileSync(`${mark}.tmp`, "half");
    writeFileSync(join(place, "audio/.restoring.tmp"), "half");

    await expect(openTestApp({ folder: place })).rejects.toThrow(
      `has not been finished: run it again, or remove`,
    );
    expect(existsSync(join(place, "transcripts.sqlite"))).toBe(false);
    expect((await runFor(place, "check")).stdout).toContain("has not been finished");
    expect(await restore()).toMatchObject({ status: 0, stderr: "" });
    expect(contentOf(place)).toEqual(contentOf(join(source, "data")));
    expect(everyFile(place).filter((path) => path.endsWith(".tmp") || path === mark)).toEqual([]);
  });

  test("does not go on with another backup than it began with", async () => {
    mkdirSync(place);
    writeFileSync(join(place, "transcripts.sqlite.restoring"), sha256("another"));
    await expectRefused("a restore of another backup has not been finished");
  });

  test("does not overwrite what somebody has put in its way since it was interrupted", async () => {
    await restore();
    const header = JSON.parse(readFileSync(manifestPath(), "utf8").split("\n")[0] ?? "");
    writeFileSync(join(place, "transcripts.sqlite.restoring"), header.database.sha256);
    const [recording = ""] = recordingsIn(join(place, "audio"));
    writeFileSync(recording, "mine");
    expect(await restore()).toMatchObject({
      status: 1,
      stderr: `${recording} is there with another content: move it away\n`,
    });
    expect(readFileSync(recording, "utf8")).toBe("mine");
  });
});

describe.skipIf(process.getuid?.() !== 0)("a restore by root", () => {
  const USER = 12_345;
  let outside: string;

  beforeEach(() => {
    // Whatever umask the test of a command has left in this process.
    process.umask(0o022);
    // The backup stays root's alone.
    chmodSync(root, 0o711);
    outside = join(root, "outside");
    for (const path of [place, outside]) mkdirSync(path, { mode: 0o755 });
    chownSync(place, USER, USER);
    chmodSync(folder, 0o700);
  });

  /** What somebody else's files are like, with their owners. */
  const stateOf = async (path: string) =>
    (await Bun.$`find ${path} -printf "%P %U %G %m %s %T@\n"`.text()).split("\n").toSorted();

  test("gives all to the owner of the folder", async () => {
    expect(await restore()).toMatchObject({ status: 0, stderr: "" });
    expect(contentOf(place)).toEqual(contentOf(join(source, "data")));
    expect(await Bun.$`find ${place} -not -user ${USER} -o -not -group ${USER} -o -perm /077`.text()).toBe(
      `${place}\n`,
    );
    expect([process.geteuid?.(), process.getegid?.()]).toEqual([0, 0]);
  });

  test("goes on where it was interrupted", async () => {
    await restore();
    const header = JSON.parse(readFileSync(manifestPath(), "utf8").split("\n")[0] ?? "");
    writeFileSync(join(place, "transcripts.sqlite.restoring"), header.database.sha256);
    rmSync(recordingsIn(join(place, "audio"))[0] ?? "");
    rmSync(join(place, "transcripts.sqlite"));
    expect(await restore()).toMatchObject({ status: 0, stderr: "" });
    expect(contentOf(place)).toEqual(contentOf(join(source, "data")));
  });

  test.each(["audio", "quarantine", "audio/2026"])(
    "follows no symlink that the owner has put in the place of %s",
    async (name) => {
      writeFileSync(join(outside, "shadow"), "of root");
      mkdirSync(join(outside, "11/02"), { recursive: true });
      mkdirSync(join(place, name, ".."), { recursive: true });
      chownSync(join(place, name, ".."), USER, USER);
      symlinkSync(outside, join(place, name));
      lchownSync(join(place, name), USER, USER);
      const before = await stateOf(outside);
      expect((await restore()).status).toBe(1);
      expect(await stateOf(outside)).toEqual(before);
    },
  );

  test("does not write through a symlink to where the owner could not", async () => {
    symlinkSync(join(outside, "made"), join(place, "transcripts.sqlite.lock"));
    const before = await stateOf(outside);
    expect((await restore()).status).toBe(1);
    expect(await stateOf(outside)).toEqual(before);
  });

  test("leaves what was there to whom it belongs", async () => {
    mkdirSync(join(place, "audio"));
    chownSync(join(place, "audio"), USER, USER);
    writeFileSync(join(place, "audio/notes.txt"), "of root");
    linkSync(join(place, "audio/notes.txt"), join(outside, "linked"));
    expect(await restore()).toMatchObject({ status: 0, stderr: "" });
    expect(statSync(join(outside, "linked")).uid).toBe(0);
  });

  test("makes the folders that are missing for the owner, where only root can", async () => {
    const parent = join(root, "recordings");
    expect(
      await runFor(place, "restore", folder, "--audio-storage-path", join(parent, "of/calls")),
    ).toMatchObject({
      status: 0,
      stderr: "",
    });
    expect(await Bun.$`find ${parent} -not -user ${USER}`.text()).toBe("");
  });

  test("makes no folder as root where others could put another in its place", async () => {
    const shared = join(root, "shared");
    mkdirSync(shared);
    chownSync(shared, 0, USER + 1);
    chmodSync(shared, 0o775);
    const { status, stderr } = await runFor(
      place,
      "restore",
      folder,
      "--audio-storage-path",
      join(shared, "audio"),
    );
    expect([status, stderr]).toEqual([1, expect.stringContaining(`${join(shared, "audio")} can't be`)]);
    expect(readdirSync(shared)).toEqual([]);
  });

  test("does not go where another user's symlink leads", async () => {
    const link = join(root, "link");
    symlinkSync(outside, link);
    lchownSync(link, USER, USER);
    const before = await stateOf(outside);
    const { status, stderr } = await runFor(join(link, "data"), "restore", folder);
    expect([status, stderr]).toEqual([1, expect.stringContaining(`${link} is a symlink that is not root's`)]);
    expect(await stateOf(outside)).toEqual(before);
  });
});

test("a restore goes on where a receiver has left its locks, also those of a reload", async () => {
  mkdirSync(place, { recursive: true });
  for (const ending of ["", "-journal", "2", "2-journal", "4"])
    writeFileSync(join(place, `transcripts.sqlite.lock${ending}`), "");
  expect(await restore()).toMatchObject({ status: 0, stderr: "" });
});

describe("a restore changes nothing where", () => {
  test.each([
    ["a database", "transcripts.sqlite"],
    ["the log of one", "transcripts.sqlite-wal"],
    ["a recording", "audio/2026/11/02/conv_1.mp3"],
    ["a quarantined body", "quarantine/x.body"],
  ])("there is %s", async (_, name) => {
    mkdirSync(join(place, name, ".."), { recursive: true });
    writeFileSync(join(place, name), "mine");
    await expectRefused("holds data, and a restore never overwrites any");
    expect(readFileSync(join(place, name), "utf8")).toBe("mine");
  });

  test("there is a database beside locks, and names the database", async () => {
    mkdirSync(place, { recursive: true });
    for (const ending of [".lock", ".lock2", ".running", ""])
      writeFileSync(join(place, `transcripts.sqlite${ending}`), "");
    await expectRefused("transcripts.sqlite holds data");
  });

  test("a receiver runs", async () => {
    const app = await openTestApp({ folder: place });
    await expectRefused("holds data");
    await app.close({ keepFolder: true });
    const lock = new Database(join(root, "place/other.sqlite.lock"));
    lock.run("BEGIN EXCLUSIVE");
    const { status, stderr } = await runFor(
      join(place, "none"),
      "restore",
      folder,
      "--transcript-storage-path",
      join(place, "other.sqlite"),
    );
    lock.close();
    expect([status, stderr]).toEqual([1, expect.stringContaining("another instance is running")]);
  });

  test("there is no backup", async () => {
    rmSync(manifestPath());
    await expectRefused("holds no backup, or one that was never finished", 64);
    rmSync(folder, { recursive: true });
    await expectRefused("is not there: name a backup's folder", 64);
    writeFileSync(folder, "x");
    await expectRefused("is not a folder", 64);
  });

  test("it would be in the backup's folder", async () => {
    place = join(folder, "data");
    await expectRefused("is in", 64);
  });

  test("the way to a recording is a symlink", async () => {
    mkdirSync(join(root, "outside"));
    mkdirSync(join(place, "audio"), { recursive: true });
    symlinkSync(join(root, "outside"), join(place, "audio/2026"));
    expect(await restore()).toMatchObject({ status: 1, stderr: expect.stringContaining("is not a folder") });
    expect(everyFile(join(root, "outside"))).toEqual([]);
  });
});

describe("a backup that is not intact is not restored, and verify says why:", () => {
  const expectFault = async (words: string, status = 1) => {
    const { status: verified, stderr } = await runFor(place, "backup", "verify", folder);
    expect([verified, stderr]).toEqual([status, expect.stringContaining(words)]);
    await expectRefused(words, status);
    expect(existsSync(join(place, "audio"))).toBe(false);
  };
  const first = (kind: string) => everyFile(join(folder, kind))[0] ?? "";

  test("a file that is missing, shorter, changed or a symlink", async () => {
    const path = first("recordings");
    const bytes = readFileSync(path);
    rmSync(path);
    await expectFault(`${path.slice(folder.length + 1)} is missing`);
    symlinkSync("/etc/passwd", path);
    await expectFault(`${path.slice(folder.length + 1)} is missing`);
    rmSync(path);
    writeFileSync(path, bytes.subarray(1));
    await expectFault(` bytes instead of ${bytes.byteLength}`);
    writeFileSync(path, bytes.fill(0x41));
    await expectFault("has another content");
  });

  test("a database that is missing or changed", async () => {
    const path = first("database");
    const bytes = readFileSync(path);
    bytes[5000] = (bytes[5000] ?? 0) ^ 1;
    writeFileSync(path, bytes);
    await expectFault(".sqlite has another content");
    rmSync(path);
    await expectFault(".sqlite is missing");
  });

  test("a manifest that is cut off, changed, too long, too new or something else", async () => {
    const text = readFileSync(manifestPath(), "utf8");
    const lines = text.trimEnd().split("\n");
    for (const [damage, words, status] of [
      [text.slice(0, -5), "is damaged", 1],
      [`${lines.slice(0, -1).join("\n")}\n`, "is damaged", 1],
      [[...lines.slice(0, 1), ...lines.slice(2), ""].join("\n"), "is damaged", 1],
      [text.replace("conv_first.mp3", "conv_other.mp3"), "is damaged", 1],
      [`${text}{}\n`, "is damaged", 1],
      [text.replace("\n", `\n${" ".repeat(20_000)}\n`), "is damaged", 1],
      [text.replace('"format":1', '"format":2'), "was written by a newer version", 1],
      [text.replace('"schema":', '"scheme":'), "is damaged", 1],
      [text.replace(/"schema":\d+/, '"schema":999'), "has schema 999", 1],
      ["not a manifest\n", "is not the manifest of a backup", 64],
      ["", "is damaged", 1],
    ] as const) {
      writeFileSync(manifestPath(), damage);
      await expectFault(words, status);
    }
  });

  test.each([
    "../evil.mp3",
    "audio/../../../evil.mp3",
    "audio/2026/11/02/../../../../evil.mp3",
    "audio/2026/11/..%2f/evil.mp3",
    "/tmp/evil.mp3",
    "quarantine/../transcripts.sqlite",
    "audio/2026/11/02/\u0000evil.mp3",
    "audio/2026/11/02/a\u001b[31m.mp3",
    "transcripts.sqlite",
  ])("a manifest that names %j", async (path) => {
    forge((lines) => Object.assign(lines.find((line) => "path" in line) ?? {}, { path }));
    await expectFault("is damaged");
  });

  test("a manifest that says of a hash what is no hash", async () => {
    forge((lines) => Object.assign(lines[1] ?? {}, { sha256: "../../../../etc/passwd" }));
    await expectFault("is damaged");
  });

  test("a manifest that names a file twice, or one that the rows know otherwise, or lacks one", async () => {
    const text = readFileSync(manifestPath(), "utf8");
    forge((lines) => lines.splice(1, 0, { ...lines[1] }));
    await expectFault("twice");
    writeFileSync(manifestPath(), text);
    forge((lines) => Object.assign(lines[1] ?? {}, { sha256: lines[2]?.sha256, bytes: lines[2]?.bytes }));
    await expectFault("is not what its row says");
    writeFileSync(manifestPath(), text);
    forge((lines) => lines.splice(1, 1));
    await expectFault("which is not in the backup");
  });

  test.each([
    [
      "whose rows lead elsewhere",
      "UPDATE conversations SET audio_path = '../../../etc/pass\u001bwd' WHERE conversation_id = 'conv_first'",
      "a row names audio/../../../etc/pass?wd, which is no name of a file of the data",
    ],
    [
      "whose rows name a body elsewhere",
      "UPDATE events SET payload_path = '../../etc/shadow' WHERE payload_path IS NOT NULL",
      "a row names ../../etc/shadow, which is no name of a file of the data",
    ],
    ["of another schema", "PRAGMA user_version = 0", `has schema 0 instead of ${schemaVersion}`],
    ["without its tables", "DROP TABLE conversations", "the table conversations is missing"],
  ])("a database %s", async (_, sql, words) => {
    forgeDatabase((path) => {
      const database = new Database(path);
      database.run(sql);
      database.close();
    });
    await expectFault(words);
  });

  test("a row that leads elsewhere, and a line that says it was left out", async () => {
    const path = "../../../etc/passwd";
    forgeDatabase((file) =>
      runIn(file, `UPDATE events SET payload_path = '${path}' WHERE payload_path IS NOT NULL`),
    );
    forge((lines) => lines.splice(1, 0, { left_out: path, reason: "missing" }));
    await expectFault("is damaged");
  });

  test.each([
    [
      "a trigger",
      "CREATE TRIGGER t AFTER INSERT ON events BEGIN DELETE FROM conversations; END",
      "the trigger t is not",
    ],
    [
      "a trigger on a view",
      "CREATE TRIGGER t INSTEAD OF INSERT ON turns BEGIN SELECT 1; END",
      "the trigger t is not",
    ],
    ["another view", "CREATE VIEW v AS SELECT 1", "the view v is not of this program"],
    ["another table", "CREATE TABLE t (a)", "the table t is not of this program"],
    [
      "another index",
      "CREATE UNIQUE INDEX i ON events (received_at, id)",
      "the index i is not of this program",
    ],
    [
      "a view that says something else",
      "DROP VIEW turns; CREATE VIEW turns AS SELECT 1",
      "the view turns is another",
    ],
    ["a column that nobody knows", "ALTER TABLE events ADD COLUMN x TEXT", "the table events is another"],
    ["no index", "DROP INDEX events_body", "the index events_body is missing"],
    ["a virtual table", "CREATE VIRTUAL TABLE f USING fts5 (a)", "the table f is not of this program"],
    [
      "a table of another name in the place of ours",
      "ALTER TABLE call_failures RENAME TO failures; CREATE VIEW call_failures AS SELECT * FROM failures",
      "the table call_failures is missing",
    ],
  ])("a database that has %s", async (_, sql, words) => {
    forgeDatabase((path) => runIn(path, sql));
    await expectFault(words);
  });

  test("a database that SQLite finds damaged", async () => {
    forgeDatabase((path) => {
      const bytes = readFileSync(path);
      writeFileSync(path, bytes.fill(0x5a, bytes.byteLength - 8192));
    });
    await expectFault("is damaged: ");
  });
});

describe("a backup of a newer version that has made its database for this one too", () => {
  const newer = (sql: string, oldestWriter = schemaVersion) => {
    forgeDatabase((path) => {
      runIn(path, `PRAGMA user_version = ${schemaVersion + 1}`);
      runIn(path, `UPDATE schema_compatibility SET oldest_writer = ${oldestWriter}`);
      runIn(path, sql);
    });
    forge(([header]) => Object.assign(header ?? {}, { schema: schemaVersion + 1 }));
  };

  test.each([
    ["a table", "CREATE TABLE words (id INTEGER PRIMARY KEY) STRICT"],
    ["an index", "CREATE INDEX events_words ON events (agent_id)"],
    [
      "columns that may be NULL",
      "ALTER TABLE events ADD COLUMN a TEXT; ALTER TABLE events ADD COLUMN b INTEGER",
    ],
    ["a view that reads them", "DROP VIEW turns; CREATE VIEW turns AS SELECT conversation_id FROM events"],
  ])("is restored with %s that this one does not know", async (_, sql) => {
    newer(sql);
    expect(await runFor(place, "backup", "verify", folder)).toMatchObject({ status: 0, stderr: "" });
    expect(await restore()).toMatchObject({ status: 0, stderr: "" });
    await (await openTestApp({ folder: place })).close();
  });

  test("is backed up by this one, after a way back", async () => {
    const data = join(root, "data");
    await (await openTestApp({ folder: data })).close({ keepFolder: true });
    const path = join(data, "transcripts.sqlite");
    runIn(
      path,
      `PRAGMA user_version = ${schemaVersion + 1}; CREATE TABLE words (id INTEGER PRIMARY KEY) STRICT`,
    );
    expect(await runFor(data, "backup", join(root, "new"))).toMatchObject({ status: 0, stderr: "" });
    expect(await runFor(data, "backup", "verify", join(root, "new"))).toMatchObject({
      status: 0,
      stderr: "",
    });
  });

  test.each([
    ["a trigger", "CREATE TRIGGER t AFTER INSERT ON events BEGIN DELETE FROM conversations; END"],
    ["an index that keeps events out", "CREATE UNIQUE INDEX i ON events (received_at, id)"],
    ["a table that keeps events from being erased", "CREATE TABLE t (id INTEGER REFERENCES events (id))"],
    ["a virtual table", "CREATE VIRTUAL TABLE f USING fts5 (a)"],
    ["a column that asks for something", "ALTER TABLE events ADD COLUMN a TEXT CHECK (a IS NULL)"],
    ["a column that is computed", "ALTER TABLE events ADD COLUMN a TEXT AS (payload)"],
    [
      "another table in the place of ours",
      "DROP TABLE call_failures; CREATE TABLE call_failures (a TEXT) STRICT",
    ],
  ])("is not restored with %s", async (_, sql) => {
    newer(sql);
    await expectRefused("and is not restored");
  });

  test("is not restored if it does not say so", async () => {
    newer("CREATE TABLE words (id INTEGER PRIMARY KEY) STRICT", schemaVersion + 1);
    await expectRefused(`has schema ${schemaVersion + 1}`);
  });
});

describe("a backup that an earlier version has made", () => {
  const fixtures = join(import.meta.dir, "../fixtures");
  const schemas = readdirSync(fixtures).filter((name) => name.startsWith("backup-schema-"));

  test("is there for each schema before this one", () => {
    const before = Array.from({ length: schemaVersion - 1 }, (_, index) => `backup-schema-${index + 1}`);
    expect(schemas.filter((name) => name !== `backup-schema-${schemaVersion}`).toSorted()).toEqual(before);
  });

  test.each(schemas)("%s is intact, is restored, and a receiver starts on it", async (name) => {
    rmSync(folder, { recursive: true });
    cpSync(join(fixtures, name), folder, { recursive: true });
    const schema = name.replace("backup-schema-", "");
    const verified = await runFor(place, "backup", "verify", folder);
    expect(verified).toMatchObject({ status: 0, stderr: "" });
    expect(verified.stdout).toContain(`schema ${schema}`);
    expect(await restore()).toMatchObject({ status: 0, stderr: "" });
    const app = await openTestApp({ folder: place });
    expect(verified.stdout).toContain(`${app.rows("SELECT id FROM events").length} events`);
    expect(app.rows("SELECT 1 FROM conversations WHERE audio_path IS NOT NULL").length).toBeGreaterThan(2);
    expect(app.logLines.join("")).not.toMatch(/ERROR|missing/);
    await app.close();
  });
});

test("a backup of a database to which somebody has added something says that it would not be restored", async () => {
  const app = await openTestApp({ folder: join(root, "data") });
  runIn(app.config.databasePath, "CREATE VIEW mine AS SELECT 1");
  const made = await runFor(app.folder, "backup", join(root, "new"));
  expect([made.status, made.stderr]).toEqual([
    1,
    expect.stringContaining("the view mine is not of this program"),
  ]);
  runIn(app.config.databasePath, "DROP VIEW mine");
  expect(await runFor(app.folder, "backup", join(root, "new"))).toMatchObject({ status: 0, stderr: "" });
  expect(await runFor(app.folder, "backup", "verify", join(root, "new"))).toMatchObject({ status: 0 });
  await app.close();
});

test("statistics that ANALYZE has left are no fault", async () => {
  const app = await openTestApp({ folder: join(root, "data") });
  await app.post(transcription("conv_1"));
  runIn(app.config.databasePath, "ANALYZE");
  expect(await runFor(app.folder, "backup", join(root, "new"))).toMatchObject({ status: 0, stderr: "" });
  await app.close();
});
