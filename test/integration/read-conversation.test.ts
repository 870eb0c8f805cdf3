import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { rmSync, symlinkSync, truncateSync } from "node:fs";
import { join } from "node:path";
import { openTestApp } from "../helpers/app.ts";
import type { TestApp } from "../helpers/app.ts";
import { audio, fixture, transcription } from "../helpers/deliveries.ts";

const TOKEN = "0123456789abcdef0123456789abcdef";
const RECORDING = fixture("tone.mp3");
const FULL = "conv_2601kfx0demo0synthetic0002";

let receiver: TestApp;

beforeAll(async () => {
  receiver = await openTestApp({ config: { apiTokens: [TOKEN] } });
  const bodies = [
    fixture("transcription_full_twilio_outbound.json"),
    audio(FULL, RECORDING),
    audio("conv_only_audio", Buffer.from("short")),
    transcription("conv_only_text"),
    transcription("odd/id ?#%00\u{1f600}"),
  ];
  for (const body of bodies) expect((await receiver.post(body)).status).toBe(200);
});
afterAll(() => receiver.close());

function get(path: string, headers: Record<string, string> = {}, method = "GET") {
  return receiver.handle(path, { method, headers: { authorization: `Bearer ${TOKEN}`, ...headers } });
}

describe("GET /conversations/{id}", () => {
  test("gives all that is known, with the turns and the events", async () => {
    const { status, answer } = await receiver.ask(`/conversations/${FULL}`);
    expect(status).toBe(200);
    expect(answer).toMatchObject({
      conversation_id: FULL,
      direction: "outbound",
      audio_bytes: RECORDING.byteLength,
      event_ids: [1, 2],
      transcript_url: `/conversations/${FULL}/transcript`,
      audio_url: `/conversations/${FULL}/audio`,
    });
    const columns = receiver.rows<{ name: string }>("SELECT name FROM pragma_table_info('conversations')");
    expect(columns.filter(({ name }) => !(name in answer))).toBeEmpty();
    const turns = receiver.rows(
      "SELECT turn, role, message, time_in_call_secs FROM turns WHERE conversation_id = ?",
      FULL,
    );
    expect(answer.turns).toMatchObject(turns);
  });

  test("knows a conversation of which only the recording has arrived", async () => {
    const { answer } = await receiver.ask("/conversations/conv_only_audio");
    expect(answer).toMatchObject({ started_at: null, turns: [], event_ids: [3], transcript_url: null });
  });

  test("takes an id of any characters, and links to it", async () => {
    const path = `/conversations/${encodeURIComponent("odd/id ?#%00\u{1f600}")}`;
    const { status, answer } = await receiver.ask(path);
    expect(status).toBe(200);
    expect(answer.transcript_url).toBe(`${path}/transcript`);
    expect((await get(String(answer.transcript_url))).status).toBe(200);
  });

  test.each(["", "/transcript", "/audio", "/details", "/loudness"])(
    "has no conversation for other ids%s",
    async (ending) => {
      const ids = [
        "conv_unknown",
        "%00",
        "a%00b",
        "..%2F..%2Fetc%2Fpasswd",
        "%zz",
        "x".repeat(10_240),
        "'",
        "%F0%9F",
      ];
      for (const id of ids) {
        const { status, answer } = await receiver.ask(`/conversations/${id}${ending}`);
        expect([id, status, answer]).toEqual([id, 404, { error: "Not found", code: "not_found" }]);
      }
    },
  );

  test.each(["", "/transcript", "/audio", "/details", "/loudness"])(
    "asks for the token, and has no other method%s",
    async (ending) => {
      const path = `/conversations/${FULL}${ending}`;
      expect((await receiver.ask(path, null)).status).toBe(401);
      for (const method of ["POST", "PUT", "PATCH"]) {
        const response = await get(path, {}, method);
        expect(response.status).toBe(405);
        expect(response.headers.get("allow")).toBe(ending === "" ? "GET, HEAD, DELETE" : "GET, HEAD");
      }
    },
  );
});

describe("GET /conversations/{id}/transcript", () => {
  test("gives what was said as text", async () => {
    const response = await get(`/conversations/${FULL}/transcript`);
    expect(response.headers.get("content-type")).toBe("text/plain; charset=utf-8");
    const lines = (await response.text()).split("\n");
    expect(lines.slice(0, 4)).toEqual([
      "[00:00] agent: Hello Ms Okafor, this is the dental practice at the river. Do you have a minute?",
      "[00:05] user: Yes, go ahead.",
      "[00:06] user: mhm",
      "[00:07] agent uses find_free_slots",
    ]);
  });

  test("says where there is none", async () => {
    expect(await receiver.ask("/conversations/conv_only_audio/transcript")).toMatchObject({
      status: 404,
      answer: { error: "This conversation has no transcript", code: "not_found" },
    });
  });
});

describe("GET /conversations/{id}/audio", () => {
  const path = `/conversations/${FULL}/audio`;
  const sha256 = new Bun.CryptoHasher("sha256").update(RECORDING).digest("hex");
  const etag = `"${sha256}"`;

  test("gives the recording, to be played and saved", async () => {
    const response = await get(path);
    expect(response.status).toBe(200);
    expect(Object.fromEntries(response.headers)).toEqual({
      "accept-ranges": "bytes",
      "cache-control": "no-store",
      "content-disposition": `attachment; filename="${FULL}.mp3"`,
      "content-security-policy": "default-src 'none'; sandbox",
      "content-type": "audio/mpeg",
      "cross-origin-resource-policy": "same-origin",
      "x-content-type-options": "nosniff",
      etag,
    });
    expect(Buffer.from(await response.arrayBuffer()).equals(RECORDING)).toBe(true);
  });

  test.each([
    ["bytes=0-99", 0, 100],
    ["bytes=100-", 100, RECORDING.byteLength],
    ["bytes=-7", RECORDING.byteLength - 7, RECORDING.byteLength],
  ])("gives a part of it: %s", async (range, start, end) => {
    const response = await get(path, { range });
    expect(response.status).toBe(206);
    expect(response.headers.get("content-range")).toBe(`bytes ${start}-${end - 1}/${RECORDING.byteLength}`);
    expect(response.headers.get("etag")).toBe(etag);
    expect(Buffer.from(await response.arrayBuffer()).equals(RECORDING.subarray(start, end))).toBe(true);
  });

  test("refuses a part beyond its end", async () => {
    const response = await get(path, { range: "bytes=99999999-" });
    expect(response.status).toBe(416);
    expect(response.headers.get("content-range")).toBe(`bytes */${RECORDING.byteLength}`);
  });

  test.each([
    [etag, 206],
    ['"another"', 200],
    [`W/${etag}`, 200],
    ["Mon, 02 Nov 2026 12:00:00 GMT", 200],
  ])("gives a part only of the recording that the client has: If-Range: %s", async (ifRange, status) => {
    const response = await get(path, { range: "bytes=0-99", "if-range": ifRange });
    expect(response.status).toBe(status);
    expect((await response.arrayBuffer()).byteLength).toBe(status === 206 ? 100 : RECORDING.byteLength);
  });

  test.each([etag, `W/${etag}`, `"another", ${etag}`, "*"])(
    "gives nothing to a client that has it: %s",
    async (tag) => {
      const response = await get(path, { "if-none-match": tag, range: "bytes=0-99" });
      expect(response.status).toBe(304);
      expect(response.headers.get("etag")).toBe(etag);
      expect(await response.text()).toBe("");
    },
  );

  test("says where there is none", async () => {
    expect(await receiver.ask("/conversations/conv_only_text/audio")).toMatchObject({
      status: 404,
      answer: { error: "This conversation has no recording", code: "not_found" },
    });
  });

  test.each([
    ["gone", (file: string) => rmSync(file)],
    ["cut off", (file: string) => truncateSync(file, 3)],
    ["a link to another file", (file: string) => (rmSync(file), symlinkSync("/etc/hostname", file))],
  ])("says where the file is %s, and logs it", async (what, damage) => {
    const id = `conv_${what.length}`;
    await receiver.post(audio(id, Buffer.from(`the recording ${what}`)));
    const file = join(receiver.folder, "audio/2026/11/02", `${id}.mp3`);
    damage(file);
    expect(await receiver.ask(`/conversations/${id}/audio`)).toMatchObject({
      status: 404,
      answer: { code: "audio_missing" },
    });
    expect(receiver.logLines.at(-1)).toContain(`A recording is not in its place`);
    expect(receiver.logLines.at(-1)).toContain(`conversation=${id}`);
  });
});
