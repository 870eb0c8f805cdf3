import { Database } from "bun:sqlite";
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { createLog } from "../../src/platform/log.ts";
import { fillTurnsPayloads } from "../../src/store/sqlite/turns-payloads.ts";
import { openTestApp } from "../helpers/app.ts";
import type { TestApp } from "../helpers/app.ts";
import { newFolder, runFor } from "../helpers/backups.ts";
import { transcription } from "../helpers/deliveries.ts";
import { quarantineAsBefore } from "../helpers/quarantine.ts";

const TOKEN = "0123456789abcdef0123456789abcdef";
const LONE = String.raw`half \ud83d of a pair`;
const CUT = String.raw`before\u0000after`;
const FINE = String.raw`a whole \ud83d\ude00 pair, and \\ud83d as text`;

let app: TestApp;
let logLines: string[];

beforeEach(async () => {
  app = await openTestApp({ config: { apiTokens: [TOKEN] } });
  logLines = [];
});
afterEach(() => app.close());

/** A transcription in which something is said, given as it stands in JSON. */
const said = (id: string, text: string) =>
  transcription(id, { transcript: [{ role: "user", message: "SAID", time_in_call_secs: 0 }] }).replace(
    "SAID",
    text,
  );

function otel(id: string, text: string): string {
  const attribute = (key: string, value: unknown) => ({ key, value });
  const span = {
    name: "elevenlabs.recv.user_transcript",
    attributes: [
      attribute("elevenlabs.turn.index", { intValue: 0 }),
      attribute("elevenlabs.user.text", { stringValue: "SAID" }),
    ],
  };
  const otlp_traces = { resourceSpans: [{ scopeSpans: [{ spans: [span] }] }] };
  const event = { type: "post_call_transcription_otel", data: { conversation_id: id, otlp_traces } };
  return JSON.stringify(event).replace("SAID", text);
}

/** What another program reads of the view: Python's sqlite3 refuses a row whose text is not Unicode. */
function byPython(sql = "SELECT conversation_id, message FROM turns ORDER BY conversation_id"): unknown {
  const script =
    "import json, sqlite3, sys; print(json.dumps(sqlite3.connect(sys.argv[1]).execute(sys.argv[2]).fetchall()))";
  const { stdout, stderr, success } = Bun.spawnSync(["python3", "-c", script, app.config.databasePath, sql]);
  if (!success) throw new Error(stderr.toString());
  return JSON.parse(stdout.toString());
}

function byTool(): string[] {
  const sql = "SELECT message FROM turns ORDER BY conversation_id";
  return Bun.spawnSync(["sqlite3", app.config.databasePath, sql]).stdout.toString().trimEnd().split("\n");
}

const copies = () =>
  app
    .rows<{ id: string }>(
      "SELECT conversation_id AS id FROM events WHERE turns_payload IS NOT NULL ORDER BY id",
    )
    .map(({ id }) => id);

function alter(sql: string): void {
  const database = new Database(app.config.databasePath);
  database.run(sql);
  database.close();
}

/** As it goes on in the background, to the end. */
async function fill(): Promise<string[]> {
  const log = createLog({ level: "DEBUG", format: "text", write: (line) => logLines.push(line) });
  const { databasePath } = app.config;
  await fillTurnsPayloads({ databasePath, log }, new AbortController().signal);
  return copies();
}

describe("turns that not every reader of SQLite could read", () => {
  const expected = [
    ["conv_1", "half \ufffd of a pair"],
    ["conv_2", "beforeafter"],
    ["conv_3", "a whole 😀 pair, and \\ud83d as text"],
    ["conv_4", "half \ufffd of a pair"],
  ];

  beforeEach(async () => {
    await app.post(said("conv_1", LONE));
    await app.post(said("conv_2", CUT));
    await app.post(said("conv_3", FINE));
    await app.post(otel("conv_4", LONE));
  });

  test("are readable in the view, and nothing else is copied", () => {
    expect(byPython()).toEqual(expected);
    expect(byPython("SELECT count(*) FROM turns JOIN conversations USING (conversation_id)")).toEqual([[4]]);
    expect(byTool()).toEqual(expected.map(([, message]) => message ?? ""));
    expect(copies()).toEqual(["conv_1", "conv_2", "conv_4"]);
  });

  test("stay in the payload as they were signed", async () => {
    const response = await app.handle("/events/1/payload", { headers: { authorization: `Bearer ${TOKEN}` } });
    expect(await response.text()).toBe(said("conv_1", LONE));
  });

  test("are readable in rows of an earlier version too", async () => {
    alter("UPDATE events SET turns_payload = NULL");
    expect(() => byPython()).toThrow("Could not decode to UTF-8");
    expect(await fill()).toEqual(["conv_1", "conv_2", "conv_4"]);
    expect(byPython()).toEqual(expected);
    expect(logLines).toEqual([expect.stringContaining("events=3")]);
  });

  test("are looked for once, and again behind where it had come to", async () => {
    await fill();
    alter("UPDATE events SET turns_payload = NULL WHERE conversation_id = 'conv_1'");
    expect(await fill()).toEqual(["conv_2", "conv_4"]);
    // As an earlier version leaves it that was at work in the meantime.
    await app.post(said("conv_5", LONE));
    alter("UPDATE events SET turns_payload = NULL WHERE conversation_id = 'conv_5'");
    expect(await fill()).toEqual(["conv_2", "conv_4", "conv_5"]);
  });

  test("are looked for from the beginning if an earlier version has processed what was quarantined", async () => {
    const id = quarantineAsBefore(app.config.databasePath, said("conv_6", LONE));
    await fill();
    await app.command(`/events/${id}/reprocess`);
    expect(copies()).toEqual(["conv_1", "conv_2", "conv_4", "conv_6"]);
    alter(`UPDATE events SET turns_payload = NULL WHERE id = ${id}`);
    expect(await fill()).toEqual(["conv_1", "conv_2", "conv_4", "conv_6"]);
  });

  test("are filled in of many, and beside a payload that somebody has changed", async () => {
    await Promise.all(Array.from({ length: 300 }, (_, index) => app.post(said(`conv_n${index}`, LONE))));
    alter("UPDATE events SET turns_payload = NULL");
    alter(`UPDATE events SET payload = '\\ud83d' WHERE conversation_id = 'conv_n7'`);
    expect(await fill()).toHaveLength(302);
  });

  test("leave nothing when they are erased", async () => {
    const traces = () =>
      ["", "-wal"].filter((ending) => readFileSync(app.config.databasePath + ending).includes("of a pair"));
    expect(traces()).not.toBeEmpty();
    await app.erase.eraseOne("conv_1");
    await app.erase.eraseOne("conv_4");
    expect(traces()).toBeEmpty();
    expect(byPython()).toEqual([expected[1], expected[2]]);
  });

  test("are in a backup, and in what is restored from it", async () => {
    const root = newFolder();
    expect(await runFor(app.folder, "backup", `${root}/backup`)).toMatchObject({ status: 0 });
    expect(await runFor(app.folder, "backup", "verify", `${root}/backup`)).toMatchObject({ status: 0 });
    expect(await runFor(`${root}/new`, "restore", `${root}/backup`)).toMatchObject({ status: 0 });
    const restored = new Database(`${root}/new/transcripts.sqlite`, { readonly: true });
    const query = restored.query("SELECT conversation_id, message FROM turns ORDER BY conversation_id");
    expect(query.values()).toEqual(expected);
    restored.close();
  });
});
