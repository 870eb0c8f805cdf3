import { isatty } from "node:tty";
import { exitStatus } from "./cli/command.ts";
import { runProgram } from "./cli/program.ts";
import { systemClock } from "./platform/clock.ts";
import { executablePath } from "./platform/executable.ts";
import { createOutput } from "./platform/output.ts";

const OUTPUT_MS_MAX = 2_000;
const READING_MS_MAX = 3_600_000;
const STOP_SIGNALS = ["SIGTERM", "SIGINT"] as const;

function onStopSignal(callback: () => void): () => void {
  for (const signal of STOP_SIGNALS) process.on(signal, callback);
  return () => {
    for (const signal of STOP_SIGNALS) {
      process.off(signal, callback);
      // A second signal means: don't wait.
      process.on(signal, () => process.exit(1));
    }
  };
}

/** The files of a compiled program are inside of it. */
function compiledExecutable(): string | null {
  return Bun.main.startsWith("/$bunfs/") ? executablePath() : null;
}

function onReloadSignal(callback: () => void): () => void {
  process.on("SIGHUP", callback);
  return () => process.off("SIGHUP", callback);
}

/** Touches standard input only once a command reads from it. */
async function* standardInput(): AsyncGenerator<Uint8Array> {
  yield* Bun.stdin.stream();
}

async function main(): Promise<void> {
  const out = createOutput(1);
  const error = createOutput(2);
  let status: number = exitStatus.failure;
  try {
    status = await runProgram(process.argv.slice(2), {
      environment: process.env,
      folder: process.cwd(),
      clock: systemClock,
      machine: { root: "/", isRoot: process.getuid?.() === 0, executable: compiledExecutable() },
      input: standardInput(),
      writeOut: out.write,
      outputTaken: () => out.drain(READING_MS_MAX),
      writeError: error.write,
      isTerminal: { input: isatty(0), output: isatty(1), error: isatty(2) },
      onStopSignal,
      onReloadSignal,
    });
  } catch (surprise) {
    error.write(`${surprise instanceof Error ? surprise.message : String(surprise)}\n`);
  }
  await Promise.all([out.drain(OUTPUT_MS_MAX), error.drain(OUTPUT_MS_MAX)]);
  process.exit(status);
}

void main();
