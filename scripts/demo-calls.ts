// Speaks the demo's calls: writes scripts/demo/*.mp3 and scripts/demo/times.json from scripts/demo/texts.ts.
// Needs flite, espeak-ng, sox and lame. Run by hand when a text changes; what it writes is committed.
// Usage: scripts/bun scripts/demo-calls.ts
//
// Licences: what these programs speak is the speaker's own. The flite voices (slt, rms, awb, kal16) are free software under
// Carnegie Mellon's licence, which allows any use. espeak-ng is under the GPL, which does not cover its output.
import { $ } from "bun";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { agentVoice, calls, spokenHash } from "./demo/texts.ts";
import type { DemoCall, VoiceName } from "./demo/texts.ts";

const RATE = 16_000;
const FULL_SCALE = 32_767;
/** Between what somebody says and the answer. */
const AGENT_PAUSE_SECONDS = 0.9;
const CALLER_PAUSE_SECONDS = 0.7;
/** How long both speak if the caller cuts in. */
const OVERLAP_SECONDS = 0.5;
const END_SECONDS = 0.6;
const MP3_KBITS = 16;

const folder = join(import.meta.dir, "demo");
const scratch = mkdtempSync(join(tmpdir(), "demo-calls-"));

type Speak = (text: string, file: string) => Promise<unknown>;
const flite =
  (voice: string, pitch: number, stretch: number): Speak =>
  (text, file) =>
    $`flite -voice ${voice} --setf int_f0_target_mean=${pitch} --setf duration_stretch=${stretch} -t ${text} -o ${file}`;
const espeak =
  (voice: string, pitch: number): Speak =>
  (text, file) =>
    $`espeak-ng -v ${voice} -p ${pitch} -s 150 -w ${file} ${text}`;
const voices: Record<VoiceName, Speak> = {
  mia: flite("slt", 170, 1),
  ada: flite("slt", 195, 1.06),
  jonas: flite("rms", 100, 0.94),
  walter: flite("awb", 120, 0.95),
  machine: flite("kal16", 110, 1),
  salma: espeak("ar+f2", 55),
  huda: espeak("ar+f4", 40),
};

/** What a call's recording is like: when each step begins, in seconds, how long it all is, and what it was made of. */
type Times = { spoken: string; seconds: number; starts: number[] };

try {
  const times: Record<string, Times> = {};
  for (const call of calls) times[call.name] = await speak(call);
  writeFileSync(join(folder, "times.json"), JSON.stringify(times));
  await $`${join(import.meta.dir, "bun")} fmt ${join(folder, "times.json")}`.quiet();
} finally {
  rmSync(scratch, { recursive: true });
}

/** Speaks a call, one step after the other, and writes its recording. */
async function speak(call: DemoCall): Promise<Times> {
  const pieces: { atSeconds: number; samples: Int16Array }[] = [];
  const starts: number[] = [];
  let now = 0.3;
  for (const step of call.steps) {
    if (step.kind === "tool") {
      starts.push(rounded(now));
      now += step.seconds;
      continue;
    }
    const isAgent = step.kind === "agent";
    if (starts.length > 0) now += isAgent ? AGENT_PAUSE_SECONDS : CALLER_PAUSE_SECONDS;
    starts.push(rounded(now));
    const samples = await say(isAgent ? agentVoice(call) : call.callerVoice, step.says);
    pieces.push({ atSeconds: now, samples });
    now += samples.length / RATE;
    // An agent that is interrupted speaks on for a moment.
    if (isAgent && step.meant !== undefined) now -= CALLER_PAUSE_SECONDS + OVERLAP_SECONDS;
  }
  const seconds = now + END_SECONDS;
  await writeMp3(join(folder, `${call.name}.mp3`), mixed(pieces, seconds));
  return { spoken: spokenHash(call), seconds: rounded(seconds), starts };
}

/** A text as 16-bit samples, as narrow as a telephone, without silence at its ends: the pauses are ours. */
async function say(voice: VoiceName, text: string): Promise<Int16Array> {
  const [spoken, raw] = [join(scratch, "spoken.wav"), join(scratch, "narrow.raw")];
  await voices[voice](text, spoken);
  const trimmed = "silence 1 0.01 0.5% reverse silence 1 0.01 0.5% reverse".split(" ");
  await $`sox -D ${spoken} -r ${RATE} -c 1 -b 16 -e signed-integer -t raw ${raw} ${trimmed} sinc 250-3600 gain -n -5`;
  return new Int16Array(await Bun.file(raw).arrayBuffer());
}

function mixed(pieces: readonly { atSeconds: number; samples: Int16Array }[], seconds: number): Int16Array {
  const whole = new Int16Array(Math.ceil(seconds * RATE));
  for (const { atSeconds, samples } of pieces) {
    const from = Math.round(atSeconds * RATE);
    for (const [index, sample] of samples.entries()) {
      const sum = (whole[from + index] ?? 0) + sample;
      whole[from + index] = Math.max(-FULL_SCALE, Math.min(FULL_SCALE, sum));
    }
  }
  return whole;
}

async function writeMp3(file: string, samples: Int16Array): Promise<void> {
  const raw = join(scratch, "whole.raw");
  writeFileSync(raw, samples);
  // It warns of a library that takes no part in this.
  await $`lame --quiet -r -s ${RATE / 1000} -m m -b ${MP3_KBITS} --cbr -q 0 ${raw} ${file}`.quiet();
}

function rounded(seconds: number): number {
  return Math.round(seconds * 100) / 100;
}
