// Starts the compiled program under sweep-fault.c, and without it.
import { copyFileSync, mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SECRET } from "../test/helpers/deliveries.ts";
import { freePort } from "../test/helpers/ports.ts";
import { EXECUTABLE } from "../test/helpers/receiver.ts";
import { TOKEN } from "./sweep-ledger.ts";
import type { Ledger } from "./sweep-ledger.ts";

const START_MS_MAX = 15_000;
const STOP_MS_MAX = 40_000;

export const ERRORS = ["EIO", "ENOSPC", "EROFS", "EDQUOT", "EMFILE"] as const;

/** What happens to the N-th call: an error, a kill before or after it, half of a write. With "+" also to all after it. */
export type Fault = {
  at: number;
  what: "kill" | "killed" | "short" | (typeof ERRORS)[number];
  times: "once" | "thrice" | "on";
};

export type Call = { name: string; path: string; isHit: boolean };

export type Surroundings = { folder: string; environment: Record<string, string> };

const work = mkdtempSync(join(tmpdir(), "sweep-"));
const tracer = join(work, "fault");
/** A copy: other tests that run meanwhile may build it again. */
const executable = join(work, "elevenlabs-webhook");

/** Copies the executable and compiles the tracer. @throws if it can't be: with what the compiler says */
export function prepareTools(): void {
  copyFileSync(EXECUTABLE, executable);
  const source = join(import.meta.dir, "sweep-fault.c");
  const { exitCode, stderr } = Bun.spawnSync(["cc", "-O2", "-o", tracer, source]);
  if (exitCode !== 0) throw new Error(`sweep-fault.c can't be compiled: ${stderr.toString()}`);
}

export const workFolder = work;

export function surroundings(folder: string): Surroundings {
  return {
    folder,
    environment: {
      PATH: process.env.PATH ?? "",
      ELEVENLABS_WEBHOOK_SECRET: SECRET,
      ELEVENLABS_WEBHOOK_HOST: "127.0.0.1",
      TRANSCRIPT_STORAGE_PATH: join(folder, "transcripts.sqlite"),
      AUDIO_STORAGE_PATH: join(folder, "audio"),
      ENABLE_AUDIO_STORAGE: "true",
      API_TOKEN: TOKEN,
      MIN_FREE_DISK_BYTES: "0",
    },
  };
}

/** The command line that runs a program under the tracer; all its calls on `traced` are counted. */
function underTracer(
  command: string[],
  traced: string,
  log: string,
  fault: Fault | null,
  more: string[],
): string[] {
  // The index of the search is derived and made by another thread, the -shm file is memory: neither is counted.
  const args = ["-d", traced, "-x", "-shm", "-x", ".search", "-o", log, ...more];
  if (fault !== null) {
    args.push("-n", String(fault.at), "-k", { once: "1", thrice: "3", on: "0" }[fault.times]);
    if (fault.what === "kill") args.push("-K");
    else if (fault.what === "killed") args.push("-A");
    else if (fault.what === "short") args.push("-S");
    else args.push("-e", fault.what);
  }
  return [tracer, ...args, "--", ...command];
}

export type Process = {
  url: string;
  child: Bun.Subprocess;
  output: () => string;
  /** Whether it answers: false if it ended before it did. */
  isUp: boolean;
  /** Tells it to stop and returns its status; null if it had to be killed. */
  stop: () => Promise<number | null>;
};

/** Tells of each promise that is broken. */
export type Complain = (text: string) => void;

export type Scenario = {
  name: string;
  /** Classes of calls that are counted, as sweep-fault.c names them. */
  classes: string;
  /** What else the tracer is told of which calls count. */
  counted?: string[];
  /** Faults of a sample at most: some scenarios take seconds each. */
  sampleMax: number;
  /** Makes the data that it begins with, once; every run gets a copy, and a copy of the ledger. */
  prepare: (folder: string) => Promise<Ledger>;
  /** Does it under the tracer, and judges what is left. */
  run: (folder: string, ledger: Ledger, tracing: Tracing, complain: Complain) => Promise<void>;
};

export type Tracing = { fault: Fault | null; log: string; more?: string[]; traced?: string };

/** Starts a receiver, under the tracer if told so, and waits until it answers or has ended. */
export async function startProgram(
  { folder, environment }: Surroundings,
  tracing: Tracing | null,
): Promise<Process> {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const command = [executable, "serve"];
  const { child, output } = spawn(
    tracing === null
      ? command
      : underTracer(command, tracing.traced ?? folder, tracing.log, tracing.fault, tracing.more ?? []),
    folder,
    { ...environment, ELEVENLABS_WEBHOOK_PORT: String(port) },
  );
  const isUp = await untilUp(url, child);
  return {
    url,
    child,
    output: () => output.text,
    isUp,
    async stop() {
      child.kill("SIGTERM");
      const timer = setTimeout(() => child.kill("SIGKILL"), STOP_MS_MAX);
      await child.exited;
      await output.done;
      clearTimeout(timer);
      return child.signalCode === "SIGKILL" ? null : child.exitCode;
    },
  };
}

/** Runs the executable to its end, under the tracer if told so. */
export const runProgram = (args: string[], { folder, environment }: Surroundings, tracing: Tracing | null) =>
  traceProgram([executable, ...args], folder, tracing, tracing?.traced ?? folder, environment);

/** Runs any program to its end, under the tracer if told so. @param traced the folder whose calls count */
export async function traceProgram(
  command: string[],
  folder: string,
  tracing: Tracing | null,
  traced: string,
  environment: Record<string, string> = { PATH: process.env.PATH ?? "" },
) {
  const { child, output } = spawn(
    tracing === null ? command : underTracer(command, traced, tracing.log, tracing.fault, tracing.more ?? []),
    folder,
    environment,
  );
  const status = await child.exited;
  await output.done;
  return { status, output: output.text };
}

function spawn(command: string[], cwd: string, env: Record<string, string>) {
  const child = Bun.spawn(command, { cwd, env, stdin: "ignore", stdout: "pipe", stderr: "pipe" });
  const output = { text: "", done: Promise.resolve() as Promise<unknown> };
  output.done = Promise.all(
    [child.stdout, child.stderr].map(async (stream) => {
      const decoder = new TextDecoder();
      for await (const chunk of stream) output.text += decoder.decode(chunk, { stream: true });
    }),
  );
  return { child, output };
}

async function untilUp(url: string, child: Bun.Subprocess): Promise<boolean> {
  const untilMs = performance.now() + START_MS_MAX;
  while (child.exitCode === null && child.signalCode === null && performance.now() < untilMs) {
    try {
      await fetch(`${url}/health`);
      return true;
    } catch {
      await Bun.sleep(5);
    }
  }
  return false;
}

/** The calls that a run has made, in their order. */
export function readCalls(log: string): Call[] {
  return readFileSync(log, "utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => {
      const [, name = "", path = "", hit] = line.split("\t");
      return { name, path, isHit: hit !== undefined };
    });
}
