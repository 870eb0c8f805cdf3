import type { CommandContext } from "../../src/cli/command.ts";
import { runProgram } from "../../src/cli/program.ts";
import { systemClock } from "../../src/platform/clock.ts";

/** Runs the program in this process; it is told to stop as soon as it waits for that. */
export async function run(args: string[], context: Partial<CommandContext> = {}) {
  let out = "";
  let error = "";
  const status = await runProgram(args, {
    environment: {},
    folder: "/nowhere",
    clock: systemClock,
    writeOut: (text) => (out += text),
    writeError: (text) => (error += text),
    onStopSignal: (callback) => {
      queueMicrotask(callback);
      return () => {};
    },
    ...context,
  });
  return { status, out, error };
}
