import { afterEach, describe, expect, test } from "bun:test";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { openDatabase } from "../../src/store/sqlite/database.ts";
import { withDatabase } from "../../src/store/sqlite/open.ts";
import { openTestApp } from "../helpers/app.ts";
import type { TestApp } from "../helpers/app.ts";
import { event, json } from "../helpers/conversation-events.ts";
import { audio } from "../helpers/deliveries.ts";

const TOKEN = "0123456789abcdef0123456789abcdef";
let receiver: TestApp;
afterEach(() => receiver.close());

const open = async (folder?: string) => {
  receiver = await openTestApp({
    config: { apiTokens: [TOKEN] },
    ...(folder === undefined ? {} : { folder }),
  });
};

async function erase(id: string, token = TOKEN) {
  const response = await receiver.handle(`/conversations/${encodeURIComponent(id)}`, {
    method: "DELETE",
    headers: { authorization: `Bearer ${token}` },
  });
  return response.status;
}

/** Every file below the data folder. */
function files(folder = receiver.folder): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .map((name) => join(folder, name))
    .filter((path) => statSync(path).isFile());
}

const recordings = () => files(join(receiver.folder, "audio")).filter((path) => path.endsWith(".mp3"));

/** The files that hold one of some texts, and the text. */
function traces(texts: string[]): string[] {
  return files().flatMap((path) => {
    const content = readFileSync(path).toString("latin1");
    return texts
      .filter((text) => content.includes(text) || path.includes(text))
      .map((text) => `${path}: ${text}`);
  });
}

const randomText = (chars: number) =>
  Buffer.from(crypto.getRandomValues(new Uint8Array(Math.ceil(chars / 2)))).toString("hex");

/** What may not be found of a conversation any more: words that nothing else holds. */
const words = (id: string) => [id, `title-${id}`, `summary-${id}`, `said-${id}`, `first-${id}`];

/** A conversation whose row grows: a recording and a better summary come later. */
async function deliver(id: string): Promise<void> {
  const said = [
    { role: "user", message: `said-${id} ${randomText(Math.random() * 8000)}`, time_in_call_secs: 0 },
  ];
  await receiver.post(json(0, { transcript: said, analysis: { call_summary_title: `first-${id}` } }, id));
  await receiver.post(audio(id, Buffer.from(`recording-${id}`)));
  const analysis = {
    call_summary_title: `title-${id}`,
    transcript_summary: `summary-${id} ${randomText(Math.random() * 600)}`,
  };
  await receiver.post(json(60, { analysis }, id));
}

describe("DELETE /conversations/{id}", () => {
  test("leaves nothing of a conversation in any file, and the others as they are", async () => {
    await open();
    const ids = Array.from({ length: 240 }, () => `conv_${randomText(20)}`);
    await Promise.all(ids.map(deliver));
    const erased = ids.filter((_, index) => index % 3 === 0);
    const kept = ids.filter((_, index) => index % 3 !== 0);
    expect(traces(words(erased[0] ?? ""))).not.toBeEmpty();

    for (const id of erased) expect(await erase(id)).toBe(200);

    expect(traces(erased.flatMap(words))).toBeEmpty();
    expect(receiver.rows("PRAGMA integrity_check")).toEqual([{ integrity_check: "ok" }]);
    const rows = receiver.rows<{ id: string; title: string; audio: string }>(
      "SELECT conversation_id AS id, title, audio_path AS audio FROM conversations",
    );
    expect(rows.map(({ id }) => id).toSorted()).toEqual(kept.toSorted());
    for (const { id, title, audio: path } of rows) {
      expect(title).toBe(`title-${id}`);
      expect(readFileSync(join(receiver.folder, "audio", path), "utf8")).toBe(`recording-${id}`);
    }
  }, 60_000);

  test("erases second recordings, failures and quarantined bodies, and nobody else's", async () => {
    await open();
    const large = `${" ".repeat(1_100_000)}secret-words`;
    await receiver.post(audio("conv_1", Buffer.from("first take")));
    await receiver.post(audio("conv_1", Buffer.from("second take")));
    await receiver.post(event("call_initiation_failure", 0, { failure_reason: "busy-words" }, "conv_1"));
    await receiver.post(event("no_such_type", 0, { note: "quarantined-words" }, "conv_1"));
    await receiver.post(event("no_such_type", 0, { note: large }, "conv_1"));
    // Its name could be that of a second recording of conv_1.
    await receiver.post(audio("conv_1-0123456789ab", Buffer.from("somebody else")));
    const count = receiver.rows("SELECT 1 FROM events WHERE conversation_id = 'conv_1'").length;
    expect(count).toBe(5);
    expect(existsSync(join(receiver.folder, "quarantine"))).toBe(true);

    expect(await erase("conv_1")).toBe(200);

    const left = ["first take", "second take", "busy-words", "quarantined-words", "secret-words"];
    expect(traces(left)).toBeEmpty();
    expect(traces(["somebody else"])).toHaveLength(1);
    expect(receiver.rows("SELECT conversation_id FROM events")).toEqual([
      { conversation_id: "conv_1-0123456789ab" },
    ]);
    expect(receiver.rows("SELECT * FROM call_failures")).toBeEmpty();
  });

  test("erases from the copies that were made before upgrades", async () => {
    await open();
    await deliver("conv_old");
    const copy = `${receiver.config.databasePath}.before-schema-2`;
    receiver.rows(`VACUUM INTO '${copy}'`);
    expect(readFileSync(copy, "latin1")).toContain("said-conv_old");

    expect(await erase("conv_old")).toBe(200);

    expect(readFileSync(copy, "latin1")).not.toContain("conv_old");
    expect(traces(words("conv_old"))).toBeEmpty();
    const { sqlite } = openDatabase(copy);
    expect(sqlite.query("PRAGMA integrity_check").values()).toEqual([["ok"]]);
    sqlite.close();
  });

  const awaitFetching = (id: string) =>
    withDatabase(receiver.config.databasePath, (sqlite) => {
      sqlite.query("INSERT INTO recovery_pending VALUES (?, 'processing', 1, 0, 0)").run(id);
    });

  test("forgets that a conversation is still to be fetched, in the copies too", async () => {
    await open();
    for (const id of ["conv_pending", "conv_other"]) {
      await deliver(id);
      await awaitFetching(id);
    }
    const copy = `${receiver.config.databasePath}.before-schema-7`;
    receiver.rows(`VACUUM INTO '${copy}'`);

    expect(await erase("conv_pending")).toBe(200);

    expect(traces(words("conv_pending"))).toBeEmpty();
    const left = [{ id: "conv_other" }];
    expect(receiver.rows("SELECT conversation_id AS id FROM recovery_pending")).toEqual(left);
  });

  test("erases a conversation that is only known as still to be fetched, and drops its delivery", async () => {
    await open();
    await awaitFetching("conv_pending");
    expect(await erase("conv_pending")).toBe(200);
    expect(traces(["conv_pending"])).toBeEmpty();
    await deliver("conv_pending");
    expect(receiver.rows("SELECT 1 FROM events")).toBeEmpty();
  });

  test("a later delivery of the same call is acknowledged and dropped", async () => {
    await open();
    await deliver("conv_1");
    expect(await erase("conv_1")).toBe(200);

    const late = [
      json(0, { transcript: [{ role: "user", message: "late-words" }] }, "conv_1"),
      audio("conv_1", Buffer.from("late-words")),
      event("call_initiation_failure", 0, { failure_reason: "late-words" }, "conv_1"),
      event("no_such_type", 0, { note: "late-words" }, "conv_1"),
    ];
    for (const body of late) {
      expect(await receiver.post(body)).toMatchObject({ status: 200, answer: { status: "received" } });
    }
    expect(traces(["late-words", "conv_1"])).toBeEmpty();
    expect(recordings()).toBeEmpty();
    expect(receiver.rows("SELECT count(*) AS count FROM events")).toEqual([{ count: 0 }]);
    expect(receiver.logLines.join("")).toContain("Dropped: its conversation was erased");
  });

  test("says 404 of a conversation that is not known, and drops nothing of it later", async () => {
    await open();
    expect(await erase("conv_1")).toBe(404);
    await deliver("conv_1");
    expect(receiver.rows("SELECT count(*) AS count FROM events")).toEqual([{ count: 3 }]);
  });

  test.each([
    ["a slash", "a/b"],
    ["dots", "../../etc/passwd"],
    ["a NUL", "a\0b"],
    ["ten thousand characters", "x".repeat(10_000)],
    ["SQL", "' OR 1=1 --"],
  ])("an id with %s erases nothing else", async (_, id) => {
    await open();
    await deliver("conv_1");
    expect(await erase(id)).toBe(404);
    await receiver.post(json(0, { transcript: [] }, id));
    expect(await erase(id)).toBe(200);
    expect(receiver.rows("SELECT count(*) AS count FROM events")).toEqual([{ count: 3 }]);
  });

  test("asks for the token", async () => {
    await open();
    await deliver("conv_1");
    expect(await erase("conv_1", "x".repeat(32))).toBe(401);
    expect(receiver.rows("SELECT count(*) AS count FROM events")).toEqual([{ count: 3 }]);
  });
});

describe("what is on disk and not, or not any more, in a row", () => {
  const day = (date: string) => join(receiver.folder, "audio", date);

  test("a missing date folder is a missing recording", async () => {
    await open();
    await deliver("conv_1");
    rmSync(join(receiver.folder, "audio/2026"), { recursive: true });
    expect(await erase("conv_1")).toBe(200);
    expect(traces(words("conv_1"))).toBeEmpty();
  });

  test("a missing quarantine folder is a missing body", async () => {
    await open();
    await receiver.post(event("no_such_type", 0, { note: " ".repeat(1_100_000) }, "conv_1"));
    rmSync(join(receiver.folder, "quarantine"), { recursive: true });
    expect(await erase("conv_1")).toBe(200);
    expect(receiver.rows("SELECT 1 FROM events")).toBeEmpty();
  });

  test("a recording of another day than its events goes too, and nobody else's of that day", async () => {
    await open();
    await deliver("conv_1");
    mkdirSync(day("2026/11/03"), { recursive: true });
    writeFileSync(join(day("2026/11/03"), "conv_1.mp3"), "after midnight");
    writeFileSync(join(day("2026/11/03"), "conv_10.mp3"), "somebody else");
    expect(await erase("conv_1")).toBe(200);
    expect(traces(["after midnight"])).toBeEmpty();
    expect(traces(["somebody else"])).toHaveLength(1);
  });

  test("a second recording of another day goes too, by its hash", async () => {
    await open();
    await deliver("conv_1");
    const hash = new Bun.CryptoHasher("sha256").update("second take").digest("hex").slice(0, 12);
    mkdirSync(day("2025/01/31"), { recursive: true });
    writeFileSync(join(day("2025/01/31"), `conv_1-${hash}.mp3`), "second take");
    writeFileSync(join(day("2025/01/31"), "conv_1-0123456789ab.mp3"), "somebody else");
    expect(await erase("conv_1")).toBe(200);
    expect(traces(["second take"])).toBeEmpty();
    expect(traces(["somebody else"])).toHaveLength(1);
  });

  test.each(["conv_1", "a/b"])("a recording of %s alone can be erased, without any row", async (id) => {
    await open();
    await deliver("conv_2");
    mkdirSync(day("2026/11/03"), { recursive: true });
    const hash = new Bun.CryptoHasher("sha256").update(id).digest("hex");
    const name = id === "a/b" ? `sha256-${hash}` : id;
    writeFileSync(join(day("2026/11/03"), `${name}.mp3`), "alone");
    expect(await erase(id)).toBe(200);
    expect(traces(["alone"])).toBeEmpty();
    expect(await erase(id)).toBe(404);
    expect(traces(words("conv_2"))).not.toBeEmpty();
  });
});

describe("a file that can't be removed", () => {
  /** A folder that is not empty in the place of a recording: nobody can remove it as a file, root neither. */
  const makeStubborn = (id: string) => {
    const path = join(receiver.folder, `audio/2026/11/02/${id}.mp3`);
    rmSync(path);
    mkdirSync(path);
    writeFileSync(join(path, "inside"), "");
    return path;
  };
  const erasuresOf = (isComplete: number) =>
    receiver.rows("SELECT conversation_id AS id FROM erasures WHERE is_complete = ?", isComplete);

  test("leaves its erasure unfinished, and the others are finished all the same", async () => {
    await open();
    for (const id of ["conv_1", "conv_2", "conv_3"]) await deliver(id);
    const path = makeStubborn("conv_2");
    expect(await erase("conv_2")).toBe(500);
    expect(await erase("conv_1")).toBe(200);
    expect(await receiver.erase.eraseOld(["conv_2", "conv_3"], Infinity)).toBe(1);
    await receiver.erase.resume();

    expect(traces([...words("conv_1"), ...words("conv_3")])).toBeEmpty();
    expect(erasuresOf(0)).toEqual([{ id: "conv_2" }]);
    expect(erasuresOf(1)).toEqual([{ id: null }, { id: null }]);
    expect(receiver.logLines.join("")).toContain(`tried again every hour`);
    expect(receiver.logLines.join("")).toContain(path);

    rmSync(path, { recursive: true });
    await receiver.erase.resume();
    expect(traces(words("conv_2"))).toBeEmpty();
    expect(erasuresOf(0)).toBeEmpty();
  });

  test("leaves its deliveries dropped, logged and counted as erased", async () => {
    await open();
    await deliver("conv_1");
    makeStubborn("conv_1");
    expect(await erase("conv_1")).toBe(500);
    const count = receiver.rows("SELECT id FROM events").length;
    const again = [
      audio("conv_1", Buffer.from("recording-conv_1")),
      audio("conv_1", Buffer.from("late-words")),
      json(0, { transcript: [{ role: "user", message: "late-words" }] }, "conv_1"),
      event("no_such_type", 0, { note: "late-words" }, "conv_1"),
    ];
    for (const body of again) expect((await receiver.post(body)).status).toBe(200);

    expect(receiver.rows("SELECT id FROM events")).toHaveLength(count);
    expect(traces(["late-words"])).toBeEmpty();
    const dropped = receiver.logLines.filter((line) => line.includes("Dropped: its conversation was erased"));
    expect(dropped).toHaveLength(again.length);
    const headers = { authorization: `Bearer ${TOKEN}` };
    const metrics = await (await receiver.handle("/metrics", { headers })).text();
    expect(metrics).toContain(`deliveries_total{outcome="erased"} ${again.length}`);
  });

  test("keeps the recordings of others from staying when those are too old", async () => {
    await open();
    await deliver("conv_1");
    await deliver("conv_2");
    makeStubborn("conv_1");
    expect(await receiver.erase.eraseRecordings(["conv_1", "conv_2"], Infinity)).toBe(1);
    expect(receiver.rows("SELECT audio_path FROM conversations ORDER BY conversation_id")).toEqual([
      { audio_path: "2026/11/02/conv_1.mp3" },
      { audio_path: null },
    ]);
  });
});

test("from the moment of the DELETE deliveries are dropped, though another erasure is under way", async () => {
  await open();
  await deliver("conv_1");
  await deliver("conv_2");
  const { eraser } = receiver.store.events;
  const eraseFirst = eraser.erase.bind(eraser);
  const reached = Promise.withResolvers<void>();
  const go = Promise.withResolvers<void>();
  eraser.erase = async (ids) => {
    reached.resolve();
    await go.promise;
    return eraseFirst(ids);
  };
  const first = erase("conv_1");
  await reached.promise;
  const second = erase("conv_2");
  while (receiver.rows("SELECT 1 FROM erasures").length < 2) await Bun.sleep(5);
  await receiver.post(json(90, { transcript: [{ role: "user", message: "late-words" }] }, "conv_2"));
  expect(receiver.rows("SELECT 1 FROM events WHERE conversation_id = 'conv_2'")).toHaveLength(3);
  go.resolve();
  expect(await Promise.all([first, second])).toEqual([200, 200]);
});

describe("an erasure that was interrupted", () => {
  test("goes on with the next start", async () => {
    await open();
    await deliver("conv_1");
    await deliver("conv_2");
    const { folder } = receiver;
    await withDatabase(receiver.config.databasePath, (sqlite) =>
      sqlite.run(
        "INSERT INTO erasures (conversation_sha256, erased_at, conversation_id) VALUES (?, 1, 'conv_1')",
        [new Bun.CryptoHasher("sha256").update("conv_1").digest("hex")],
      ),
    );
    await receiver.close({ keepFolder: true });
    await open(folder);
    await receiver.erase.resume();
    expect(traces(words("conv_1"))).toBeEmpty();
    expect(traces(words("conv_2"))).not.toBeEmpty();
    expect(receiver.rows("SELECT is_complete FROM erasures")).toEqual([{ is_complete: 1 }]);
  });

  test("goes on when it is asked for again, whatever is left of it", async () => {
    await open();
    await deliver("conv_1");
    expect(await erase("conv_1")).toBe(200);
    await withDatabase(receiver.config.databasePath, (sqlite) => {
      sqlite.run("UPDATE erasures SET is_complete = 0");
    });
    expect(await erase("conv_1")).toBe(200);
    expect(receiver.rows("SELECT is_complete FROM erasures")).toEqual([{ is_complete: 1 }]);
    expect(await erase("conv_1")).toBe(404);
  });

  test("is no reason to warn of the files that it has removed, as other missing files are", async () => {
    await open();
    const { folder } = receiver;
    const large = " ".repeat(1_100_000);
    for (const id of ["conv_1", "conv_2"]) {
      await deliver(id);
      await receiver.post(event("no_such_type", 0, { note: `${id}${large}` }, id));
    }
    await receiver.store.events.eraser.begin("conv_1", 1);
    await receiver.close({ keepFolder: true });
    rmSync(join(folder, "quarantine"), { recursive: true });
    rmSync(join(folder, "audio/2026"), { recursive: true });
    writeFileSync(`${receiver.config.databasePath}.running`, "");
    await open(folder);
    const missing = receiver.logLines.filter((line) => line.includes("is missing"));
    expect(missing).toHaveLength(2);
    expect(missing.join("")).toContain("conv_2.mp3");
  });

  test("whose rows are gone goes on too: a recording is removed and not adopted", async () => {
    await open();
    await deliver("conv_1");
    const { folder } = receiver;
    expect(await erase("conv_1")).toBe(200);
    const path = join(folder, "audio/2026/11/02/conv_1.mp3");
    const odd = new Bun.CryptoHasher("sha256").update("a/b").digest("hex");
    await receiver.post(json(0, { transcript: [] }, "a/b"));
    expect(await erase("a/b")).toBe(200);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, "recording");
    writeFileSync(join(dirname(path), `sha256-${odd}.mp3`), "recording");
    writeFileSync(`${receiver.config.databasePath}.running`, "");
    copyFileSync(path, join(dirname(path), "conv_2.mp3"));
    await receiver.close({ keepFolder: true });
    writeFileSync(`${receiver.config.databasePath}.running`, "");
    await open(folder);
    expect(recordings()).toEqual([join(dirname(path), "conv_2.mp3")]);
  });
});

test("a recording that was being written while its conversation was erased is taken back", async () => {
  await open();
  await receiver.post(json(0, { transcript: [] }, "conv_1"));
  const { store } = receiver;
  const storeEvent = store.events.add.bind(store);
  // The file is on disk, its row is not: erased in between.
  store.events.add = async (record) => {
    if (record.recording !== null) expect(await erase("conv_1")).toBe(200);
    return storeEvent(record);
  };
  expect(await receiver.post(audio("conv_1", Buffer.from("late-words")))).toMatchObject({ status: 200 });
  expect(traces(["late-words", "conv_1"])).toBeEmpty();
});
