// The load of scripts/soak: good deliveries of every kind, beside everything that the internet sends.
import { randomBytes } from "node:crypto";
import { audio, fixture, sign, transcription } from "../test/helpers/deliveries.ts";
import { openRaw, requestHead } from "../test/helpers/raw.ts";
import type { Receiver } from "../test/helpers/receiver.ts";

const LARGE_RECORDING_BYTES = 10_000_000;
const SLOW_MS = 3_000;

export type Load = {
  name: string;
  perSecond: number;
  /** Returns the status, if there is an answer. */
  run: (index: number) => Promise<number | null>;
  expected: number | null;
};

export function mixedLoad(receiver: Receiver): Load[] {
  const post = async (body: string | Uint8Array, header?: string) =>
    (await receiver.post(body, header)).status;
  const summary = { analysis: { transcript_summary: "What they talked about. ".repeat(60) } };
  const repeated = fixture("transcription_full_twilio_outbound.json");
  const large = Buffer.from(audio("conv_soak_large", randomBytes(LARGE_RECORDING_BYTES)));
  return [
    {
      name: "transcript",
      perSecond: 80,
      expected: 200,
      run: (n) => post(transcription(`conv_soak_${n}`, summary)),
    },
    {
      name: "recording",
      perSecond: 4,
      expected: 200,
      run: (n) => post(audio(`conv_soak_${n}`, randomBytes(60_000))),
    },
    // Its bytes differ by white space after the JSON, so that each is an event of its own.
    {
      name: "large",
      perSecond: 0.2,
      expected: 200,
      run: (n) => post(Buffer.concat([large, Buffer.alloc(n % 5000, " ")])),
    },
    { name: "duplicate", perSecond: 5, expected: 200, run: () => post(repeated) },
    { name: "quarantine", perSecond: 5, expected: 400, run: (n) => post(`{"type":"unheard_of","n":${n}}`) },
    { name: "bad signature", perSecond: 20, expected: 401, run: (n) => post(`{"n":${n}}`, sign("{}")) },
    { name: "documentation", perSecond: 1, expected: 200, run: () => get(`${receiver.url}/docs/json`) },
    { name: "health", perSecond: 1, expected: 200, run: () => get(`${receiver.url}/health`) },
    { name: "gone", perSecond: 5, expected: null, run: () => goAway(receiver.port) },
  ];
}

async function get(url: string): Promise<number> {
  const response = await fetch(url);
  await response.arrayBuffer();
  return response.status;
}

/** Sends half a body, large enough for a file, waits and hangs up. */
async function goAway(port: number): Promise<null> {
  const connection = await openRaw(port);
  await connection.write(requestHead({ "ElevenLabs-Signature": sign("{}"), "Content-Length": "1000000" }));
  await connection.write(Buffer.alloc(400_000));
  await Bun.sleep(SLOW_MS);
  connection.close();
  return null;
}
