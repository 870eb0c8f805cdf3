import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { openTestApp } from "../helpers/app.ts";
import type { TestApp } from "../helpers/app.ts";
import { audio, transcription } from "../helpers/deliveries.ts";

const QUARANTINE_ROW_BYTES_MAX = 1024 * 1024;
const NESTED = "[".repeat(100_000) + "]".repeat(100_000);

let app: TestApp;

beforeEach(async () => {
  app = await openTestApp();
});

// Whatever came before, a good event is stored afterwards and everything can be read.
afterEach(async () => {
  expect((await app.post(transcription("conv_good"))).status).toBe(200);
  expect(app.rows("SELECT message FROM turns WHERE conversation_id = 'conv_good'")).toEqual([
    { message: "Hello" },
  ]);
  expect(app.rows("PRAGMA integrity_check")).toEqual([{ integrity_check: "ok" }]);
  await app.close();
});

const sha256 = (bytes: string | Uint8Array) => createHash("sha256").update(bytes).digest("hex");

/** The exact bytes that were kept of the only event, wherever they are. */
function keptBytes(): Buffer {
  const sql = "SELECT CAST(payload AS BLOB) AS payload, payload_path FROM events";
  const [row] = app.rows<{ payload: Uint8Array | null; payload_path: string | null }>(sql);
  if (row?.payload_path) return readFileSync(join(app.folder, row.payload_path));
  return Buffer.from(row?.payload ?? []);
}

function event(members: string): string {
  return `{"type":"post_call_transcription","event_timestamp":1793620890,"data":{${members}}}`;
}

describe("a signed body of no use is quarantined with its exact bytes", () => {
  test.each<[string, string | Uint8Array, string]>([
    ["empty", "", "invalid_json"],
    ["a byte order mark before JSON", `\uFEFF${transcription("conv_1")}`, "invalid_json"],
    ["not UTF-8", new Uint8Array([0x7b, 0xff, 0xfe, 0x7d]), "invalid_json"],
    ["not UTF-8 in a string", Buffer.from(transcription("conv_\u00e9"), "latin1"), "invalid_json"],
    ["surrogates as bytes", Buffer.from('{"type":"\xed\xa0\x80"}', "latin1"), "invalid_json"],
    ["NUL bytes", "\0\0\0", "invalid_json"],
    ["a NUL byte after JSON", `${transcription("conv_1")}\0`, "invalid_json"],
    ["a NUL byte in a string", transcription("conv_1").replace("conv_1", "conv\0"), "invalid_json"],
    ["cut off", transcription("conv_1").slice(0, -1), "invalid_json"],
    ["two documents", '{"type":"voice_removed"}{"type":"voice_removed"}', "invalid_json"],
    ["a string", '"post_call_transcription"', "invalid_json"],
    ["null", "null", "invalid_json"],
    ["a type that is a number", '{"type":5,"data":{}}', "invalid_json"],
    ["a type that is null", '{"type":null}', "invalid_json"],
    ["an empty type", '{"type":""}', "invalid_json"],
    ["a type only in the prototype", '{"__proto__":{"type":"voice_removed"}}', "invalid_json"],
    ["a type named as a member of every object", '{"type":"constructor"}', "unknown_type"],
    ["data an array", '{"type":"post_call_audio","data":["conversation_id"]}', "invalid_payload"],
    ["data a string", '{"type":"post_call_transcription","data":"conv_1"}', "invalid_payload"],
    ["data null", '{"type":"post_call_transcription","data":null}', "invalid_payload"],
    ["an id that is a number", event('"conversation_id":5'), "invalid_payload"],
    ["an id only in the prototype", event('"__proto__":{"conversation_id":"conv_1"}'), "invalid_payload"],
    ["an id of 100 KB", event(`"conversation_id":"${"x".repeat(100_000)}"`), "invalid_payload"],
    ["100,000 nested arrays", NESTED, "invalid_payload"],
    [
      "100,000 nested arrays in an event",
      event(`"conversation_id":"conv_1","x":${NESTED}`),
      "invalid_payload",
    ],
    ["100,000 brackets that never close", "[".repeat(100_000), "invalid_json"],
    ["100,000 nested arrays and a file's size", NESTED.padEnd(300_000), "invalid_payload"],
  ])("%s", async (_name, body, code) => {
    expect(await app.post(body)).toMatchObject({ status: 400, answer: { code } });
    expect(app.rows("SELECT status, body_bytes, body_sha256 FROM events")).toEqual([
      { status: "quarantined", body_bytes: Buffer.from(body).byteLength, body_sha256: sha256(body) },
    ]);
    expect(keptBytes()).toEqual(Buffer.from(body));
    expect(app.rows("SELECT conversation_id FROM conversations")).toBeEmpty();
  });

  test("as text where it is UTF-8, else as a BLOB", async () => {
    await app.post("\0");
    await app.post(new Uint8Array([0xff]));
    expect(app.rows("SELECT typeof(payload) AS type FROM events")).toEqual([
      { type: "text" },
      { type: "blob" },
    ]);
  });

  test.each([
    [
      "text",
      Buffer.from(
        transcription("conv_1")
          .padEnd(QUARANTINE_ROW_BYTES_MAX + 1)
          .replace("}", " "),
      ),
    ],
    ["other bytes", Buffer.alloc(QUARANTINE_ROW_BYTES_MAX + 1, 0xff)],
  ])("in a file of its own where it is larger than 1 MiB: %s", async (_name, body) => {
    for (let delivery = 1; delivery <= 2; delivery += 1) {
      expect(await app.post(body)).toMatchObject({ status: 400, answer: { code: "invalid_json" } });
    }
    const path = `quarantine/${sha256(body)}.body`;
    expect(app.rows("SELECT payload, payload_path FROM events")).toEqual([
      { payload: null, payload_path: path },
    ]);
    expect(keptBytes().equals(body)).toBe(true);
    expect(statSync(join(app.folder, path)).mode & 0o777).toBe(0o600);
    expect(statSync(join(app.folder, "quarantine")).mode & 0o777).toBe(0o700);
    expect(readdirSync(join(app.folder, "quarantine"))).toHaveLength(1);
    expect(readdirSync(join(app.folder, "spool"))).toBeEmpty();
  });

  test("in its row where it is exactly 1 MiB", async () => {
    const body = "{".padEnd(QUARANTINE_ROW_BYTES_MAX);
    await app.post(body);
    expect(app.rows("SELECT length(payload) AS length, payload_path FROM events")).toEqual([
      { length: QUARANTINE_ROW_BYTES_MAX, payload_path: null },
    ]);
    expect(existsSync(join(app.folder, "quarantine"))).toBe(false);
  });
});

describe("an odd event that can be used is stored with its exact bytes", () => {
  test.each([
    ["an id of 10 KB", "x".repeat(10_240)],
    ["a path as an id", "../../etc/passwd"],
    ["an id with a line end and a quote", "conv\n'\"; DROP TABLE events; --"],
    ["an id in another script", "разговор-会話-🎧"],
    ["an id with a NUL", "conv\0_1"],
  ])("%s", async (_name, id) => {
    const body = transcription(id);
    expect((await app.post(body)).status).toBe(200);
    expect(app.rows("SELECT conversation_id FROM conversations")).toEqual([{ conversation_id: id }]);
    expect(keptBytes().toString()).toBe(body);
  });

  test("a lone surrogate as an id, replaced by what UTF-8 can hold", async () => {
    const body = event('"conversation_id":"conv_\\ud800","title":"\\udc00"');
    expect((await app.post(body)).status).toBe(200);
    expect(app.rows("SELECT conversation_id FROM conversations")).toEqual([
      { conversation_id: "conv_\uFFFD" },
    ]);
    expect(keptBytes().toString()).toBe(body);
  });

  test.each(["1e999", "-1e999", "9".repeat(400), "1.5e18", "9007199254740993", '"NaN"', "[1]", "{}", "true"])(
    "the number %s, which no column holds",
    async (number) => {
      const metadata = `"start_time_unix_secs":${number},"call_duration_secs":${number},"cost":${number}`;
      const body = event(`"conversation_id":"conv_1","metadata":{${metadata}}`).replace("1793620890", number);
      expect((await app.post(body)).status).toBe(200);
      expect(app.rows("SELECT event_timestamp FROM events")).toEqual([{ event_timestamp: null }]);
      expect(app.rows("SELECT started_at, duration_secs, cost_credits FROM conversations")).toEqual([
        { started_at: null, duration_secs: null, cost_credits: null },
      ]);
      expect(keptBytes().toString()).toBe(body);
    },
  );

  test("fractions, rounded to what their columns hold", async () => {
    const metadata = '"start_time_unix_secs":1793620800.4,"call_duration_secs":"45.6","cost_fiat":0.25';
    await app.post(event(`"conversation_id":"conv_1","metadata":{${metadata}}`));
    expect(app.rows("SELECT started_at, duration_secs, cost_usd FROM conversations")).toEqual([
      { started_at: 1_793_620_800, duration_secs: 46, cost_usd: 0.25 },
    ]);
  });

  test("repeated members, of which the last counts", async () => {
    await app.post(
      '{"type":"nonsense","type":"post_call_transcription","data":1,"data":{"conversation_id":"a","conversation_id":"conv_1"}}',
    );
    expect(app.rows("SELECT type, conversation_id FROM events")).toEqual([
      { type: "post_call_transcription", conversation_id: "conv_1" },
    ]);
  });

  test("a member named __proto__, which changes nothing", async () => {
    const body = event('"conversation_id":"conv_1","__proto__":{"agent_id":"evil"}');
    expect((await app.post(body)).status).toBe(200);
    expect(app.rows("SELECT agent_id FROM conversations")).toEqual([{ agent_id: null }]);
    expect(keptBytes().toString()).toBe(body);
  });

  test("a path as the id of a recording, which stays in its folder", async () => {
    expect((await app.post(audio("../../etc/passwd", Buffer.from("recording")))).status).toBe(200);
    const [row] = app.rows<{ audio_path: string }>("SELECT audio_path FROM conversations");
    expect(row?.audio_path).toMatch(/^2026\/11\/02\/sha256-[0-9a-f]{64}\.mp3$/);
    expect(readdirSync(app.folder).toSorted()).not.toContain("etc");
  });
});
