import { expect, setDefaultTimeout, test } from "bun:test";
import { sign, transcription } from "../helpers/deliveries.ts";
import { chunk, openRaw, requestHead } from "../helpers/raw.ts";
import { startReceiver } from "../helpers/receiver.ts";

setDefaultTimeout(90_000);

const SLOW_SENDERS = 500;
const CUT_MS_MAX = 36_000;
const HELD_MS_MIN = 3_000;
const TRICKLE_MS = 1_000;
const GOOD_PER_SECOND = 30;

const signature = { "ElevenLabs-Signature": sign("{}") };

/** How each begins, and what it goes on with, byte by byte: none of them ever ends. */
const slowKinds: (readonly [start: string, next: string | Uint8Array])[] = [
  ["POST /webhook HTTP/1.1\r\nX-Slow: ", "x"],
  ["POST /webhook HTTP/1.1\r\n", "a: b\r\n"],
  ["", ""],
  [requestHead({ ...signature, "Content-Length": "10000" }), " "],
  [requestHead({ ...signature, "Content-Length": "250000" }), " "],
  [requestHead({ ...signature, "Content-Length": "100000000" }), ""],
  [requestHead({ ...signature, "Transfer-Encoding": "chunked" }), chunk(" ")],
  [`${requestHead({ ...signature, "Transfer-Encoding": "chunked" })}fffff\r\n`, " "],
  [`${requestHead({ ...signature, "Transfer-Encoding": "chunked" })}1;`, "x"],
  [requestHead({ "Content-Length": "250000" }), " "],
];

/** Trickles until it is hung up on, and returns how long that took; a minute is too long for any of them. */
async function trickle(port: number, [start, next]: (typeof slowKinds)[number]): Promise<number> {
  const startedMs = performance.now();
  const connection = await openRaw(port);
  const isClosed = connection.closed.then(() => false);
  let isOpen = await connection.write(start);
  while (isOpen && performance.now() - startedMs < 60_000) {
    isOpen = await Promise.race([isClosed, Bun.sleep(TRICKLE_MS).then(() => true)]);
    if (isOpen && next !== "") isOpen = await connection.write(next);
  }
  connection.close();
  return performance.now() - startedMs;
}

test("answers every good delivery while 500 slow senders are cut, each within 36 s", async () => {
  const receiver = await startReceiver();
  const slow = Array.from({ length: SLOW_SENDERS }, (_, index) =>
    trickle(receiver.port, slowKinds[index % slowKinds.length] ?? ["", ""]),
  );
  let areCut = false;
  const allCut = Promise.all(slow).finally(() => (areCut = true));

  const good: Promise<{ status: number; ms: number }>[] = [];
  const deliver = async (conversationId: string) => {
    const startedMs = performance.now();
    const { status } = await receiver.post(transcription(conversationId));
    return { status, ms: performance.now() - startedMs };
  };
  while (!areCut) {
    good.push(deliver(`conv_good_${good.length}`));
    await Bun.sleep(1000 / GOOD_PER_SECOND);
  }

  const answers = await Promise.all(good);
  const cutMs = await allCut;
  const times = answers.map(({ ms }) => ms).toSorted((a, b) => a - b);
  const p99Ms = times[Math.floor(times.length * 0.99)] ?? Number.NaN;
  console.log(
    `${SLOW_SENDERS} slow senders: ${answers.length} good deliveries, p99 ${p99Ms.toFixed(1)} ms, ` +
      `last cut after ${(Math.max(...cutMs) / 1000).toFixed(1)} s`,
  );
  expect(answers.filter(({ status }) => status !== 200)).toEqual([]);
  expect(receiver.rows("SELECT count(*) AS n FROM events")).toEqual([{ n: answers.length }]);
  expect(Math.max(...cutMs)).toBeLessThan(CUT_MS_MAX);
  // They were there all the while, and not turned away at the door.
  expect(Math.min(...cutMs)).toBeGreaterThan(HELD_MS_MIN);
  await receiver.stop();
});
