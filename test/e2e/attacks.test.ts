import { expect, setDefaultTimeout, test } from "bun:test";
import { transcription } from "../helpers/deliveries.ts";
import { deliverUntil, sendRecording, startAttack } from "../helpers/attack.ts";
import { EXECUTABLE, startReceiver } from "../helpers/receiver.ts";

// Every kind with up to 5,000 connections is in scripts/attack; here are those that have done harm.

setDefaultTimeout(60_000);

const MIB = 1024 * 1024;
const MEMORY_BYTES_MAX = 200 * MIB;
const ANSWER_MS_MAX = 15_000;

test.each([
  ["5,000 bodies that stand still", { kind: "slow-body", connectionCount: 5_000 }],
  ["1,000 connections that send chunks of one byte", { kind: "one-byte-chunks", connectionCount: 1_000 }],
])("%s keep no good delivery from being stored", async (_, attack) => {
  const receiver = await startReceiver();
  const ended = startAttack(receiver.port, { ...attack, addressCount: 1, seconds: 8 });
  const good = await deliverUntil(ended, receiver.port);
  expect(good.length).toBeGreaterThan(20);
  expect(good.filter(({ status }) => status !== 200)).toEqual([]);
  expect(receiver.peakMemoryBytes()).toBeLessThan(MEMORY_BYTES_MAX);
  await receiver.stop();
});

test("1,060 connections that come again every 0.8 s don't take a recording's place", async () => {
  const receiver = await startReceiver();
  const attack = { kind: "churn", connectionCount: 1_060, addressCount: 1, seconds: 8 };
  const ended = startAttack(receiver.port, attack);
  await Bun.sleep(1_500);
  expect(await sendRecording(receiver.port, 15)).toBe(200);
  await ended;
  await receiver.stop();
});

test("with few descriptors it lives on, and answers again once an attack is over", async () => {
  const command = ["sh", "-c", `ulimit -n 1024; exec ${EXECUTABLE} serve`];
  const receiver = await startReceiver({ command });
  await startAttack(receiver.port, { kind: "idle", connectionCount: 1_500, addressCount: 1, seconds: 3 });
  const status = await Promise.race([
    receiver.post(transcription("conv_after")).then((answer) => answer.status),
    Bun.sleep(ANSWER_MS_MAX).then(() => "no answer in time"),
  ]);
  expect(status).toBe(200);
  await receiver.stop();
});
