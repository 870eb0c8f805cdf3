import { createHash, randomBytes, randomInt } from "node:crypto";
import { audio, sign, transcription } from "../deliveries.ts";

const USUAL = { transcripts: 6, recordings: 2, summaryBytesMax: 8_000 };
const RECORDING_BYTES_MIN = 20_000;
const RECORDING_BYTES_MAX = 1_500_000;
/** ElevenLabs repeats after 30 s, 2, 8 and 30 minutes; here sooner. */
const REPEATS_AFTER_MS = [1_000, 2_000, 4_000, 8_000];
const ANSWER_MS_MAX = 60_000;
/** One in so many is sent again though it was acknowledged, as after an answer that was lost on the way. */
const REPEATED_ANYWAY = 10;
const PAUSE_MS = 5;

/** What was acknowledged with 200: an event, and the hash of its recording if it has one. */
export type Acknowledged = { conversationId: string; bodySha256: string; recordingSha256: string | null };

/** What went wrong with one delivery, as its sender saw it. */
export type SenderError = { atMs: number; isRecording: boolean; text: string };

/**
 * Sends transcripts and recordings to one address as ElevenLabs does: transcripts are repeated if they fail, recordings are
 * sent once.
 */
export function startSenders(port: number, name: string, options: Partial<typeof USUAL> = {}) {
  const { transcripts, recordings, summaryBytesMax } = { ...USUAL, ...options };
  const acknowledged: Acknowledged[] = [];
  const errors: SenderError[] = [];
  const givenUp: string[] = [];
  const acknowledgedAtMs: number[] = [];
  let slowestMs = 0;
  let sent = 0;
  let isOver = false;

  async function deliver(body: string, isRecording: boolean): Promise<boolean> {
    const startedMs = performance.now();
    try {
      const response = await fetch(`http://127.0.0.1:${port}/webhook`, {
        method: "POST",
        headers: { "elevenlabs-signature": sign(body) },
        body,
        keepalive: false,
        signal: AbortSignal.timeout(ANSWER_MS_MAX),
      });
      const text = await response.text();
      slowestMs = Math.max(slowestMs, performance.now() - startedMs);
      if (response.status === 200) {
        acknowledgedAtMs.push(performance.now());
        return true;
      }
      errors.push({ atMs: performance.now(), isRecording, text: `${response.status} ${text}` });
    } catch (error) {
      errors.push({
        atMs: performance.now(),
        isRecording,
        text: error instanceof Error ? error.message : "?",
      });
    }
    return false;
  }

  async function sendTranscripts(): Promise<void> {
    while (!isOver) {
      sent += 1;
      const conversationId = `conv_${name}_${sent}`;
      const body = transcription(conversationId, {
        analysis: { transcript_summary: "x".repeat(randomInt(summaryBytesMax)) },
      });
      const isStored = await deliverAgain(body);
      if (!isStored) givenUp.push(conversationId);
      else acknowledged.push({ conversationId, bodySha256: sha256(body), recordingSha256: null });
      if (isStored && sent % REPEATED_ANYWAY === 0) await deliver(body, false);
      await Bun.sleep(PAUSE_MS);
    }
  }

  async function deliverAgain(body: string): Promise<boolean> {
    for (const afterMs of [0, ...REPEATS_AFTER_MS]) {
      await Bun.sleep(afterMs);
      if (await deliver(body, false)) return true;
    }
    return false;
  }

  async function sendRecordings(): Promise<void> {
    while (!isOver) {
      sent += 1;
      const conversationId = `conv_${name}_${sent}`;
      const recording = randomBytes(randomInt(RECORDING_BYTES_MIN, RECORDING_BYTES_MAX));
      const body = audio(conversationId, recording);
      if (await deliver(body, true)) {
        acknowledged.push({ conversationId, bodySha256: sha256(body), recordingSha256: sha256(recording) });
      }
      await Bun.sleep(PAUSE_MS);
    }
  }

  const done = Promise.all([
    ...Array.from({ length: transcripts }, sendTranscripts),
    ...Array.from({ length: recordings }, sendRecordings),
  ]);
  return {
    acknowledged,
    errors,
    givenUp,
    slowestMs: () => slowestMs,
    /** The longest time without any acknowledgement after a moment, in ms. */
    longestGapMs(sinceMs: number): number {
      const times = [sinceMs, ...acknowledgedAtMs.filter((atMs) => atMs >= sinceMs)];
      return times.reduce((longest, atMs, index) => Math.max(longest, atMs - (times[index - 1] ?? atMs)), 0);
    },
    async stop(): Promise<void> {
      isOver = true;
      await done;
    },
  };
}

function sha256(bytes: string | Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
