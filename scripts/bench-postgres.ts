// The work behind scripts/bench --postgres: one receiver on a Postgres of this machine, and recordings into Ceph.
import { randomBytes } from "node:crypto";
import { readFileSync, statSync } from "node:fs";
import { CEPH_PROGRAMS, startCeph } from "../test/helpers/ceph.ts";
import { startInstance } from "../test/helpers/cloud/instance.ts";
import { hasMeans } from "../test/helpers/means.ts";
import { hasPostgres, startPostgres } from "../test/helpers/postgres.ts";
import { EXECUTABLE } from "../test/helpers/receiver.ts";
import { startTcpProxy } from "../test/helpers/tcp-proxy.ts";
import { audioBody, sendChunked, sendFor, transcriptRequests } from "./bench-load.ts";

const CONNECTIONS = 256;
const REQUESTS_PER_SECOND_MAX = 12_000;
const RECORDING_BYTES = 75_000_000;
const RECORDINGS_AT_ONCE = 8;
const ROUND_TRIP_MS = 10;

const rounds = Number(process.argv[2] ?? 3);
const seconds = Number(process.argv[3] ?? 5);
if (!hasPostgres("the bench") || !hasMeans("the bench", ...CEPH_PROGRAMS)) process.exit(1);

const [postgres, ceph] = await Promise.all([startPostgres(), startCeph()]);
const base64 = Buffer.from(randomBytes(RECORDING_BYTES).toBase64());
let starts = 0;
const measured: Record<string, number[]> = {};
try {
  for (let round = 1; round <= rounds; round += 1) {
    await measureTranscripts("local", 0, round);
    await measureTranscripts(`${ROUND_TRIP_MS}_ms`, ROUND_TRIP_MS, round);
    await measureRecordings(round);
  }
} finally {
  await Promise.all([postgres.end(), ceph.stop()]);
}

console.log("| figure | median | all rounds |");
console.log("| --- | --- | --- |");
for (const [figure, values] of Object.entries(measured)) {
  const sorted = values.toSorted((a, b) => a - b);
  const median = sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
  console.log(`| ${figure} | ${median.toFixed(1)} | ${values.map((value) => value.toFixed(1)).join(", ")} |`);
}
console.log(`| executable_kb | ${Math.round(statSync(EXECUTABLE).size / 1000)} | |`);

async function measureTranscripts(name: string, roundTripMs: number, round: number): Promise<void> {
  const network = await startTcpProxy({ port: postgres.port, delayMs: roundTripMs / 2 });
  const port = roundTripMs === 0 ? postgres.port : network.port;
  const instance = await start(port);
  // Not measured: the first requests of a process are compiled.
  await sendFor(instance.port, transcriptRequests(500, `warm_${name}_${round}`), CONNECTIONS, seconds);
  const requests = transcriptRequests(REQUESTS_PER_SECOND_MAX * seconds, `${name}_${round}`);
  const latenciesMs = (await sendFor(instance.port, requests, CONNECTIONS, seconds)).toSorted(
    (a, b) => a - b,
  );
  note(`transcripts_${name}_per_second`, latenciesMs.length / seconds);
  note(`transcripts_${name}_p50_ms`, latenciesMs[Math.floor(latenciesMs.length / 2)]);
  note(`transcripts_${name}_p99_ms`, latenciesMs[Math.floor(latenciesMs.length * 0.99)]);
  await instance.stop();
  await network.stop();
}

async function measureRecordings(round: number): Promise<void> {
  const instance = await start(postgres.port);
  note("idle_mb", memoryMb(instance.pid(), "VmRSS"));
  const bodies = Array.from({ length: RECORDINGS_AT_ONCE }, (_, index) =>
    audioBody(`conv_recording_${round}_${index}`, base64),
  );
  const startedMs = performance.now();
  await Promise.all(bodies.map((body) => sendChunked(instance.port, body)));
  note(`recordings_${RECORDINGS_AT_ONCE}_s`, (performance.now() - startedMs) / 1000);
  note(`recordings_${RECORDINGS_AT_ONCE}_peak_mb`, memoryMb(instance.pid(), "VmHWM"));
  await instance.stop();
}

async function start(port: number) {
  starts += 1;
  // A bucket belongs to one database.
  const bucket = `bench-${starts}`;
  ceph.createBucket(bucket);
  const url = new URL(await postgres.createDatabase());
  url.port = String(port);
  return startInstance({ LOG_LEVEL: "WARNING", DATABASE_URL: url.href, ...ceph.settings(bucket) });
}

function note(figure: string, value = Number.NaN): void {
  (measured[figure] ??= []).push(value);
  console.error(`${figure} ${value.toFixed(1)}`);
}

function memoryMb(pid: number, name: "VmRSS" | "VmHWM"): number {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  return Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1]) / 1024;
}
