import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { audio, fixture, transcription } from "../helpers/deliveries.ts";
import { startReceiver } from "../helpers/receiver.ts";
import type { Receiver } from "../helpers/receiver.ts";

setDefaultTimeout(60_000);

const TOKEN = "0123456789abcdef0123456789abcdef";
const MIB = 1024 ** 2;
/** Two hours at 128 kbit/s. */
const RECORDING_BYTES = 115_000_000;

let receiver: Receiver;

beforeAll(async () => {
  receiver = await startReceiver({ environment: { API_TOKEN: TOKEN } });
  const tone = fixture("tone.mp3");
  const recording = Buffer.alloc(RECORDING_BYTES, tone);
  expect((await receiver.post(audio("conv_long", recording))).status).toBe(200);
});
afterAll(() => receiver.stop());

async function loudness() {
  const headers = { authorization: `Bearer ${TOKEN}` };
  const response = await fetch(`${receiver.url}/conversations/conv_long/loudness`, { headers });
  expect(response.status).toBe(200);
  // A test says what it looks at.
  return (await response.json()) as { seconds: number; levels: string };
}

test("the curve of two hours takes little memory, also for eight people at once, and deliveries go on", async () => {
  await loudness();
  const before = receiver.memoryBytes();
  const asked = Array.from({ length: 8 }, loudness);
  const delivered = await Promise.all(
    Array.from({ length: 20 }, (_, index) => receiver.post(transcription(`conv_${index}`))),
  );
  const curves = await Promise.all(asked);
  expect(delivered.map(({ status }) => status)).toEqual(Array(20).fill(200));
  expect(receiver.memoryBytes() - before).toBeLessThan(32 * MIB);
  expect(new Set(curves.map(({ levels }) => levels)).size).toBe(1);
  expect(curves[0]?.seconds).toBeGreaterThan(3600);
  expect(Buffer.from(curves[0]?.levels ?? "", "base64").byteLength).toBeLessThanOrEqual(32_768);
});
