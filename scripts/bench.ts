// The work behind scripts/bench. Every figure is the median over the rounds, in which receiver and floor take turns.
import { randomBytes } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { SECRET, sign } from "../test/helpers/deliveries.ts";
import { freePort } from "../test/helpers/ports.ts";
import { EXECUTABLE } from "../test/helpers/receiver.ts";
import { audioBody, sendChunked, sendFor, transcriptRequests } from "./bench-load.ts";

const CONNECTIONS = 32;
const REQUESTS_PER_SECOND_MAX = 16_000;
const RECORDING_BYTES = 75_000_000;
const SETTLE_MS = 1_000;

type Figures = Record<string, number>;

const rounds = Number(process.argv[2] ?? 5);
const seconds = Number(process.argv[3] ?? 5);
const base64 = Buffer.from(randomBytes(RECORDING_BYTES).toBase64());
type Server = { command: string[]; environment?: Record<string, string> };

const servers: Record<string, Server> = {
  receiver: { command: [EXECUTABLE, "serve"] },
  // With the API its thread indexes every event for the search.
  indexing: {
    command: [EXECUTABLE, "serve"],
    environment: { API_TOKEN: "0123456789abcdef0123456789abcdef" },
  },
  floor: { command: [process.execPath, join(import.meta.dir, "bench-floor.ts")] },
};

const measured: Record<string, Figures[]> = { receiver: [], indexing: [], floor: [] };
for (let round = 1; round <= rounds; round += 1) {
  for (const [name, server] of Object.entries(servers)) {
    const figures = await measureTranscripts(server, `${name}${round}`);
    if (name === "receiver") Object.assign(figures, await measureRecordings(server));
    measured[name]?.push(figures);
    console.error(`round ${round} ${name}:`, format(figures));
  }
}

const medians = Object.fromEntries(Object.entries(measured).map(([name, runs]) => [name, mediansOf(runs)]));
const { receiver = {}, indexing = {}, floor = {} } = medians;
const ratio = (value = Number.NaN, other = Number.NaN) =>
  Number.isNaN(value / other) ? "" : (value / other).toFixed(2);
console.log("| figure | receiver | to the floor | with API and index | to the floor | floor |");
console.log("| --- | --- | --- | --- | --- | --- |");
for (const [figure, value] of Object.entries(receiver)) {
  const [indexed, least] = [indexing[figure], floor[figure]];
  const cells = [figure, value, ratio(value, least), indexed ?? "", ratio(indexed, least), least ?? ""];
  console.log(`| ${cells.join(" | ")} |`);
}
const machine = {
  processor: cpus()[0]?.model,
  processors: cpus().length,
  bun: Bun.version,
  kernel: kernel(),
};
console.log(JSON.stringify({ machine, rounds, seconds, medians }));

async function measureTranscripts(measuredServer: Server, salt: string): Promise<Figures> {
  const server = await start(measuredServer);
  await Bun.sleep(SETTLE_MS);
  const idleMb = server.memoryMb("VmRSS");
  const requests = transcriptRequests(REQUESTS_PER_SECOND_MAX * seconds, salt);
  const latenciesMs = (await sendFor(server.port, requests, CONNECTIONS, seconds)).toSorted((a, b) => a - b);
  const figures = {
    start_ms: server.startMs,
    idle_mb: idleMb,
    transcripts_per_second: latenciesMs.length / seconds,
    transcripts_p50_ms: at(latenciesMs, 0.5),
    transcripts_p99_ms: at(latenciesMs, 0.99),
  };
  await server.stop();
  return figures;
}

async function measureRecordings(measuredServer: Server): Promise<Figures> {
  const figures: Figures = { executable_mb: statSync(EXECUTABLE).size / 1e6 };
  for (const atOnce of [1, 4, 8]) {
    const server = await start(measuredServer);
    await sendChunked(server.port, audioBody("warm", base64.subarray(0, 4_000_000)));
    const bodies = Array.from({ length: atOnce }, (_, index) => audioBody(`recording_${index}`, base64));
    const startedMs = performance.now();
    await Promise.all(bodies.map((body) => sendChunked(server.port, body)));
    figures[`recordings_${atOnce}_s`] = (performance.now() - startedMs) / 1000;
    figures[`recordings_${atOnce}_peak_mb`] = server.memoryMb("VmHWM");
    await server.stop();
  }
  return { ...figures, ...(await measureMixed(measuredServer)) };
}

/** Transcripts while four recordings stream in. */
async function measureMixed(measuredServer: Server): Promise<Figures> {
  const server = await start(measuredServer);
  const requests = transcriptRequests(2_000, "mixed");
  const streaming = { recordings: 4 };
  // Signed before: it would keep the transcripts of this process waiting.
  const bodies = Array.from({ length: streaming.recordings }, (_, index) => {
    const body = audioBody(`mixed_${index}`, base64);
    return { body, signature: sign(body) };
  });
  await sendFor(server.port, requests.splice(0, 500), 4, 5);
  const recordings = bodies.map(async ({ body, signature }) => {
    await sendChunked(server.port, body, signature);
    streaming.recordings -= 1;
  });
  const latenciesMs: number[] = [];
  while (streaming.recordings > 0 && requests.length > 0) {
    latenciesMs.push(...(await sendFor(server.port, requests.splice(0, 1), 1, 5)));
  }
  await Promise.all(recordings);
  await server.stop();
  const sorted = latenciesMs.toSorted((a, b) => a - b);
  return { mixed_transcripts_p99_ms: at(sorted, 0.99) };
}

async function start({ command, environment = {} }: Server) {
  const folder = mkdtempSync(join(tmpdir(), "bench-"));
  const port = await freePort();
  const pin = Bun.which("taskset") === null || cpus().length < 2 ? [] : ["taskset", "-c", "0"];
  const startedMs = performance.now();
  const child = Bun.spawn([...pin, ...command], {
    cwd: folder,
    env: {
      PATH: process.env.PATH ?? "",
      NODE_ENV: "production",
      LOG_LEVEL: "WARNING",
      ELEVENLABS_WEBHOOK_SECRET: SECRET,
      ELEVENLABS_WEBHOOK_HOST: "127.0.0.1",
      ELEVENLABS_WEBHOOK_PORT: String(port),
      TRANSCRIPT_STORAGE_PATH: join(folder, "transcripts.sqlite"),
      AUDIO_STORAGE_PATH: join(folder, "audio"),
      ...environment,
    },
    stdout: "ignore",
    stderr: "inherit",
  });
  while (!(await answers(port))) if (child.exitCode !== null) throw new Error(`${command.join(" ")} ended`);
  return {
    port,
    startMs: performance.now() - startedMs,
    memoryMb(name: string): number {
      const status = readFileSync(`/proc/${child.pid}/status`, "utf8");
      return Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1]) / 1024;
    },
    async stop(): Promise<void> {
      child.kill("SIGTERM");
      await child.exited;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function answers(port: number): Promise<boolean> {
  try {
    return (await fetch(`http://127.0.0.1:${port}/health`)).ok;
  } catch {
    await Bun.sleep(1);
    return false;
  }
}

function at(sorted: number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

function mediansOf(runs: Figures[]): Figures {
  const figures = Object.keys(runs[0] ?? {});
  return Object.fromEntries(
    figures.map((figure) => {
      const values = runs.map((run) => run[figure] ?? Number.NaN).toSorted((a, b) => a - b);
      return [figure, Math.round(at(values, 0.5) * 100) / 100];
    }),
  );
}

function format(figures: Figures): string {
  return Object.entries(figures)
    .map(([name, value]) => `${name} ${value.toFixed(1)}`)
    .join(", ");
}

function kernel(): string {
  return readFileSync("/proc/version", "utf8").split(" ").slice(0, 3).join(" ");
}
