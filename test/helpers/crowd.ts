import { randomUUID } from "node:crypto";
import { sign, transcription } from "./deliveries.ts";
import { openRaw, requestHead } from "./raw.ts";
import type { RawOptions } from "./raw.ts";
import { largeAudio, sendStream } from "./stream.ts";

const TRANSCRIPTS = 100;
const RECORDINGS = 8;
const MB = 1000 * 1000;

/** Delivers 100 transcripts and eight recordings in chunks at once; returns the statuses that came, each once. */
export async function deliverCrowd(
  port: number,
  { megabytes, ...rawOptions }: { megabytes: number } & RawOptions,
): Promise<number[]> {
  const name = randomUUID();
  const recordings = Array.from({ length: RECORDINGS }, async (_, index) => {
    const { body, signature } = largeAudio(`conv_${name}_${index}`, megabytes * 0.75 * MB);
    return sendStream(port, { body: body(), signature: signature(), ...rawOptions });
  });
  const transcripts = Array.from({ length: TRANSCRIPTS }, async (_, index) => {
    const body = transcription(`conv_${name}_text_${index}`);
    const head = requestHead({ "ElevenLabs-Signature": sign(body), "Content-Length": String(body.length) });
    const connection = await openRaw(port, rawOptions);
    await connection.write(head + body);
    const response = await connection.response();
    connection.close();
    return response;
  });
  const answers = await Promise.all([...recordings, ...transcripts]);
  return [...new Set(answers.map(({ status }) => status))];
}
