import { Database } from "bun:sqlite";
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, readdirSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Config } from "../../src/config/config.ts";
import { openTestApp } from "../helpers/app.ts";
import type { TestApp } from "../helpers/app.ts";
import { audio, transcription } from "../helpers/deliveries.ts";
import { namesBesideMark } from "../helpers/folders.ts";

const FOUND_MS = Date.UTC(2026, 10, 2, 12);

let app: TestApp;

beforeEach(async () => {
  app = await openTestApp();
});

afterEach(() => app.close());

const sha256 = (text: string) => new Bun.CryptoHasher("sha256").update(text).digest("hex");
const conversations = () =>
  app.rows("SELECT conversation_id, audio_path FROM conversations ORDER BY conversation_id");
const warnings = () => app.logLines.filter((line) => line.includes("WARNING"));

/** Stops in good order, lets something happen to the folder, and starts again on it. */
async function restart(
  meanwhile: (folder: string) => void = () => {},
  config: Partial<Config> = {},
): Promise<void> {
  const { folder } = app;
  await app.close({ keepFolder: true });
  meanwhile(folder);
  app = await openTestApp({ folder, config });
}

/** The same after a stop that was none: the mark of a running instance is still there. */
async function restartAfterCrash(
  meanwhile: (folder: string) => void = () => {},
  config: Partial<Config> = {},
): Promise<void> {
  const leave = (folder: string) => {
    writeFileSync(join(folder, "transcripts.sqlite.running"), "");
    meanwhile(folder);
  };
  await restart(leave, config);
}

/** Puts a finished recording where one would be, without a row. */
function leaveRecording(folder: string, name: string, content: string): void {
  const path = join(folder, "audio/2026/11/02", name);
  mkdirSync(join(path, ".."), { recursive: true });
  writeFileSync(path, content);
  utimesSync(path, FOUND_MS / 1000, FOUND_MS / 1000);
}

describe("after a stop that was none", () => {
  test("our temporary files are removed, and nobody else's", async () => {
    const left = [await app.store.bodies.create(), await app.store.newRecordings?.create()];
    // Of another receiver that writes to the same folder, and of people.
    const others = [".0123456789ab-0123456789abcdef-1.tmp", ".upload.tmp", "notes.txt", ".hidden"];
    await restartAfterCrash((folder) => {
      for (const name of others) {
        writeFileSync(join(folder, "audio", name), "");
        writeFileSync(join(folder, "spool", name), "");
      }
    });
    expect(namesBesideMark(join(app.folder, "audio")).toSorted()).toEqual(others.toSorted());
    expect(readdirSync(join(app.folder, "spool")).toSorted()).toEqual(others.toSorted());
    for (const file of left) await file?.discard();
  });

  test("a recording without a row is adopted, once", async () => {
    await restartAfterCrash((folder) => leaveRecording(folder, "conv_1.mp3", "recording"));
    const sql =
      "SELECT conversation_id, audio_path, audio_bytes, audio_sha256, audio_received_at FROM conversations";
    const adopted = {
      conversation_id: "conv_1",
      audio_path: "2026/11/02/conv_1.mp3",
      audio_bytes: 9,
      audio_sha256: sha256("recording"),
      audio_received_at: FOUND_MS,
    };
    expect(app.rows(sql)).toEqual([adopted]);
    expect(warnings()).toEqual([expect.stringContaining("was adopted conversation=conv_1")]);

    await restartAfterCrash();
    expect(app.rows(sql)).toEqual([adopted]);
    expect(warnings()).toBeEmpty();
  });

  test("a recording without a row is adopted by the next start that keeps recordings", async () => {
    await restartAfterCrash((folder) => leaveRecording(folder, "conv_1.mp3", "recording"), {
      storeAudio: false,
    });
    expect(conversations()).toEqual([]);
    await restart();
    expect(conversations()).toEqual([{ conversation_id: "conv_1", audio_path: "2026/11/02/conv_1.mp3" }]);
    await restart((folder) => expect(existsSync(join(folder, "transcripts.sqlite.running"))).toBe(false));
  });

  test.each(["a call.mp3", 'a "call".mp3', "gespräch.mp3"])(
    "one that is called %j is served once it is adopted",
    async (name) => {
      const config = { apiTokens: ["0123456789abcdef0123456789abcdef"] };
      await restartAfterCrash((folder) => leaveRecording(folder, name, "recording"), config);
      const response = await app.handle(`/conversations/${encodeURIComponent(name.slice(0, -4))}/audio`, {
        headers: { authorization: `Bearer ${config.apiTokens[0]}` },
      });
      expect([response.status, await response.text()]).toEqual([200, "recording"]);
      expect(response.headers.get("content-disposition")).toMatch(/^attachment; filename="[\w.]+"$/);
    },
  );

  test("a recording with its hash in its name is adopted for its conversation", async () => {
    const name = `conv_1-${sha256("recording").slice(0, 12)}.mp3`;
    await restartAfterCrash((folder) => leaveRecording(folder, name, "recording"));
    expect(conversations()).toEqual([{ conversation_id: "conv_1", audio_path: `2026/11/02/${name}` }]);
  });

  test("a recording whose name does not tell the conversation is left alone, with a warning", async () => {
    const name = `sha256-${sha256("../../etc/passwd")}.mp3`;
    await restartAfterCrash((folder) => leaveRecording(folder, name, "recording"));
    expect(conversations()).toBeEmpty();
    expect(warnings()).toEqual([expect.stringContaining("can't be adopted")]);
    expect(existsSync(join(app.folder, "audio/2026/11/02", name))).toBe(true);
  });

  test("a recording that has its row is passed over, whatever its name", async () => {
    await app.post(audio("../../etc/passwd", Buffer.from("recording")));
    const before = conversations();
    await restartAfterCrash();
    expect(conversations()).toEqual(before);
    expect(warnings()).toBeEmpty();
  });

  test("a conversation without a recording gets the one that was found, and keeps the rest", async () => {
    await app.post(transcription("conv_1", { agent_name: "Ada" }));
    await restartAfterCrash((folder) => leaveRecording(folder, "conv_1.mp3", "recording"));
    expect(app.rows("SELECT agent_name, turn_count, audio_path FROM conversations")).toEqual([
      { agent_name: "Ada", turn_count: 1, audio_path: "2026/11/02/conv_1.mp3" },
    ]);
  });

  test("a conversation with a recording keeps it", async () => {
    await app.post(audio("conv_1", Buffer.from("first")));
    const name = `conv_1-${sha256("found").slice(0, 12)}.mp3`;
    await restartAfterCrash((folder) => leaveRecording(folder, name, "found"));
    expect(conversations()).toEqual([{ conversation_id: "conv_1", audio_path: "2026/11/02/conv_1.mp3" }]);
    expect(existsSync(join(app.folder, "audio/2026/11/02", name))).toBe(true);
  });

  test("the delivery that comes again completes what was adopted", async () => {
    await restartAfterCrash((folder) => leaveRecording(folder, "conv_1.mp3", "recording"));
    await app.post(audio("conv_1", Buffer.from("recording")));
    expect(conversations()).toEqual([{ conversation_id: "conv_1", audio_path: "2026/11/02/conv_1.mp3" }]);
    expect(readdirSync(join(app.folder, "audio/2026/11/02"))).toEqual(["conv_1.mp3"]);
  });

  test("a row whose file is missing or of another size is told, and left as it is", async () => {
    await app.post("x".repeat(1_100_000));
    for (const id of ["gone", "cut", "whole"]) await app.post(audio(id, Buffer.from("recording")));
    const before = app.rows("SELECT * FROM conversations");
    await restartAfterCrash((folder) => {
      rmSync(join(folder, "quarantine"), { recursive: true });
      rmSync(join(folder, "audio/2026/11/02/gone.mp3"));
      writeFileSync(join(folder, "audio/2026/11/02/cut.mp3"), "rec");
    });
    expect(warnings()).toEqual([
      expect.stringMatching(/is missing.*quarantine.*bytes_expected=1100000/),
      expect.stringMatching(/has another size.*cut\.mp3 bytes=3 bytes_expected=9/),
      expect.stringMatching(/is missing.*gone\.mp3/),
    ]);
    expect(app.rows("SELECT * FROM conversations")).toEqual(before);

    await restart();
    expect(warnings()).toBeEmpty();
  });

  test("many missing files are twenty lines and their count", async () => {
    for (let index = 0; index < 30; index += 1) await app.post(audio(`conv_${index}`, Buffer.from("mp3")));
    await restartAfterCrash((folder) => rmSync(join(folder, "audio/2026"), { recursive: true }));
    expect(warnings()).toHaveLength(21);
    expect(warnings().at(-1)).toContain("count=30");
  });

  test("recordings are adopted into a database that was lost", async () => {
    await app.post(audio("conv_1", Buffer.from("recording")));
    const { folder } = app;
    await app.close({ keepFolder: true });
    for (const name of readdirSync(folder).filter((file) => file.startsWith("transcripts"))) {
      await Bun.file(join(folder, name)).delete();
    }
    await expect(openTestApp({ folder })).rejects.toThrow("--take-over-audio");
    app = await openTestApp({ folder, takesOverRecordings: true });
    expect(conversations()).toEqual([{ conversation_id: "conv_1", audio_path: "2026/11/02/conv_1.mp3" }]);
  });
});

test("a recording whose row could not be written is adopted at the next start, be the stop in good order", async () => {
  alterDatabase("CREATE TRIGGER fault BEFORE INSERT ON events BEGIN SELECT RAISE(ABORT, 'no'); END");
  expect((await app.post(audio("conv_1", Buffer.from("recording")))).status).toBe(500);
  alterDatabase("DROP TRIGGER fault");
  await restart();
  expect(conversations()).toEqual([{ conversation_id: "conv_1", audio_path: "2026/11/02/conv_1.mp3" }]);
});

function alterDatabase(sql: string): void {
  const database = new Database(app.config.databasePath);
  database.run(sql);
  database.close();
}

describe("a successor, while its predecessor finishes what is in flight", () => {
  test("leaves the temporary files and the unfinished recordings of its predecessor alone", async () => {
    const left = [await app.store.bodies.create(), await app.store.newRecordings?.create()];
    leaveRecording(app.folder, "conv_in_flight.mp3", "a recording");
    const successor = await openTestApp({ folder: app.folder, isShared: true });
    expect(left.map((file) => existsSync(file?.path ?? ""))).toEqual([true, true]);
    expect(conversations()).toEqual([]);
    for (const file of left) await file?.discard();
    await successor.close({ keepFolder: true, isShared: true });
  });

  test("both keep their own where two recordings of a conversation come to both at once", async () => {
    const successor = await openTestApp({ folder: app.folder, isShared: true });
    const bodies = ["one", "two"].map((text) => audio("conv_1", Buffer.from(text)));
    await Promise.all([app, successor].map((one, index) => one.post(bodies[index] ?? "")));
    const folder = join(app.folder, "audio/2026/11/02");
    const contents = await Promise.all(
      readdirSync(folder).map((name) => Bun.file(join(folder, name)).text()),
    );
    expect(contents.toSorted()).toEqual(["one", "two"]);
    await successor.close({ keepFolder: true, isShared: true });
  });

  test("the mark of a running instance stays until the last one has stopped in good order", async () => {
    const mark = join(app.folder, "transcripts.sqlite.running");
    const successor = await openTestApp({ folder: app.folder, isShared: true });
    await app.close({ keepFolder: true, isShared: true });
    expect(existsSync(mark)).toBe(true);
    await successor.close({ keepFolder: true });
    expect(existsSync(mark)).toBe(false);
    app = await openTestApp({ folder: app.folder });
  });
});
