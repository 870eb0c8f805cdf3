// The work behind scripts/soak.
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { startReceiver } from "../test/helpers/receiver.ts";
import { mixedLoad } from "./soak-load.ts";
import type { Load } from "./soak-load.ts";

const MIB = 1024 * 1024;
const WINDOWS = 20;
/** What a figure may grow by from the first windows to the last ones before it counts as growth. */
const GROWTH_MAX = { memoryMb: 30, descriptors: 16, walMb: 8, p50Ms: 3, p99Ms: 60 };
const WAL_MB_MAX = 64;

type Sample = Record<keyof typeof GROWTH_MAX, number>;

const minutes = Number(process.argv[2]);
const windowMs = (minutes * 60_000) / WINDOWS;
const receiver = await startReceiver();
const faults: string[] = [];
const counts = new Map<string, number>();
const inFlight = new Set<Promise<void>>();
let latenciesMs: number[] = [];
let isOver = false;

const samples: Sample[] = [];
const runners = mixedLoad(receiver).map(keepUp);
for (let window = 1; window <= WINDOWS; window += 1) {
  await Bun.sleep(windowMs);
  samples.push(takeSample());
  console.log(`${window} of ${WINDOWS}: ${JSON.stringify(samples.at(-1))}`);
}
isOver = true;
await Promise.all([...runners, ...inFlight]);

const meanOf = (part: Sample[], name: keyof Sample) =>
  part.reduce((sum, sample) => sum + sample[name], 0) / part.length;
console.log(`\n${minutes} minutes: ${[...counts].map(([name, count]) => `${count} ${name}`).join(", ")}\n`);
console.log("| figure | start | end | at most |\n| --- | --- | --- | --- |");
for (const name of ["memoryMb", "descriptors", "walMb", "p50Ms", "p99Ms"] as const) {
  // The first window warms up.
  const start = meanOf(samples.slice(1, 5), name);
  const end = meanOf(samples.slice(-4), name);
  const most = Math.max(...samples.map((sample) => sample[name]));
  console.log(`| ${name} | ${start.toFixed(1)} | ${end.toFixed(1)} | ${most.toFixed(1)} |`);
  if (end - start > GROWTH_MAX[name]) faults.push(`${name} grew`);
}
console.log(`\nmost memory of all: ${(receiver.peakMemoryBytes() / MIB).toFixed(0)} MiB`);
if (samples.some(({ walMb }) => walMb > WAL_MB_MAX)) faults.push(`the WAL grew over ${WAL_MB_MAX} MiB`);
for (const fault of faults) console.log(`fault: ${fault}`);
await receiver.stop();
process.exit(faults.length === 0 ? 0 : 1);

/** Starts a given number a second of one kind, whether the earlier ones have ended or not. */
async function keepUp(load: Load): Promise<void> {
  const startedMs = performance.now();
  for (let index = 0; !isOver; index += 1) {
    await Bun.sleep(Math.max(0, startedMs + (index * 1000) / load.perSecond - performance.now()));
    const one = runOne(load, index).finally(() => inFlight.delete(one));
    inFlight.add(one);
  }
}

async function runOne(load: Load, index: number): Promise<void> {
  const startedMs = performance.now();
  const status = await load.run(index).catch(String);
  counts.set(load.name, (counts.get(load.name) ?? 0) + 1);
  if (status !== load.expected) faults.push(`${load.name} ${index}: ${status}`);
  if (load.name === "transcript") latenciesMs.push(performance.now() - startedMs);
}

function takeSample(): Sample {
  const times = latenciesMs.toSorted((a, b) => a - b);
  latenciesMs = [];
  const at = (share: number) => Number((times[Math.floor(times.length * share)] ?? 0).toFixed(1));
  return {
    memoryMb: Math.round(receiver.memoryBytes() / MIB),
    descriptors: readdirSync(`/proc/${receiver.child.pid}/fd`).length,
    walMb: Number((statSync(join(receiver.folder, "transcripts.sqlite-wal")).size / MIB).toFixed(1)),
    p50Ms: at(0.5),
    p99Ms: at(0.99),
  };
}
