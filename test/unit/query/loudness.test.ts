import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createCurve } from "../../../src/query/loudness/curve.ts";
import { fixture } from "../../helpers/deliveries.ts";

const isMissing = Bun.which("lame") === null || Bun.which("sox") === null;
if (isMissing) console.warn("SKIPPED: the loudness of encoded recordings: needs lame and sox");

function curveOf(bytes: Uint8Array, pieceBytes = 256 * 1024) {
  const curve = createCurve();
  for (let from = 0; from < bytes.length; from += pieceBytes) {
    curve.push(bytes.subarray(from, from + pieceBytes));
  }
  return curve.end();
}

/** The mean level of a part. */
function levelIn({ levels, stepSeconds }: ReturnType<typeof curveOf>, from: number, to: number): number {
  const part = levels.subarray(Math.ceil(from / stepSeconds), Math.floor(to / stepSeconds));
  return part.reduce((sum, level) => sum + level, 0) / part.length;
}

describe.skipIf(isMissing)("a recording of silence, noise, softer noise and silence", () => {
  let folder: string;
  const encodings: Record<string, { rate: number; channels: number; lame: string[] }> = {
    "stereo at 128 kbit/s": { rate: 44_100, channels: 2, lame: ["-b", "128"] },
    "stereo with a variable rate": { rate: 44_100, channels: 2, lame: ["-V", "4"] },
    "stereo with checksums": { rate: 44_100, channels: 2, lame: ["-b", "128", "-p"] },
    "mono at 48 kHz": { rate: 48_000, channels: 1, lame: ["-b", "64", "-m", "m"] },
    "MPEG-2, mono at 16 kHz": { rate: 16_000, channels: 1, lame: ["-b", "32", "-m", "m"] },
    "MPEG-2, stereo at 22 kHz": { rate: 22_050, channels: 2, lame: ["-b", "64"] },
    "MPEG-2.5, mono at 8 kHz": { rate: 8_000, channels: 1, lame: ["-b", "16", "-m", "m"] },
    "without the frame that holds no sound": {
      rate: 44_100,
      channels: 1,
      lame: ["-b", "96", "-t", "-m", "m"],
    },
    "with a tag and a title": {
      rate: 44_100,
      channels: 1,
      lame: ["-b", "96", "--tt", "A call", "--add-id3v2"],
    },
  };

  const run = (command: string[]) => {
    const { exitCode, stderr } = Bun.spawnSync(command, { cwd: folder });
    expect([exitCode, stderr.toString()]).toEqual([0, expect.any(String)]);
  };

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "loudness-"));
    const parts = { silence: "0", noise: "0.5", soft: "0.05" };
    for (const [name, volume] of Object.entries(parts)) {
      run([
        "sox",
        "-R",
        "-n",
        "-r",
        "48000",
        "-c",
        "2",
        `${name}.wav`,
        "synth",
        "2",
        "pinknoise",
        "vol",
        volume,
      ]);
    }
    run(["sox", "silence.wav", "noise.wav", "soft.wav", "silence.wav", "all.wav"]);
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  function encoded(name: string): Buffer {
    const { rate, channels, lame } = encodings[name] ?? { rate: 0, channels: 0, lame: [] };
    run(["sox", "all.wav", "-r", String(rate), "-c", String(channels), "some.wav"]);
    run(["lame", "--quiet", ...lame, "some.wav", "some.mp3"]);
    return readFileSync(join(folder, "some.mp3"));
  }

  test.each(Object.keys(encodings))("%s: the curve shows each, and how long they are", (name) => {
    const curve = curveOf(encoded(name));
    // The encoder begins and ends with a frame or two of its own.
    expect(curve.seconds).toBeGreaterThan(8);
    expect(curve.seconds).toBeLessThan(8.4);
    expect(curve.levels.length * curve.stepSeconds).toBeCloseTo(curve.seconds, 0);
    expect(levelIn(curve, 0.3, 1.7)).toBe(0);
    expect(levelIn(curve, 2.4, 3.8)).toBeGreaterThan(140);
    // Twenty of the forty decibels softer, more or less: what is measured is no sound.
    expect(levelIn(curve, 2.4, 3.8) - levelIn(curve, 4.4, 5.8)).toBeGreaterThan(50);
    expect(levelIn(curve, 4.4, 5.8)).toBeGreaterThan(20);
    expect(levelIn(curve, 6.5, 7.7)).toBe(0);
  });

  test("the pieces that it comes in make no difference", () => {
    const bytes = encoded("stereo with a variable rate");
    const whole = curveOf(bytes);
    for (const pieceBytes of [1, 7, 1000, 4096]) expect(curveOf(bytes, pieceBytes)).toEqual(whole);
  });

  test("what is broken in the middle is left out, and the rest is read", () => {
    const bytes = encoded("stereo at 128 kbit/s");
    const broken = Buffer.concat([
      bytes.subarray(0, 40_000),
      Buffer.alloc(5000, 0xff),
      bytes.subarray(45_000),
    ]);
    const { seconds } = curveOf(broken);
    expect(seconds).toBeGreaterThan(7.5);
    expect(seconds).toBeLessThan(8.2);
  });

  test("a long recording has no more steps than a shorter one, at most", () => {
    const bytes = encoded("MPEG-2, mono at 16 kHz");
    const curve = createCurve();
    for (let round = 0; round < 1200; round += 1) curve.push(bytes);
    const { seconds, stepSeconds, levels } = curve.end();
    expect(seconds).toBeGreaterThan(1200 * 8);
    expect(levels.length).toBeLessThanOrEqual(32_768);
    expect(levels.length).toBeGreaterThan(16_000);
    expect(levels.length * stepSeconds).toBeCloseTo(seconds, 0);
  });
});

test("a tone has its length and one level", () => {
  const { seconds, levels } = curveOf(fixture("tone.mp3"));
  expect(seconds).toBeGreaterThan(0.1);
  expect(Math.max(...levels)).toBeGreaterThan(200);
});

test.each([
  ["nothing", Buffer.alloc(0)],
  ["one byte", Buffer.from([0xff])],
  ["zeros", Buffer.alloc(100_000)],
  ["ones", Buffer.alloc(100_000, 0xff)],
  ["text", Buffer.from("not MP3 at all ".repeat(1000))],
  ["a tag that promises more than there is", Buffer.from("ID3\x04\0\0\x7f\x7f\x7f\x7f")],
  ["a header alone", Buffer.from([0xff, 0xfb, 0x90, 0x00])],
])("of %s there is no curve", (_, bytes) => {
  expect(curveOf(bytes)).toEqual({ seconds: 0, stepSeconds: 0, levels: new Uint8Array(0) });
});

test("chance makes hardly any frames of what is no MP3", () => {
  const bytes = new Uint8Array(2_000_000);
  let state = 1;
  for (let at = 0; at < bytes.length; at += 1) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    bytes[at] = state >>> 16;
  }
  expect(curveOf(bytes).seconds).toBeLessThan(2);
});
