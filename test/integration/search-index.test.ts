import { Database } from "bun:sqlite";
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { copyFileSync, existsSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { listConversations } from "../../src/query/list-conversations.ts";
import { openReader } from "../../src/query/reader.ts";
import type { Reader } from "../../src/query/reader.ts";
import { openTestApp } from "../helpers/app.ts";
import type { TestApp } from "../helpers/app.ts";
import { transcription } from "../helpers/deliveries.ts";
import { anyConversation } from "../helpers/conversation-filter.ts";
import { createRandom } from "../helpers/random.ts";

let app: TestApp;
let path: string;
let notes: string[];

beforeEach(async () => {
  app = await openTestApp();
  path = `${app.config.databasePath}.search`;
  notes = [];
});
afterEach(() => app.close());

const open = (databasePath = app.config.databasePath) =>
  openReader({ databasePath, recordingsFolder: app.config.recordingsFolder }, (_, note) => notes.push(note));

const said = (id: string, message: string, more = {}) =>
  transcription(`conv_${id}`, { transcript: [{ role: "user", message, time_in_call_secs: 0 }], ...more });

async function postMany(count: number, message: string): Promise<void> {
  const ids = Array.from({ length: count }, (_, index) => `${message.length}_${index}`);
  await Promise.all(ids.map((id) => app.post(said(id, `${message} number${id}`))));
}

const ask = (reader: Reader, query: string) =>
  listConversations(reader, { filter: anyConversation, query, after: null, rowsMax: 1000 });

async function found(reader: Reader, query: string): Promise<string[]> {
  const page = await ask(reader, query);
  if (page.kind !== "page") throw new Error("not ready");
  return page.rows.map(({ conversationId }) => conversationId);
}

async function cleanWhole({ index }: Reader): Promise<void> {
  for (let from = await index.clean(null); from !== null;) from = await index.clean(from);
}

/** Throws where the index and its texts differ. */
function checkIndex(): void {
  const index = new Database(path);
  index.run("INSERT INTO texts (texts, rank) VALUES ('integrity-check', 1)");
  expect(index.query("PRAGMA integrity_check").values()).toEqual([["ok"]]);
  expect(index.query("SELECT count(*) FROM documents").values()).toEqual(
    index.query("SELECT count(*) FROM texts").values(),
  );
  index.close();
}

describe("the search index", () => {
  test("is kept from one start to the next", async () => {
    await app.post(said("1", "hello"));
    expect(await found(open(), "hello")).toEqual(["conv_1"]);
    const { ino } = statSync(path);
    await app.post(said("2", "hello"));
    expect(await found(open(), "hello")).toEqual(["conv_2", "conv_1"]);
    expect(statSync(path).ino).toBe(ino);
    expect(notes).toEqual(["The search index is being made from the events"]);
  });

  test.each([
    ["is missing", () => rmSync(path)],
    ["is no database", () => writeFileSync(path, "x".repeat(100_000))],
    ["is empty", () => writeFileSync(path, "")],
    [
      "has lost a table",
      () => {
        const index = new Database(path);
        index.run("DROP TABLE texts");
        index.close();
      },
    ],
    [
      "is of another version",
      () => {
        const index = new Database(path);
        index.run("PRAGMA user_version = 99");
        index.close();
      },
    ],
    [
      "is of another database",
      () => {
        const index = new Database(path);
        index.run("UPDATE state SET event_sha256 = 'another'");
        index.close();
      },
    ],
  ])("is made anew where it %s", async (_, damage) => {
    await app.post(said("1", "hello"));
    const first = open();
    expect(await found(first, "hello")).toEqual(["conv_1"]);
    first.index.close();
    for (const ending of ["-wal", "-shm"]) rmSync(path + ending, { force: true });
    damage();
    expect(await found(open(), "hello")).toEqual(["conv_1"]);
    expect(notes).toHaveLength(2);
    checkIndex();
  });

  test("is made anew where the database is a backup, older than the index", async () => {
    await app.post(said("1", "hello"));
    const backup = join(app.folder, "backup.sqlite");
    app.rows(`VACUUM INTO '${backup}'`);
    await app.post(said("2", "lost"));
    expect(await found(open(), "lost")).toEqual(["conv_2"]);
    copyFileSync(path, `${backup}.search`);
    copyFileSync(`${path}-wal`, `${backup}.search-wal`);
    expect(await found(open(backup), "lost OR hello")).toEqual(["conv_1"]);
  });

  test("that turns out to be damaged is made anew for the next search", async () => {
    await postMany(300, "hello");
    const reader = open();
    expect(await found(reader, "hello")).toHaveLength(300);
    reader.index.close();
    const index = new Database(path);
    index.run("PRAGMA wal_checkpoint(TRUNCATE)");
    const pages = index.query<{ start: number; size: number }, []>(
      "SELECT pgoffset AS start, pgsize AS size FROM dbstat WHERE name = 'texts_data' AND pagetype = 'leaf' ORDER BY path",
    );
    const bytes = readFileSync(path);
    // The first one is looked at when the file is opened.
    for (const { start, size } of pages.all().slice(1)) bytes.fill(0x5a, start, start + size);
    index.close();
    writeFileSync(path, bytes);
    const next = open();
    expect(await ask(next, "hello")).toEqual({ kind: "not-ready" });
    expect(await found(next, "hello")).toHaveLength(300);
    expect(notes).toContain("The search index is damaged and is being rebuilt");
    checkIndex();
  });

  test("misses nothing and has nothing twice, whenever it is killed", async () => {
    await postMany(600, "hello");
    for (let kill = 0; kill < 6; kill += 1) {
      const script = join(import.meta.dir, "../helpers/follow-events.ts");
      const child = Bun.spawn([process.execPath, script, app.config.databasePath], { stdout: "pipe" });
      while (!existsSync(`${path}-wal`)) await Bun.sleep(1);
      await Bun.sleep(kill * 25);
      child.kill("SIGKILL");
      await child.exited;
    }
    expect(new Set(await found(open(), "hello")).size).toBe(600);
    checkIndex();
  });

  test("may be followed by two processes at once", async () => {
    await postMany(400, "hello");
    const readers = [open(), open()];
    const both = await Promise.all(readers.map((reader) => found(reader, "hello")));
    expect(both.map(({ length }) => length)).toEqual([400, 400]);
    checkIndex();
  });
});

describe("an erased conversation", () => {
  const SECRET_WORDS = ["zanzibarquux", "wolframite", "xylophagous"];
  const NUMBER = "+441632960077";
  const traces = [
    ...SECRET_WORDS,
    ...SECRET_WORDS.map((word) => word.slice(2)),
    "conv_erased",
    new Bun.CryptoHasher("sha256").update(NUMBER).digest("hex").slice(2, 14),
  ];
  const files = () => ["", "-wal", "-shm"].map((ending) => path + ending).filter((file) => existsSync(file));
  const tracesOnDisk = () =>
    files().flatMap((file) => traces.filter((trace) => readFileSync(file).includes(trace)));

  test.each([
    ["before", 0, 200],
    ["after", 200, 0],
    ["in the midst of", 200, 200],
  ])("that arrived %s others leaves nothing in the files of the index", async (_, before, after) => {
    const reader = open();
    await postMany(before, "earlier");
    const [title, summary, message = ""] = SECRET_WORDS;
    await app.post(
      said("erased", `about ${message} ${message}`, {
        analysis: { call_summary_title: title, transcript_summary: summary },
        metadata: { phone_call: { external_number: NUMBER } },
      }),
    );
    await found(reader, message);
    await postMany(after, "later!");
    expect(await found(reader, message)).toEqual(["conv_erased"]);
    expect(tracesOnDisk()).not.toBeEmpty();

    reader.index.erase(["conv_erased", "conv_unknown"]);
    await cleanWhole(reader);
    expect(tracesOnDisk()).toEqual([]);
    expect(await found(reader, message)).toEqual([]);
    expect(await found(reader, "earlier OR later")).toHaveLength(before + after);
    checkIndex();
  });

  /** Delivers conversations of 20 words each, and erases every 15th. Returns their ids. */
  async function eraseSome(reader: Reader, count: number, wordsOf: (id: number) => string[]) {
    const ids = Array.from({ length: count }, (_, index) => index);
    for (const id of ids) await app.post(said(`${id}`, wordsOf(id).join(" ")));
    expect(await found(reader, "anything")).toEqual([]);
    const erased = ids.filter((id) => id % 15 === 7);
    const database = new Database(app.config.databasePath);
    for (const id of erased)
      database.run("DELETE FROM conversations WHERE conversation_id = ?", [`conv_${id}`]);
    database.close();
    reader.index.erase(erased.map((id) => `conv_${id}`));
    return { erased, kept: ids.filter((id) => id % 15 !== 7) };
  }

  test("leaves none of its words between FTS5's pages", async () => {
    const reader = open();
    // Words that differ in their last letters: all of one is needed to tell it from the one before.
    const wordOf = (number: number) => `secretword${String(number).padStart(6, "0")}`;
    const wordsOf = (id: number) => Array.from({ length: 20 }, (_, index) => wordOf(index * 1_500 + id));
    const { erased, kept } = await eraseSome(reader, 1_500, wordsOf);
    const words = erased.flatMap(wordsOf);
    await cleanWhole(reader);
    const contents = files().map((file) => readFileSync(file).toString("latin1"));
    expect(words.filter((word) => contents.some((content) => content.includes(word)))).toEqual([]);
    checkIndex();
    for (const id of kept.slice(0, 300)) {
      expect(await found(reader, wordsOf(id)[id % 20] ?? "")).toEqual([`conv_${id}`]);
    }
    for (const id of erased) expect(await found(reader, wordsOf(id)[0] ?? "")).toEqual([]);
  });

  test("leaves an index in order where shorter words follow its own", async () => {
    const reader = open();
    const next = createRandom(7);
    const letter = () => "abcdef"[next(6)];
    const wordOf = (letters: number) => Array.from({ length: letters }, letter).join("");
    const words = Array.from({ length: 1_500 }, (_, id) =>
      Array.from({ length: 20 }, () => wordOf(id % 15 === 7 ? 20 : 4)),
    );
    const { kept } = await eraseSome(reader, 1_500, (id) => words[id] ?? []);
    await cleanWhole(reader);
    const index = new Database(path);
    const separators = index.query<{ term: Uint8Array }, []>("SELECT term FROM texts_idx").all();
    index.close();
    expect(separators.some(({ term }) => term.includes(0xff))).toBe(true);
    checkIndex();
    for (const id of kept.slice(0, 100)) {
      expect(await found(reader, words[id]?.join(" ") ?? "")).toContain(`conv_${id}`);
    }
  });

  test("whose word is too long to be replaced makes the index begin again", async () => {
    const reader = open();
    // In the file such a separator is spread over several pages.
    const wordOf = (id: number) => `${"x".repeat(1_500)}${1_000 + id}`;
    for (let id = 0; id < 600; id += 1) await app.post(said(`${id}`, wordOf(id)));
    expect(await found(reader, "anything")).toEqual([]);
    const index = new Database(path);
    const terms = index.query<{ term: Uint8Array }, []>("SELECT term FROM texts_idx").all();
    index.close();
    const whole = terms
      .map(({ term }) => Buffer.from(term).toString().slice(1))
      .find((term) => term.length === 1_504);
    const erased = Number(whole?.slice(1_500)) - 1_000;
    const database = new Database(app.config.databasePath);
    database.run("DELETE FROM conversations WHERE conversation_id = ?", [`conv_${erased}`]);
    database.close();

    reader.index.erase([`conv_${erased}`]);
    await cleanWhole(reader);
    expect(notes).toContain("The search index can't be cleaned and is made again");
    expect(files().filter((file) => readFileSync(file).includes(wordOf(erased)))).toEqual([]);
    expect(await found(reader, wordOf(erased))).toEqual([]);
    expect(await found(reader, wordOf(erased + 1))).toEqual([`conv_${erased + 1}`]);
    checkIndex();
  });

  test("does not make the index begin anew, though its events are gone", async () => {
    await app.post(said("1", "hello"));
    await app.post(said("2", "hello"));
    const reader = open();
    expect(await found(reader, "hello")).toHaveLength(2);
    const database = new Database(app.config.databasePath);
    database.run("DELETE FROM conversations WHERE conversation_id = 'conv_2'");
    database.run("DELETE FROM events WHERE conversation_id = 'conv_2'");
    database.close();
    reader.index.erase(["conv_2"]);
    reader.index.close();
    expect(await found(open(), "hello")).toEqual(["conv_1"]);
    expect(notes).toHaveLength(1);
  });
});
