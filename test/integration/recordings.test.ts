import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openTestApp } from "../helpers/app.ts";
import type { TestApp } from "../helpers/app.ts";
import { audio, fixture } from "../helpers/deliveries.ts";

const tone = fixture("tone.mp3");
const RECEIVED_MS = Date.UTC(2026, 0, 31, 23, 59, 59);
const TODAY = "2026/01/31";

let app: TestApp;
let umaskBefore: number;

beforeEach(async () => {
  umaskBefore = process.umask(0);
  app = await openTestApp({
    clock: { nowMs: () => RECEIVED_MS, monotonicMs: () => 0 },
    config: { toleranceSeconds: 1e12 },
  });
});

afterEach(async () => {
  await app.close();
  process.umask(umaskBefore);
});

const sha256 = (data: string | Uint8Array) => createHash("sha256").update(data).digest("hex");
const seconds = (date: string) => Date.parse(date) / 1000;
const mode = (path: string) => statSync(join(audioFolder(), path)).mode & 0o777;
const audioFolder = () => join(app.folder, "audio");
const pathInRow = () =>
  app.rows<{ audio_path: string }>("SELECT audio_path FROM conversations")[0]?.audio_path;

/** Every file below the folder of the recordings. */
function files(): string[] {
  const paths = readdirSync(audioFolder(), { recursive: true, encoding: "utf8" });
  return paths
    .filter((path) => !path.startsWith(".owner") && !statSync(join(audioFolder(), path)).isDirectory())
    .toSorted();
}

async function store(body: string): Promise<void> {
  expect((await app.post(body)).status).toBe(200);
}

describe("a recording", () => {
  test("is stored as it was, and described in the row of its conversation", async () => {
    await store(audio("conv_1", tone, seconds("2026-11-02T12:00:00Z")));
    expect(readFileSync(join(audioFolder(), "2026/11/02/conv_1.mp3")).equals(tone)).toBe(true);
    expect(
      app.rows("SELECT audio_path, audio_bytes, audio_sha256, audio_received_at FROM conversations"),
    ).toEqual([
      {
        audio_path: "2026/11/02/conv_1.mp3",
        audio_bytes: tone.byteLength,
        audio_sha256: sha256(tone),
        audio_received_at: RECEIVED_MS,
      },
    ]);
  });

  test("is stored from the flat form of older senders", async () => {
    const members = { conversation_id: "conv_1", audio_base64: tone.toBase64() };
    await store(JSON.stringify({ type: "post_call_audio", ...members }));
    expect(readFileSync(join(audioFolder(), `${TODAY}/conv_1.mp3`)).equals(tone)).toBe(true);
  });

  test("leaves the rest of its event in the row, without the text of the audio", async () => {
    await store(audio("conv_1", tone));
    const [event] = app.rows<{ payload: string }>("SELECT payload FROM events");
    expect(event?.payload).toBe(audio("conv_1", new Uint8Array()));
  });

  test("is exact where the body is too large for memory", async () => {
    const large = Buffer.alloc(1_500_001, Buffer.from(sha256("noise"), "hex"));
    await store(audio("conv_1", large));
    expect(readFileSync(join(audioFolder(), "2026/11/02/conv_1.mp3")).equals(large)).toBe(true);
    expect(readdirSync(join(app.folder, "spool"))).toBeEmpty();
    expect(files()).toEqual(["2026/11/02/conv_1.mp3"]);
  });

  test.each([
    ["escaped slashes", (text: string) => text.replaceAll("/", "\\/")],
    ["escapes of six characters", (text: string) => text.replaceAll("A", "\\u0041")],
    ["line ends", (text: string) => text.replaceAll(/.{76}/g, "$&\\r\\n")],
    ["no padding", (text: string) => text.replace(/=+$/, "")],
  ])("is exact when its base64 has %s", async (_name, change) => {
    const odd = tone.subarray(0, 10_000);
    const text = change(odd.toBase64());
    expect(text).not.toBe(odd.toBase64());
    await store(`{"type":"post_call_audio","data":{"conversation_id":"conv_1","full_audio":"${text}"}}`);
    expect(readFileSync(join(audioFolder(), `${TODAY}/conv_1.mp3`)).equals(odd)).toBe(true);
  });

  test("is readable by its owner alone, whatever the umask", async () => {
    await store(audio("conv_1", tone));
    expect(["", "2026", "2026/11", "2026/11/02"].map(mode)).toEqual([0o700, 0o700, 0o700, 0o700]);
    expect(mode("2026/11/02/conv_1.mp3")).toBe(0o600);
  });

  test.each([
    ["no audio", {}],
    ["null", { full_audio: null }],
    ["an empty text", { full_audio: "" }],
    ["a number", { full_audio: 5 }],
  ])("is not made of %s", async (_name, members) => {
    await store(JSON.stringify({ type: "post_call_audio", data: { conversation_id: "conv_1", ...members } }));
    expect(files()).toBeEmpty();
    expect(app.rows("SELECT conversation_id, audio_path FROM conversations")).toEqual([
      { conversation_id: "conv_1", audio_path: null },
    ]);
  });
});

describe("a second recording of a conversation", () => {
  test("is kept beside the first where it differs, and becomes the conversation's", async () => {
    await store(audio("conv_1", tone));
    await store(audio("conv_1", Buffer.from("another")));
    const second = `2026/11/02/conv_1-${sha256("another").slice(0, 12)}.mp3`;
    expect(files()).toEqual([second, "2026/11/02/conv_1.mp3"].toSorted());
    expect(readFileSync(join(audioFolder(), second)).toString()).toBe("another");
    expect(readFileSync(join(audioFolder(), "2026/11/02/conv_1.mp3")).equals(tone)).toBe(true);
    expect(pathInRow()).toBe(second);
  });

  test("is not stored twice where it is identical, in another event", async () => {
    await store(audio("conv_1", tone));
    await store(`${audio("conv_1", tone)} `);
    expect(files()).toEqual(["2026/11/02/conv_1.mp3"]);
    expect(app.rows("SELECT count(*) AS n FROM events")).toEqual([{ n: 2 }]);
  });

  test("both are kept when they come at once", async () => {
    await Promise.all([store(audio("conv_1", tone)), store(audio("conv_1", Buffer.from("another")))]);
    expect(
      files()
        .map((path) => sha256(readFileSync(join(audioFolder(), path))))
        .toSorted(),
    ).toEqual([sha256(tone), sha256("another")].toSorted());
  });
});

describe("what somebody put in a recording's place is left as it is", () => {
  test.each([["2026"], ["2026/11"], ["2026/11/02"]])(
    "a symlink as the folder %s is not followed",
    async (path) => {
      const elsewhere = mkdtempSync(join(tmpdir(), "receiver-elsewhere-"));
      mkdirSync(join(audioFolder(), path, ".."), { recursive: true });
      symlinkSync(elsewhere, join(audioFolder(), path));
      expect(await app.post(audio("conv_1", tone))).toMatchObject({
        status: 500,
        answer: { code: "storage_failed" },
      });
      expect(readdirSync(elsewhere, { recursive: true })).toBeEmpty();
      expect(app.rows("SELECT id FROM events")).toBeEmpty();
      rmSync(elsewhere, { recursive: true });
    },
  );

  test("a symlink under the recording's name is not written through", async () => {
    const target = join(app.folder, "target");
    mkdirSync(join(audioFolder(), "2026/11/02"), { recursive: true });
    symlinkSync(target, join(audioFolder(), "2026/11/02/conv_1.mp3"));
    await store(audio("conv_1", tone));
    expect(pathInRow()).toBe(`2026/11/02/conv_1-${sha256(tone).slice(0, 12)}.mp3`);
    expect(readdirSync(app.folder)).not.toContain("target");
  });
});

describe("a recording whose base64 is broken is quarantined with the exact bytes of its body", () => {
  test.each([
    ["at its start", (text: string) => `*${text}`],
    ["at its end", (text: string) => `${text}*`],
    ["by padding in the middle", (text: string) => `AA==${text}`],
    ["by the other alphabet", (text: string) => `-_${text}`],
  ])("%s", async (_name, breakText) => {
    const small = audio("conv_1", tone).replace(tone.toBase64(), breakText(tone.toBase64()));
    const recording = Buffer.alloc(1_200_000, tone);
    const large = audio("conv_1", recording).replace(recording.toBase64(), breakText(recording.toBase64()));
    for (const body of [small, large]) {
      expect(await app.post(body)).toMatchObject({ status: 400, answer: { code: "invalid_payload" } });
    }
    const path = `quarantine/${sha256(large)}.body`;
    expect(app.rows("SELECT conversation_id, status, payload, payload_path FROM events")).toEqual([
      { conversation_id: "conv_1", status: "quarantined", payload: small, payload_path: null },
      { conversation_id: "conv_1", status: "quarantined", payload: null, payload_path: path },
    ]);
    expect(readFileSync(join(app.folder, path)).toString() === large).toBe(true);
    expect(files()).toBeEmpty();
    expect(readdirSync(join(app.folder, "spool"))).toBeEmpty();
  });
});
