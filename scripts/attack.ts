// The work behind scripts/attack.
import { deliverUntil, sendRecording, startAttack } from "../test/helpers/attack.ts";
import { startReceiver } from "../test/helpers/receiver.ts";
import type { Receiver } from "../test/helpers/receiver.ts";

const MIB = 1024 * 1024;
const RECORDING_MB = 15;
const PEAK_EVERY_MS = 100;
const MEMORY_MIB_MAX = 200;
const GOOD_SHARE_MIN = 0.99;
const P99_MS_MAX = 500;

const KINDS = "idle,slow-header,slow-body,churn,burst,wrong-signature,one-byte-chunks";
const [kinds = KINDS, connections = "1,1000,5000", addresses = "1,8", seconds = "12"] = process.argv.slice(2);
const sizes = connections
  .split(",")
  .flatMap((count) => addresses.split(",").map((addressCount) => [Number(count), Number(addressCount)]))
  .filter(([count = 1, addressCount = 1]) => addressCount <= count);
const attacks = kinds.split(",").flatMap((kind) =>
  sizes.map(([connectionCount = 1, addressCount = 1]) => ({
    kind,
    connectionCount,
    addressCount,
    seconds: Number(seconds),
  })),
);

console.log("| attack | connections | addresses | alive | memory | good 200 | p99 | recording |");
console.log("| --- | --- | --- | --- | --- | --- | --- | --- |");
let isKept = true;
for (const attack of attacks) {
  const receiver = await startReceiver();
  const ended = startAttack(receiver.port, attack);
  // The attack stands before the recording begins.
  const recorded = Bun.sleep(2_000).then(() => sendRecording(receiver.port, RECORDING_MB));
  const peak = peakBytesUntil(ended, receiver);
  const good = await deliverUntil(ended, receiver.port);
  const status = await recorded;
  const peakMib = (await peak) / MIB;
  const isAlive = receiver.child.exitCode === null && receiver.child.signalCode === null;
  const times = good.map(({ ms }) => ms).toSorted((a, b) => a - b);
  const p99Ms = times[Math.floor(times.length * 0.99)] ?? Number.NaN;
  const goodShare = good.filter((answer) => answer.status === 200).length / good.length;
  const row = [
    attack.kind,
    attack.connectionCount,
    attack.addressCount,
    isAlive ? "yes" : "NO",
    `${peakMib.toFixed(0)} MiB`,
    `${(goodShare * 100).toFixed(1)} %`,
    `${p99Ms.toFixed(0)} ms`,
    status ?? "lost",
  ];
  console.log(`| ${row.join(" | ")} |`);
  console.error(`  ${good.length} good deliveries; ${(await ended).trim()}`);
  if (!isAlive) console.error(receiver.output().slice(-600));
  isKept &&=
    isAlive &&
    peakMib < MEMORY_MIB_MAX &&
    goodShare >= GOOD_SHARE_MIN &&
    p99Ms < P99_MS_MAX &&
    status === 200;
  await receiver.stop({ signal: "SIGKILL" });
}
process.exit(isKept ? 0 : 1);

/** The most memory seen until then: nothing can be read any more of a process that has died. */
async function peakBytesUntil(end: Promise<unknown>, receiver: Receiver): Promise<number> {
  let isOver = false;
  let peakBytes = 0;
  void end.finally(() => (isOver = true));
  while (!isOver) {
    await Bun.sleep(PEAK_EVERY_MS);
    peakBytes = Math.max(peakBytes, peakBytesOf(receiver));
  }
  return peakBytes;
}

function peakBytesOf(receiver: Receiver): number {
  try {
    return receiver.peakMemoryBytes() || 0;
  } catch {
    return 0;
  }
}
