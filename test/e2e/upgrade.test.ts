import { Database } from "bun:sqlite";
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { schemaVersion } from "../../src/store/sqlite/database.ts";
import { audio, transcription } from "../helpers/deliveries.ts";
import { startReceiver } from "../helpers/receiver.ts";

// The data that earlier versions have left, as scripts/data-fixture.ts has kept it for each schema.
setDefaultTimeout(60_000);

const fixtures = join(import.meta.dir, "../fixtures");
const schemas = readdirSync(fixtures).filter((name) => name.startsWith("data-schema-"));
const variants = schemas.flatMap((schema) =>
  ["stopped", "killed"].map((variant) => [schema, variant] as const),
);

/** What tells the rows of a table apart. */
const tables = {
  events: "id",
  conversations: "conversation_id",
  call_failures: "event_id",
  turns: "conversation_id || turn",
};

type Row = Record<string, unknown>;
type Tables = Record<string, Map<unknown, Row>>;

const sha256 = (bytes: string | Uint8Array) => new Bun.CryptoHasher("sha256").update(bytes).digest("hex");

function copyOf(schema: string, variant: string): string {
  const folder = mkdtempSync(join(tmpdir(), "upgrade-"));
  cpSync(join(fixtures, schema, variant), folder, { recursive: true });
  return folder;
}

function readTables(path: string): Tables {
  const database = new Database(path);
  try {
    const entries = Object.entries(tables).map(([table, key]) => {
      const rows = database.query<Row, []>(`SELECT ${key} AS row_key, * FROM ${table}`).all();
      return [table, new Map(rows.map((row) => [row.row_key, row]))];
    });
    return Object.fromEntries(entries);
  } finally {
    database.close();
  }
}

/** The tables as the earlier version left them. Opened in a copy: SQLite puts a killed program's data in order. */
function tablesBefore(schema: string, variant: string): Tables {
  const folder = copyOf(schema, variant);
  try {
    return readTables(join(folder, "transcripts.sqlite"));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const recordingsIn = (folder: string) =>
  readdirSync(join(folder, "audio"), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".mp3"))
    .map((name) => readFileSync(join(folder, "audio", name)));

/** An event's body as it was delivered, put together again from what is stored. */
function bodyOf(event: Row, folder: string): Uint8Array {
  const { payload, payload_path: path } = event;
  if (typeof path === "string") return readFileSync(join(folder, path));
  if (payload instanceof Uint8Array) return payload;
  const text = String(payload);
  const candidates = [
    text,
    ...recordingsIn(folder).map((recording) =>
      text.replace(/("full_audio":\s*)""/, `$1"${recording.toBase64()}"`),
    ),
  ];
  const body = candidates.find((candidate) => sha256(candidate) === event.body_sha256);
  if (body === undefined) throw new Error(`the body of event ${String(event.id)} is not there any more`);
  return Buffer.from(body);
}

test("there is data of the first schema", () => {
  expect(schemas).toContain("data-schema-1");
});

describe.each(variants)("the data of %s, %s", (schema, variant) => {
  test("is opened, brought up to date and kept whole", async () => {
    const before = tablesBefore(schema, variant);
    const folder = copyOf(schema, variant);
    const receiver = await startReceiver({ folder });
    expect(receiver.output()).not.toContain("ERROR");
    expect(receiver.rows("PRAGMA user_version")).toEqual([{ user_version: schemaVersion }]);

    const path = join(folder, "transcripts.sqlite");
    const after = readTables(path);
    for (const [table, rows] of Object.entries(before)) {
      expect(rows.size).toBeGreaterThan(0);
      for (const [key, row] of rows) expect(after[table]?.get(key)).toMatchObject(row);
    }

    expect(receiver.rows("SELECT DISTINCT source FROM events")).toEqual([{ source: "webhook" }]);

    const copy = `${path}.before-schema-${schemaVersion}`;
    const isCurrent = schema === `data-schema-${schemaVersion}`;
    expect(existsSync(copy)).toBe(!isCurrent);
    if (!isCurrent) expect(readTables(copy)).toEqual(before);
    await receiver.stop();
  });

  test("has every recording where its row says, with its hash", async () => {
    const folder = copyOf(schema, variant);
    const receiver = await startReceiver({ folder });
    const rows = receiver.rows<{ audio_path: string; audio_sha256: string }>(
      "SELECT audio_path, audio_sha256 FROM conversations WHERE audio_path IS NOT NULL",
    );
    const orphans = variant === "killed" ? 1 : 0;
    expect(rows).toHaveLength(recordingsIn(folder).length - 1);
    expect(rows.filter((row) => row.audio_path.endsWith("/conv_without_row.mp3"))).toHaveLength(orphans);
    for (const row of rows)
      expect(sha256(readFileSync(join(folder, "audio", row.audio_path)))).toBe(row.audio_sha256);
    await receiver.stop();
  });

  test("knows every delivery again, and takes new ones", async () => {
    const folder = copyOf(schema, variant);
    const receiver = await startReceiver({ folder });
    const events = receiver.rows("SELECT * FROM events");
    const countBefore = recordingsIn(folder).length;
    for (const event of events) {
      const body = bodyOf(event, folder);
      expect(sha256(body)).toBe(String(event.body_sha256));
      const { status } = await receiver.post(body);
      expect(status).toBe(event.status === "processed" ? 200 : 400);
    }
    expect(receiver.rows("SELECT id FROM events")).toHaveLength(events.length);
    expect(recordingsIn(folder)).toHaveLength(countBefore);

    const recording = Buffer.from("a recording after the upgrade");
    expect((await receiver.post(transcription("conv_new"))).status).toBe(200);
    expect((await receiver.post(audio("conv_new", recording))).status).toBe(200);
    expect(
      receiver.rows("SELECT turn_count, audio_sha256 FROM conversations WHERE conversation_id = 'conv_new'"),
    ).toEqual([{ turn_count: 1, audio_sha256: sha256(recording) }]);
    await receiver.stop();
  });
});
