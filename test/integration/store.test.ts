import { Database } from "bun:sqlite";
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { openDatabase, SchemaError, schemaVersion } from "../../src/store/sqlite/database.ts";
import { DataLockedError } from "../../src/store/sqlite/data-lock.ts";
import { openTestApp } from "../helpers/app.ts";
import type { TestApp } from "../helpers/app.ts";
import { transcription } from "../helpers/deliveries.ts";

const FOUND_MS = Date.UTC(2026, 10, 2, 12);

let app: TestApp;

beforeEach(async () => {
  app = await openTestApp();
});

afterEach(() => app.close());

const conversations = () =>
  app.rows("SELECT conversation_id, audio_path FROM conversations ORDER BY conversation_id");

/** Stops in good order, lets something happen to the folder, and starts again on it. */
async function restart(meanwhile: (folder: string) => void = () => {}): Promise<void> {
  const { folder } = app;
  await app.close({ keepFolder: true });
  meanwhile(folder);
  app = await openTestApp({ folder });
}

/** Puts a finished recording where one would be, without a row. */
function leaveRecording(folder: string, name: string, content: string): void {
  const path = join(folder, "audio/2026/11/02", name);
  mkdirSync(join(path, ".."), { recursive: true });
  writeFileSync(path, content);
  utimesSync(path, FOUND_MS / 1000, FOUND_MS / 1000);
}

describe("the data belong to one instance", () => {
  test("a second one is refused while the first runs", async () => {
    await expect(openTestApp({ folder: app.folder })).rejects.toThrow(DataLockedError);
    expect((await app.post(transcription("conv_1"))).status).toBe(200);
  });

  test("a second one that was refused has cleared nothing away", async () => {
    const file = await app.store.bodies.create();
    await openTestApp({ folder: app.folder }).catch(() => {});
    expect(existsSync(file.path)).toBe(true);
    await file.discard();
  });

  test("the next one may start when the first has ended", async () => {
    await app.post(transcription("conv_1"));
    await restart();
    expect(conversations()).toEqual([{ conversation_id: "conv_1", audio_path: null }]);
  });
});

describe("the database", () => {
  test("of a newer version is refused and not changed", async () => {
    await app.post(transcription("conv_1"));
    const { folder, config } = app;
    await app.close({ keepFolder: true });
    const newer = new Database(config.databasePath);
    newer.run("PRAGMA user_version = 999");
    newer.run("UPDATE schema_compatibility SET oldest_writer = 999");
    newer.run("PRAGMA wal_checkpoint(TRUNCATE)");
    newer.close();
    const before = readFileSync(config.databasePath);
    const files = readdirSync(folder).filter((name) => !name.includes("-"));

    await expect(openTestApp({ folder })).rejects.toThrow(SchemaError);
    expect(readFileSync(config.databasePath).equals(before)).toBe(true);
    expect(readdirSync(folder).filter((name) => !name.includes("-"))).toEqual(files);

    const restored = new Database(config.databasePath);
    restored.run(`PRAGMA user_version = ${schemaVersion}`);
    restored.run("UPDATE schema_compatibility SET oldest_writer = 2");
    restored.close();
    app = await openTestApp({ folder });
    expect(conversations()).toHaveLength(1);
  });

  test("has reached the disk when a commit returns, and waits for other programs", () => {
    const { sqlite } = openDatabase(join(app.folder, "another.sqlite"));
    const pragma = (name: string) => sqlite.query(`PRAGMA ${name}`).values()[0]?.[0];
    expect(pragma("journal_mode")).toBe("wal");
    expect(pragma("synchronous")).toBe(2);
    expect(pragma("foreign_keys")).toBe(1);
    expect(pragma("busy_timeout")).toBe(5000);
    expect(pragma("page_size")).toBe(8192);
    sqlite.close();
  });

  test("that is none is refused and left as it is", async () => {
    const { folder, config } = app;
    await app.close({ keepFolder: true });
    const other = "This is not a database. ".repeat(1000);
    writeFileSync(config.databasePath, other);
    await expect(openTestApp({ folder })).rejects.toThrow("not a database");
    expect(readFileSync(config.databasePath, "utf8")).toBe(other);

    rmSync(config.databasePath);
    app = await openTestApp({ folder, takesOverRecordings: true });
  });

  test("is not made in the database of another program", async () => {
    const { folder, config } = app;
    await app.close({ keepFolder: true });
    for (const name of ["", "-wal", "-shm"]) rmSync(`${config.databasePath}${name}`, { force: true });
    const other = new Database(config.databasePath);
    other.run("CREATE TABLE theirs (id INTEGER)");
    other.close();
    const before = readFileSync(config.databasePath);
    await expect(openTestApp({ folder })).rejects.toThrow("the database of another program");
    expect(readFileSync(config.databasePath)).toEqual(before);

    rmSync(config.databasePath);
    app = await openTestApp({ folder, takesOverRecordings: true });
  });

  test("can be read by other programs, with tables that hold to their types", () => {
    const sql = "SELECT name, strict FROM pragma_table_list WHERE schema = 'main' AND type = 'table'";
    const tables = app.rows(`${sql} AND name NOT LIKE 'sqlite_%' ORDER BY name`);
    expect(tables).toEqual([
      { name: "call_failures", strict: 1 },
      { name: "conversations", strict: 1 },
      { name: "erasures", strict: 1 },
      { name: "events", strict: 1 },
      { name: "recovery_pending", strict: 1 },
      { name: "schema_compatibility", strict: 1 },
      { name: "state", strict: 1 },
    ]);
  });
});

describe("a stop in good order", () => {
  test("leaves no mark of a running instance and a database that is complete by itself", async () => {
    await app.post(transcription("conv_1"));
    const mark = join(app.folder, "transcripts.sqlite.running");
    expect(existsSync(mark)).toBe(true);
    await restart((folder) => {
      expect(existsSync(mark)).toBe(false);
      const copy = join(folder, "copy.sqlite");
      writeFileSync(copy, readFileSync(join(folder, "transcripts.sqlite")));
      const database = new Database(copy);
      expect(database.query("SELECT conversation_id FROM conversations").values()).toEqual([["conv_1"]]);
      database.close();
    });
  });

  test("has the next start look for no recordings", async () => {
    await restart((folder) => leaveRecording(folder, "conv_1.mp3", "recording"));
    expect(conversations()).toBeEmpty();
  });
});
